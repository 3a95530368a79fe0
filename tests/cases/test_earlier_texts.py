"""Texts that an earlier release stored unpacked are read as before, packed in the background and kept nowhere else."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from determinations.access.scope import Scope, within
from determinations.access.visible_rows import lock_views
from determinations.cases import earlier_texts
from determinations.cases.counting_letter import read_letters
from determinations.models import Case, CaseText, FactChange, ItemText, Letter, LetterText, ParsedDocument
from determinations.packing.codec import pack
from determinations.synthetic import write_letter
from determinations.tasks import pack_earlier_texts
from tests.browsing.conftest import store_texts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

_TABLES = {
    "lettertext": ["text"],
    "parseddocument": ["document"],
    "casetext": ["summary"],
    "itemtext": ["rationale", "claims_text", "reviewer_text"],
}


@pytest.fixture
def cases(db: None) -> list[Case]:
    ids = store_texts(write_letter(number, 5).text for number in range(6))
    return list(Case.objects.filter(pk__in=ids).order_by("pk"))


def store_as_before() -> None:
    """Bring the rows back into the form in which the release before stored them."""
    values = {
        "lettertext": dict(LetterText.objects.values_list("pk", "text")),
        "casetext": dict(CaseText.objects.values_list("pk", "summary")),
    }
    items = list(ItemText.objects.values_list("pk", *_TABLES["itemtext"]))
    documents = list(ParsedDocument.objects.values_list("pk", "document"))
    with connection.cursor() as cursor:
        for table, by_id in values.items():
            (name,) = _TABLES[table]
            key = "letter_id" if table == "lettertext" else "case_id"
            cursor.executemany(
                f"UPDATE determinations_{table} SET {name} = %s, packed_{name} = NULL WHERE {key} = %s",
                [(text, pk) for pk, text in by_id.items()],
            )
        cursor.executemany(
            "UPDATE determinations_parseddocument SET (document, packed_document) = (%s::jsonb, NULL)"
            " WHERE letter_id = %s",
            [(json.dumps(document), pk) for pk, document in documents],
        )
        cursor.executemany(
            "UPDATE determinations_itemtext SET (rationale, claims_text, reviewer_text) = (%s, %s, %s),"
            " (packed_rationale, packed_claims_text, packed_reviewer_text) = (NULL, NULL, NULL) WHERE item_id = %s",
            [(*texts, pk) for pk, *texts in items],
        )


def everything() -> list[Any]:
    """All that the packed columns hold, read in several ways."""
    return [
        list(LetterText.objects.order_by("pk").values_list("pk", "text")),
        [parsed.document for parsed in ParsedDocument.objects.order_by("pk")],
        [case.text.summary for case in Case.objects.select_related("text").order_by("pk")],
        list(ItemText.objects.order_by("pk").values_list("pk", *_TABLES["itemtext"])),
    ]


def counted(condition: str) -> int:
    """Values of the earlier columns, or of the packed ones."""
    total = 0
    with connection.cursor() as cursor:
        for table, names in _TABLES.items():
            for name in names:
                cursor.execute(f"SELECT count(*) FROM determinations_{table} WHERE {condition.format(name=name)}")
                total += cursor.fetchone()[0]
    return total


def test_rows_of_an_earlier_release_are_read_packed_and_emptied(cases: list[Case]) -> None:
    stored = everything()
    assert (counted("{name} IS NOT NULL"), earlier_texts.any_earlier()) == (0, False)
    store_as_before()
    before = counted("{name} IS NOT NULL")
    assert (before > 40, counted("packed_{name} IS NOT NULL")) == (True, 0)
    assert everything() == stored
    assert len(read_letters([case.pk for case in cases], Letter.objects.in_bulk(), {}).letters) == 6

    marks = FactChange.objects.count()
    LetterText.objects.filter(pk=cases[0].pk).update(text="Synthetic. Written again.")
    assert earlier_texts.pack_some(2, reached := earlier_texts.Reached()) == 8
    while earlier_texts.any_earlier():
        pack_earlier_texts()

    assert (counted("{name} IS NOT NULL"), counted("packed_{name} IS NOT NULL")) == (0, before)
    assert FactChange.objects.count() == marks
    stored[0][0] = (cases[0].pk, "Synthetic. Written again.")
    assert everything() == stored
    assert earlier_texts.pack_some(2, reached) == 0


@pytest.mark.parametrize("store", [lambda: None, store_as_before], ids=["packed", "earlier"])
def test_a_masked_scope_reads_no_text_in_whatever_form_it_is_stored(
    cases: list[Case], store: Callable[[], None]
) -> None:
    store()
    with within(Scope(masked=True)):
        assert Case.objects.count() == len(cases)
        assert {case.text.summary for case in Case.objects.select_related("text")} == {""}
        assert set(ItemText.objects.values_list(*_TABLES["itemtext"])) == {("", "", "")}
        assert not LetterText.objects.exists()
        assert not ParsedDocument.objects.exists()


def _back_to_0073() -> None:
    """The statements that take migration 0074 back; an index is built and dropped in the test's transaction."""
    statements = []
    for operation in reversed(import_module("determinations.migrations.0074_packed_texts").Migration.operations):
        inner = getattr(operation, "database_operations", [operation])
        statements += [str(one.reverse_sql) for one in reversed(inner) if one.reverse_sql]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks that wait cannot be changed
        lock_views(plan=["0073"])
        for statement in statements:
            cursor.execute(statement.replace(" CONCURRENTLY", ""))


def test_the_migration_is_taken_back_only_as_long_as_no_row_is_packed(cases: list[Case]) -> None:
    stored = {pk: text for pk, text in LetterText.objects.values_list("pk", "text")}
    with pytest.raises(IntegrityError, match="contains null values"):
        _back_to_0073()
    assert dict(LetterText.objects.values_list("pk", "text")) == stored, "nothing is lost"
    store_as_before()
    _back_to_0073()
    with connection.cursor() as cursor:
        cursor.execute("SELECT letter_id, text FROM determinations_lettertext")
        assert dict(cursor.fetchall()) == stored
        cursor.execute("SELECT attname FROM pg_attribute WHERE attname ~ '^packed_' AND NOT attisdropped")
        assert cursor.fetchall() == []


def test_what_is_packed_is_found_by_nothing_else() -> None:
    with pytest.raises(FieldError, match="Unsupported lookup"):
        LetterText.objects.filter(text__icontains="synthetic").exists()
    with pytest.raises(FieldError, match="Unsupported lookup"):
        ItemText.objects.filter(rationale="").exists()


def test_a_damaged_text_gives_a_page_that_says_so(as_casemanager: Client, cases: list[Case]) -> None:
    damaged = pack(LetterText.objects.get(pk=cases[0].pk).text)[:-3]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE determinations_lettertext SET packed_text = %s WHERE letter_id = %s", [damaged, cases[0].pk]
        )
    page = as_casemanager.get(f"/cases/{cases[0].pk}/")
    assert (page.status_code, "A stored text is damaged" in page.content.decode()) == (500, True)
    assert as_casemanager.get(f"/cases/{cases[1].pk}/").status_code == 200

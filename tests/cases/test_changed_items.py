"""A save writes the items that it changes, and leaves what writing all of them anew would leave."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from determinations.cases.effective import write_cases
from determinations.cases.rows import delete_items
from determinations.corrections import actions
from determinations.models import Case, Citation, CitationFact, DisputedItem, ItemFact, ItemText, Letter
from tests.corrections import single_changes
from tests.corrections.letters import NOW, citation, document, item, stored_letter
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
_NAMED_BY_ID = {"id", "item_id", "fact_id"}


def rows_of(letter: Letter) -> dict[str, list[dict[str, Any]]]:
    """All that the tables say of a letter's items, by item number instead of ID."""
    numbers = dict(DisputedItem.objects.filter(case=letter.pk).values_list("pk", "number"))
    tables = {
        "items": (DisputedItem.objects.filter(case=letter.pk), "id"),
        "texts": (ItemText.objects.filter(item__case=letter.pk), "item_id"),
        "citations": (Citation.objects.filter(item__case=letter.pk), "item_id"),
        "facts": (ItemFact.objects.filter(case=letter.pk), "item_id"),
        "cited": (CitationFact.objects.filter(fact__case=letter.pk), "fact_id"),
    }
    return {
        name: sorted(
            (
                {column: value for column, value in row.items() if column not in _NAMED_BY_ID}
                | {"item_number": numbers[row[key]]}
                for row in rows.values()
            ),
            key=repr,
        )
        for name, (rows, key) in tables.items()
    }


def versions(letter: Letter, table: str) -> dict[int, str]:
    """Where each of the letter's items is stored: it changes whenever the row is written."""
    column, of_case = {"disputeditem": ("number", "case_id"), "itemfact": ("item_id", "case_id")}[table]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column}, ctid::text FROM determinations_{table} WHERE {of_case} = %s",
            [letter.pk],
        )
        return dict(cursor.fetchall())


def search(client: Client, words: str) -> int:
    return len(client.get("/search/", {"q": words}).context["results"])


def test_a_save_leaves_what_writing_all_items_anew_leaves(people: People, as_casemanager: Client) -> None:
    letter = stored_letter(document(*(item(f"Synthetic therapy {number}") for number in range(1, 6))))
    by, at = people.admin, NOW
    ids = dict(DisputedItem.objects.filter(case=letter.pk).values_list("number", "pk"))

    actions.correct_field(letter.pk, "items/2/rationale", "A synthetic zebrawood.", by=by, now=at, reason="misread")
    assert dict(DisputedItem.objects.filter(case=letter.pk).values_list("number", "pk")) == ids
    assert search(as_casemanager, "zebrawood") == 1, "the index has the new words"

    facts, rows = versions(letter, "itemfact"), versions(letter, "disputeditem")
    cited = [citation("odg/pain", None, "Synthetic section")]
    actions.correct_field(letter.pk, "items/3/reviewer", cited, by=by, now=at, reason="misread")
    now = versions(letter, "itemfact")
    assert {pk for pk in facts if now[pk] != facts[pk]} == {ids[3]}, "45 indexes are written for one item"
    assert versions(letter, "disputeditem") == rows, "its citations changed, not its row"

    for word in ("mahogany", "rosewood"):  # items are found by the words of their letter too
        actions.correct_field(letter.pk, "summary", f"A synthetic {word}.", by=by, now=at, reason="misread")
        items = as_casemanager.get("/items/", {"q": f"summary:{word}"}).context["page"].rows
        assert len(items) == 5, word

    steps = (
        lambda: actions.correct_field(letter.pk, "items/4/decision", "overturned", by=by, now=at, reason="misread"),
        lambda: single_changes.confirm_value(letter.pk, "items/1/request", by=by, now=at),
        lambda: single_changes.revert(letter.pk, "items/2/rationale", by=by, now=at),
        lambda: actions.correct_field(letter.pk, "decision_date", "2016-12-10", by=by, now=at, reason="misread"),
        lambda: single_changes.reorder_items(letter.pk, ["5", "4", "3", "2", "1"], by=by, now=at, reason="order"),
        lambda: single_changes.remove_item(letter.pk, "3", by=by, now=at, reason="not_an_item"),
        lambda: single_changes.add_item(
            letter.pk, {"request": "Synthetic walker", "decision": "upheld"}, by=by, now=at, reason="missed"
        ),
    )
    for number, step in enumerate(steps):
        at += timedelta(minutes=1)
        step()
        by_save = rows_of(letter)
        order = list(DisputedItem.objects.filter(case=letter.pk).order_by("-pk").values_list("number", flat=True))
        assert order == sorted(order), "the first item has the highest ID"
        delete_items([letter.pk])
        write_cases([letter.pk])
        assert by_save == rows_of(letter), number
    assert Case.objects.get(pk=letter.pk).item_count == 5
    assert search(as_casemanager, "zebrawood") == 0

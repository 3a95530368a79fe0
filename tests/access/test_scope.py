"""What a limited account sees: the rows of its offices, whatever statement asks for them."""

from typing import Any, cast

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from determinations.access.row_rules import RULES, SHARED
from determinations.access.scope import EVERYTHING, Scope, current_scope, within
from determinations.cases.current_version import settle_versions
from determinations.models import (
    Account,
    Case,
    CaseText,
    Citation,
    CitationFact,
    DisputedItem,
    ItemFact,
    ItemText,
    Letter,
    LetterText,
)
from tests.access.offices import TwoOffices, letter_of, limit, two_offices
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices(db: None) -> TwoOffices:
    return two_offices()


OF_LETTERS: tuple[Any, ...] = (
    Letter, LetterText, Case, CaseText, DisputedItem, ItemText, Citation, ItemFact, CitationFact
)  # fmt: skip


def test_every_table_shows_the_rows_of_the_offices_alone(offices: TwoOffices) -> None:
    for model in OF_LETTERS:
        every = model.objects.count()
        with within(Scope((offices.north.pk,))):
            ours = model.objects.count()
            assert 0 < ours < every, model
        with within(Scope((offices.north.pk, offices.south.pk))):
            assert model.objects.count() == every, model
        with within(Scope(())):
            assert not model.objects.exists(), model
        assert model.objects.count() == every, model


def test_a_letter_of_no_office_is_seen_by_accounts_without_a_limit_alone(offices: TwoOffices) -> None:
    Letter.objects.filter(pk=offices.ours.pk).update(office_set=None)
    with within(Scope((offices.north.pk, offices.south.pk))):
        assert list(Letter.objects.all()) == [offices.theirs]


def test_every_table_has_a_rule() -> None:
    models = apps.get_app_config("determinations").get_models(include_auto_created=True)
    tables = {model._meta.db_table.removeprefix("determinations_") for model in models}
    assert tables == RULES.keys() | SHARED
    assert not RULES.keys() & SHARED


def test_functions_and_triggers_read_tables_whoever_calls_them() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc JOIN pg_language ON pg_language.oid = prolang"
            " WHERE pronamespace = 'public'::regnamespace AND starts_with(proname, 'determinations_')"
            " AND lanname = 'plpgsql' AND NOT COALESCE(array_to_string(proconfig, ' '), '') LIKE '%search_path=%'"
        )
        assert cursor.fetchall() == [], "add SET search_path FROM CURRENT to these functions"


def test_a_scope_ends_with_its_block_also_after_a_failed_statement(offices: TwoOffices) -> None:
    limited = Scope((offices.north.pk,))
    with pytest.raises(Exception, match="does_not_exist"), transaction.atomic(), within(limited):
        connection.cursor().execute("SELECT does_not_exist")
    assert current_scope() == EVERYTHING
    assert Letter.objects.count() == 2
    with within(limited):
        with within(EVERYTHING):
            assert Letter.objects.count() == 2
        assert Letter.objects.count() == 1
        with pytest.raises(Exception, match="does_not_exist"), transaction.atomic(), within(EVERYTHING):
            connection.cursor().execute("SELECT does_not_exist")
        assert Letter.objects.count() == 1
    assert Letter.objects.count() == 2


def test_a_new_connection_enters_the_scope_of_the_lost_one(transactional_db: None) -> None:
    offices = two_offices()
    with within(Scope((offices.north.pk,))):
        assert Letter.objects.count() == 1
        connection.close()
        assert Letter.objects.count() == 1
    assert Letter.objects.count() == 2


def test_rows_are_written_through_a_scope(offices: TwoOffices) -> None:
    with within(Scope((offices.north.pk,))):
        assert Letter.objects.filter(pk__in=[offices.ours.pk, offices.theirs.pk]).update(message="seen") == 1
        locked = Letter.objects.select_for_update(no_key=True).get(pk=offices.ours.pk)
    assert (locked.message, Letter.objects.get(pk=offices.theirs.pk).message) == ("seen", "")


def test_a_masked_scope_reads_no_narrative(offices: TwoOffices) -> None:
    for scope in (Scope(None, masked=True), Scope((offices.north.pk,), masked=True)):
        with within(scope):
            case, item = Case.objects.get(pk=offices.ours.pk), ItemText.objects.filter(item__case=offices.ours.pk)
            assert (case.age, case.sex, case.date_of_injury, case.specialties) == (None, "", None, [])
            assert set(item.values_list("rationale", "claims_text", "search")) == {("", "", None)}
            assert set(CaseText.objects.values_list("summary", "search")) == {("", None)}
            assert not LetterText.objects.exists()
            assert DisputedItem.objects.get(case=offices.ours.pk).request == "Brace aspenwoodrequest"
    assert Case.objects.get(pk=offices.ours.pk).age == 47


def test_an_account_without_a_limit_costs_no_statement(
    as_casemanager: Client, people: People, offices: TwoOffices, django_assert_num_queries: Any
) -> None:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as without:
        as_casemanager.get("/cases/")
    limit(people.casemanager, offices.north)
    with CaptureQueriesContext(connection) as limited:
        page = as_casemanager.get("/cases/").content.decode()
    assert "CM18-9000011" in page
    assert "CM18-9000077" not in page
    assert not [query for query in without if "search_path" in query["sql"]]
    # The scope begins and ends, is left and entered to record the view, and the frame names the offices.
    assert len(limited) == len(without) + 5


def test_settling_a_chunk_of_mixed_offices_looks_at_each_case_a_few_times(db: None) -> None:
    looks: list[int] = []

    class Counted:
        superseded_by_id, is_copy = None, False

        def __init__(self, number: int) -> None:
            self.pk, self.case_number = number, f"CM26-{number // 2:07}"

        @property
        def office_set_id(self) -> int:
            looks.append(self.pk)
            return self.pk % 3

    cases = {number: Counted(number) for number in range(1, 301)}
    assert settle_versions(cast(dict[int, Case], cases), cases, {}, {}).moved == set()
    assert len(looks) <= 3 * len(cases)


def test_letters_of_different_offices_are_not_versions_of_one_case(offices: TwoOffices) -> None:
    same_number = letter_of(offices.south, "zebrawood", "CM18-9000011")
    assert Case.objects.current().filter(case_number="CM18-9000011").count() == 2
    from tests.access.offices import give

    give(same_number, offices.north)
    assert Case.objects.current().filter(case_number="CM18-9000011").count() == 1
    Account.objects.all().delete()

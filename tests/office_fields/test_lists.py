"""Lists show, filter and export the office's fields, each for the users who may see it."""

import csv
import io
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from determinations.cases.office_values import copy_pending
from determinations.filters import CaseFilter, ItemFilter
from determinations.filters.lookups import Lookups
from determinations.models import Case, Export, ItemFact, OfficeField, OfficeValue, SavedView
from determinations.office_fields.applying import merge_values
from determinations.reports.saved import of_view
from tests.fixtures.people import People
from tests.office_fields.conftest import Enter, field, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture(scope="module")
def cases(enter_for_module: Enter) -> list[int]:
    """Four letters: two of one employer, one of another, one without."""
    OfficeField.objects.filter(key="adjuster").update(kind="date", name="Hired on")
    OfficeField.objects.filter(key="statefile").update(kind="number", name="Reserve")
    ids = [stored(serial) for serial in (1, 2, 3, 4)]
    enter_for_module(1, employer="Acme, Inc.", claim="WC-1", adjuster="1/5/2016", statefile="1000")
    enter_for_module(2, employer="ACME Inc", claim="WC-2", adjuster="2/5/2016", statefile="2,500.50")
    enter_for_module(3, employer="Globex", provider="Dr. Synthetic")
    return ids


def found(query: str, people: People, name: str = "casemanager") -> list[str]:
    """The letters that a filter finds among cases, and the same among items."""
    lookups = Lookups(user=getattr(people, name))
    on_cases = CaseFilter(QueryDict(query), queryset=Case.objects.all(), lookups=lookups).qs
    on_items = ItemFilter(QueryDict(query), queryset=ItemFact.objects.all(), lookups=lookups).qs
    ids = sorted(on_cases.values_list("pk", flat=True))
    assert ids == sorted(set(on_items.values_list("case_id", flat=True))), query
    return [str(Case.objects.get(pk=pk).case_number)[-1] for pk in ids]


@pytest.mark.parametrize(
    ("query", "serials"),
    [
        ("field_2=acme+inc", "12"),
        ("field_2=Acme%2C+Inc.&field_2=globex", "123"),
        ("field_2=unknown", "4"),
        ("field_2=unknown&field_2=Globex", "34"),
        ("field_2=nobody", ""),
        ("field_1=wc+2", "2"),
        ("field_2=Acme+Inc&field_1=WC-1", "1"),
        ("field_2=Acme+Inc&decision=overturned", "12"),
        ("field_3_from=2016-01-06", "2"),
        ("field_3_from=01/01/2016&field_3_to=2016-01-31", "1"),
        ("field_3_to=nonsense", ""),
        ("field_6_from=1,000&field_6_to=2000", "1"),
        ("field_6_to=NaN", ""),
        ("field_2_from=1", ""),
        ("field_20=Acme", ""),
    ],
)
def test_values_are_filtered_in_any_spelling(cases: list[int], people: People, query: str, serials: str) -> None:
    assert "".join(found(query, people)) == serials


def test_a_field_that_the_role_does_not_see_finds_nothing(cases: list[int], people: People) -> None:
    OfficeField.objects.filter(key="employer").update(seen_by=["supervisor", "admin"])
    assert found("field_2=Acme+Inc", people) == []
    assert found("field_2=unknown", people) == []
    assert found("field_2=Acme+Inc", people, "supervisor") == ["1", "2"]


@pytest.mark.parametrize("address", ["/cases/facets/", "/items/facets/", "/decisions/facets/"])
def test_filter_counts_are_given_where_nothing_can_have_a_value(
    as_casemanager: Client, cases: list[int], address: str
) -> None:
    """Also with words, by whose texts rows are read instead of by the other filters."""
    for query in ("field_20=Acme", "q=brace&field_20=Acme", "reviewer_words=brace&field_4_from=12a"):
        facets = as_casemanager.get(address, QueryDict(query))
        assert facets.status_code == 200
        assert facets.context is not None
        assert not any(sum(counts.values()) for counts in facets.context["counted"].counts.values()), query


def test_merged_names_find_the_same_cases(cases: list[int], people: People) -> None:
    merge_values(OfficeValue.objects.get(printed="Globex"), OfficeValue.objects.get(printed="Acme, Inc."))
    copy_pending()
    assert found("field_2=Globex", people) == found("field_2=acme+inc", people) == ["1", "2", "3"]


@pytest.mark.parametrize("address", ["/cases/", "/items/", "/decisions/"])
def test_lists_have_columns_facets_and_exports(as_casemanager: Client, cases: list[int], address: str) -> None:
    page = as_casemanager.get(address, {"show": "counts"}).content.decode()
    assert "Acme, Inc." in page  # in its column
    assert "<summary>Employer</summary>" in page
    facets = as_casemanager.get(f"{address}facets/").content.decode()
    assert "Globex" in facets
    filtered = as_casemanager.get(address, {"field_2": "globex"})
    assert "Employer" in filtered.content.decode()
    assert [chip.label for chip in filtered.context["chips"]] == ["Employer"]
    assert len(filtered.context["page"].rows) == (2 if address == "/items/" else 1)
    sent = as_casemanager.post(f"{address}export/", {"format": "csv", "query": "field_2=globex"})
    rows = list(csv.DictReader(io.StringIO(b"".join(sent).decode("utf-8-sig"))))
    assert {(row["Employer"], row["Requesting provider"], row["Claim number"]) for row in rows} == {
        ("Globex", "Dr. Synthetic", "")
    }


def test_columns_are_chosen_and_fields_without_values_are_not_there(as_casemanager: Client, cases: list[int]) -> None:
    page = as_casemanager.get("/cases/")
    shown = {column["label"]: column["shown"] for column in page.context["columns"]}
    assert shown["Claim number"] is shown["Employer"] is True
    assert shown["Requesting provider"] is False
    assert "Client" not in shown
    assert shown["Items"] is shown["Reviewer"] is shown["Reviewer cites"] is False  # all columns fit a laptop
    of_items = {column["label"]: column["shown"] for column in as_casemanager.get("/items/").context["columns"]}
    assert (of_items["Claim number"], of_items["Employer"]) == (True, False)
    as_casemanager.post("/cases/columns/", {"column": ["field_5", "outcome"], "query": ""})
    assert "Dr. Synthetic" in as_casemanager.get("/cases/").content.decode()
    assert "Acme, Inc." not in as_casemanager.get("/cases/").content.decode()


def test_restricted_fields_are_in_no_list_facet_or_export(
    client: Client, people: People, cases: list[int], enter: Enter
) -> None:
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"], edited_by=["admin"])
    client.force_login(people.supervisor)
    for address in ("/cases/", "/items/", "/decisions/"):
        pages = [client.get(address, {"show": "counts"}).content, client.get(f"{address}facets/").content]
        pages.append(b"".join(client.post(f"{address}export/", {"format": "csv", "query": ""})))
        assert all(b"Acme" not in page and b"Globex" not in page for page in pages), address
    client.force_login(people.admin)
    assert b"Acme" in client.get("/cases/").content


def test_a_shared_view_names_no_field_that_its_reader_does_not_see(
    client: Client, people: People, cases: list[int]
) -> None:
    """Nor do exports and reports of it."""
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"], edited_by=["admin"])
    now, asked = timezone.now(), {"list_name": "cases", "query": "field_2=Acme"}
    view = SavedView.objects.create(by=people.admin, name="Shared", role="case manager", saved_at=now, **asked)
    for user in (people.admin, people.casemanager):
        Export.objects.create(by=user, format="csv", requested_at=now, **asked)
        of_view(view, by=user, now=now)
    for user, is_seen in ((people.admin, True), (people.casemanager, False)):
        client.force_login(user)
        for address in ("/views/", "/exports/", "/statistics/reports/"):
            assert ("Employer: Acme" in client.get(address).content.decode()) is is_seen, (user, address)


def test_long_lists_stay_within_their_queries(
    as_casemanager: Client, cases: list[int], django_assert_max_num_queries: Any
) -> None:
    as_casemanager.get("/cases/")
    for address, most in (("/cases/", 12), ("/cases/facets/", 12), ("/items/", 12)):
        with django_assert_max_num_queries(most):
            as_casemanager.get(address, {"field_2": "Acme Inc"})


def test_a_field_is_named_by_its_setting(as_casemanager: Client, cases: list[int]) -> None:
    OfficeField.objects.filter(key="employer").update(name="Insured")
    assert "<summary>Insured</summary>" in as_casemanager.get("/cases/").content.decode()
    OfficeField.objects.filter(pk=field("employer").pk).update(in_filters=False, in_lists=False)
    page = as_casemanager.get("/cases/").content.decode()
    assert "Insured" not in page

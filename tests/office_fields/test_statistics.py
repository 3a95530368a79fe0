"""Statistics by the office's fields: exact, with intervals, and every number opens its list."""

import re

import pytest
from django.test import Client
from django.utils.html import strip_tags

from determinations.access.roles import STAFF_ROLES
from determinations.cases.office_values import copy_pending
from determinations.models import DisputedItem, OfficeField, OfficeValue, StatisticsLimits
from determinations.office_fields.applying import merge_values
from determinations.statistics.interface import Selection
from determinations.statistics.office_catalog import all_statistics, statistic_of
from determinations.statistics.sql_engine import SqlEngine
from determinations.statistics.tabulate import count
from determinations.wording.labels import read_labels
from tests.fixtures.people import People
from tests.office_fields.conftest import Enter, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture(scope="module")
def _cases(enter_for_module: Enter) -> None:
    enter = enter_for_module
    for serial in range(1, 6):
        stored(serial)
    enter(1, employer="Acme, Inc.", provider="Dr. Synthetic")
    enter(2, employer="ACME INC", provider="Dr. Other")
    enter(3, employer="acme inc")
    enter(4, employer="Globex", provider="Dr. Synthetic")


@pytest.fixture
def cases(_cases: None, db: None) -> None:
    """Three letters of one employer in two spellings, one of another, one without."""


def by_employer(page: str) -> dict[str, list[str]]:
    rows = re.findall(r'<tr[^>]*>\s*<th scope="row">(.*?)</tr>', page, re.DOTALL)
    return {cells[0]: cells[1:] for row in rows if (cells := strip_tags(row).split("\n"))}


def test_numbers_by_employer_are_those_of_the_plain_count(cases: None) -> None:
    labels = read_labels()
    counted = [statistic for statistic in all_statistics(labels) if statistic.key.startswith("office-")]
    assert [statistic.key for statistic in counted] == ["office-employer", "office-provider"]
    for statistic in counted:
        table = count(SqlEngine(), statistic, Selection.everything(), labels, StatisticsLimits.now())
        plain: dict[str, list[bool]] = {}
        for item in DisputedItem.objects.select_related("case"):
            for key in statistic.plain(item):
                plain.setdefault(key, []).append(item.decision == "overturned")
        assert {row.key: (row.tally.items, row.tally.overturned) for row in table.rows} == {
            key: (len(decisions), sum(decisions)) for key, decisions in plain.items()
        }
    employer = count(SqlEngine(), counted[0], Selection.everything(), labels, StatisticsLimits.now())
    assert [(row.label, row.items) for row in employer.rows] == [("Acme, Inc.", 6), ("Globex", 2), ("Not entered", 2)]


def test_every_number_by_employer_opens_its_list(as_supervisor: Client, cases: None) -> None:
    page = as_supervisor.get("/statistics/breakdowns/office-employer/")
    for row in page.context["rows"]:
        for number in (row.items, row.overturned):
            listed = as_supervisor.get(number.link)
            assert listed.context["count"].number == number.value, number.link
    assert "Employer" in as_supervisor.get("/statistics/breakdowns/").content.decode()
    narrowed = as_supervisor.get("/statistics/breakdowns/office-employer/", {"field_5": "dr synthetic"})
    assert [(row.label, row.items.value) for row in narrowed.context["rows"]] == [("Acme, Inc.", 2), ("Globex", 2)]


def test_the_table_is_exported_and_compared(as_supervisor: Client, cases: None) -> None:
    sent = as_supervisor.get("/statistics/breakdowns/office-employer.csv")
    text = b"".join(sent) if sent.streaming else sent.content
    assert "Acme, Inc." in text.decode("utf-8-sig")
    page = as_supervisor.get(
        "/statistics/compare/", {"versus": "field_2=globex", "by": "office-employer"}, follow=True
    )
    assert page.status_code == 200
    assert (
        "Globex"
        in as_supervisor.get(
            "/statistics/compare/table/", {"versus": "field_2=globex", "by": "office-employer"}
        ).content.decode()
    )


def test_timeliness_is_counted_by_employer(as_supervisor: Client, cases: None) -> None:
    page = as_supervisor.get("/statistics/timeliness/")
    title, _head, rows = page.context["tables"][-1]
    assert title == "By employer"
    assert {row.row.label: row.open.value for row in rows} == {"Acme, Inc.": 3, "Globex": 1, "Not entered": 1}
    for row in rows:
        assert as_supervisor.get(row.open.link).context["count"].number == row.open.value
    other = as_supervisor.get("/statistics/timeliness/", {"by": "office-provider"})
    assert other.context["tables"][-1][0] == "By requesting provider"


def test_merged_names_are_one_row(as_supervisor: Client, cases: None) -> None:
    merge_values(OfficeValue.objects.get(printed="Globex"), OfficeValue.objects.get(printed="Acme, Inc."))
    copy_pending()
    page = as_supervisor.get("/statistics/breakdowns/office-employer/")
    assert [(row.label, row.items.value) for row in page.context["rows"]] == [("Acme, Inc.", 8), ("Not entered", 2)]


def test_a_field_that_the_role_does_not_see_is_no_statistic(client: Client, people: People, cases: None) -> None:
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"], edited_by=["admin"])
    client.force_login(people.supervisor)
    assert client.get("/statistics/breakdowns/office-employer/").status_code == 404
    assert client.get("/statistics/breakdowns/office-employer.csv").status_code == 404
    pages = client.get("/statistics/breakdowns/").content + client.get("/statistics/timeliness/").content
    assert b"Employer" not in pages
    assert b"Acme" not in client.get("/statistics/selection/", {"for": "/statistics/"}).content
    assert statistic_of("office-employer", read_labels()) is not None
    client.force_login(people.admin)
    assert client.get("/statistics/breakdowns/office-employer/").status_code == 200


def test_numbers_and_dates_are_counted_by_size_and_by_year(as_supervisor: Client, cases: None, enter: Enter) -> None:
    stored(6)
    for slot, key, kind in ((18, "reserve", "number"), (19, "opened", "date")):
        OfficeField.objects.create(
            slot=slot, key=key, name=key.title(), kind=kind, in_statistics=True, position=50,
            seen_by=list(STAFF_ROLES), edited_by=list(STAFF_ROLES),
        )  # fmt: skip
    amounts = ("-5", "0.5", "9.999999", "10", "1,500,000")
    for serial, amount in enumerate(amounts, 1):
        enter(serial, reserve=amount, opened=f"{serial:02}/09/{2014 + serial // 3}")
    copy_pending()
    rows = {}
    for key in ("reserve", "opened"):
        page = as_supervisor.get(f"/statistics/breakdowns/office-{key}/")
        rows[key] = [(row.label, row.items.value) for row in page.context["rows"]]
        for row in page.context["rows"]:
            assert as_supervisor.get(row.items.link).context["count"].number == row.items.value, row.label
    assert rows["reserve"] == [
        ("Below 0", 2), ("0 to under 1", 2), ("1 to under 10", 2), ("10 to under 100", 2),
        ("1,000,000 to under 10,000,000", 2), ("Not entered", 2),
    ]  # fmt: skip
    assert dict(rows["opened"]) == {"2014": 4, "2015": 6, "Not entered": 2}
    # Facets of lists follow the order that an administrator gave the fields.
    OfficeField.objects.filter(key="employer").update(position=90)
    enter(1, employer="Globex")
    names = [facet.title for facet in as_supervisor.get("/items/facets/").context["facets"]]
    assert names.index("Employer") > names.index("Reserve")

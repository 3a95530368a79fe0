"""The report builder: sections in order, filters, period, preview, sharing; and reports of rows."""

import csv
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from determinations.models import AuditEvent, Export, SavedReport, SavedView
from determinations.reports.charts import Bar, bars
from determinations.reports.contents import Contents, Section
from determinations.reports.definition import SUMMARY, Definition, PeriodKind, period_on
from determinations.reports.pdf import as_pdf
from determinations.reports.saved import export_for
from determinations.reports.tables import _RESERVED_NAMES, _sheet_name
from tests.fixtures.people import People
from tests.reports.conftest import Pdf, file_of

pytestmark = pytest.mark.usefixtures("broker")
TYPED = {"title": "Quarterly", "note": "For the board.", "period": "quarter", "rows": "25", "charts": "on"}


def begun(client: Client, query: str = "") -> SavedReport:
    client.post("/statistics/reports/begin/", {"query": query})
    return SavedReport.objects.latest("pk")


def sent(client: Client, report: SavedReport, do: str, **changed: object) -> Any:
    current = SavedReport.objects.get(pk=report.pk).definition
    return client.post(
        f"/statistics/reports/{report.pk}/", {**TYPED, "section": current["sections"], "do": do, **changed}
    )


def stored(report: SavedReport) -> Definition:
    return Definition.of(SavedReport.objects.get(pk=report.pk).definition)


def test_sections_are_moved_removed_and_added_by_buttons_that_keep_the_focus(as_supervisor: Client) -> None:
    report = begun(as_supervisor, "decision=overturned&evil=1")
    assert stored(report) == Definition(query="decision=overturned")
    answer = sent(as_supervisor, report, "down:overview")
    assert stored(report).sections[:2] == ("over-time", "overview")
    page = as_supervisor.get(answer.headers["Location"]).content.decode()
    assert 'aria-label="Move Overview: letters, items, outcomes down" autofocus' in page
    assert "Overview: letters, items, outcomes is now number 2 of 14." in page
    sent(as_supervisor, report, "up:overview")
    assert stored(report).sections == SUMMARY
    sent(as_supervisor, report, "up:overview")
    sent(as_supervisor, report, "remove:years")
    sent(as_supervisor, report, "add", added="sex\x00")
    sent(as_supervisor, report, "add", added="sex")
    assert stored(report).sections == (*(key for key in SUMMARY if key != "years"), "sex")
    changed = stored(report)
    assert (changed.title, changed.note, changed.period, changed.rows) == (
        "Quarterly",
        "For the board.",
        "quarter",
        25,
    )


def test_a_report_of_one_statistic_begins_on_its_page(as_supervisor: Client) -> None:
    page = as_supervisor.get("/statistics/breakdowns/sex/?age=under-30").content.decode()
    assert 'name="section" value="sex"' in page
    as_supervisor.post("/statistics/reports/begin/", {"query": "age=under-30", "section": "sex"})
    assert stored(SavedReport.objects.get()) == Definition(title="Sex", sections=("sex",), query="age=under-30")
    assert as_supervisor.post("/statistics/reports/begin/", {"section": "none"}).status_code == 404


def test_a_form_that_is_not_valid_saves_nothing_and_loses_nothing(as_supervisor: Client) -> None:
    report = begun(as_supervisor)
    before = stored(report)
    wrong = {"period": "fixed", "first": "2017-05-02", "last": "2017-05-01", "note": "Typed with care."}
    page = sent(as_supervisor, report, "remove:years", **wrong).content.decode()
    assert "This date is before the first one." in page
    assert "Typed with care." in page
    assert stored(report) == before
    page = sent(as_supervisor, report, "save", period="fixed").content.decode()
    assert "Enter at least one date" in page
    begun(as_supervisor)
    page = sent(as_supervisor, report, "save", title=f"{before.title} 2").content.decode()
    assert "You already have a report with this title." in page


def test_filters_are_chosen_on_the_usual_form_or_copied_from_a_view(as_supervisor: Client, people: People) -> None:
    report = begun(as_supervisor)
    form = as_supervisor.get(sent(as_supervisor, report, "filters").headers["Location"])
    assert f'action="/statistics/reports/{report.pk}/filters/"' in form.content.decode()
    chosen = as_supervisor.get(f"/statistics/reports/{report.pk}/filters/?sex=male&sort=x")
    assert "Sex: Male" in chosen.content.decode()
    as_supervisor.post(f"/statistics/reports/{report.pk}/filters/", {"query": "sex=male&sort=x"})
    assert stored(report).query == "sex=male"
    as_supervisor.post("/cases/views/save/", {"name": "Urgent", "query": "priority=expedited"})
    view = SavedView.objects.get()
    sent(as_supervisor, report, "take_view", view=str(view.pk))
    view.delete()
    assert stored(report).query == "priority=expedited"


def test_the_preview_has_the_numbers_of_the_statistic_and_the_pdf_those_of_the_preview(
    as_supervisor: Client, letters: None
) -> None:
    report = begun(as_supervisor, "sex=male&sex=female&injured_from=soon")
    for key in SUMMARY:
        sent(as_supervisor, report, f"remove:{key}")
    for key in ("sex", "age", "no-longer"):
        sent(as_supervisor, report, "add", added=key, period="fixed", first="2012-01-01", note="日本 <b>#x</b>")
    page = as_supervisor.get(f"/statistics/reports/{report.pk}/preview/")
    contents = page.context["contents"]
    query = "sex=male&sex=female&decided_from=2012-01-01"
    for section in contents.sections:
        rows = as_supervisor.get(f"/statistics/breakdowns/{section.key}.json?{query}").json()["rows"]
        assert [(row[0], row[1]) for row in section.rows] == [
            (counted[section.title], f"{counted['items']:,}") for counted in rows
        ]
    assert "&lt;b&gt;#x&lt;/b&gt;" in page.content.decode()
    assert "Ignored an invalid filter, so that more is counted: Injured from: Enter a valid date." in contents.about
    assert "1 section is left out: it no longer exists, or this account may not see it." in contents.about
    as_supervisor.post(f"/statistics/reports/{report.pk}/act/", {"do": "make:pdf"})
    pdf = Pdf(file_of(as_supervisor, Export.objects.get()))
    text = " ".join(pdf.text.split())
    assert "?? <b>#x</b>" in text
    assert "Characters that the font of this file lacks" in text
    for section in contents.sections:
        for row in section.rows:
            assert " ".join(row) in text


def test_a_shared_report_is_made_and_copied_by_others_and_changed_by_its_owner_alone(
    as_supervisor: Client, client: Client, people: People, letters: None
) -> None:
    report = begun(as_supervisor)
    people.admin.groups.set(people.supervisor.groups.all())
    client.force_login(people.admin)
    assert client.get(f"/statistics/reports/{report.pk}/preview/").status_code == 404
    client.force_login(people.supervisor)
    client.post(f"/statistics/reports/{report.pk}/act/", {"do": "share", "role": "supervisor"})
    client.force_login(people.admin)
    assert client.get(f"/statistics/reports/{report.pk}/preview/").status_code == 200
    assert client.get(f"/statistics/reports/{report.pk}/").status_code == 404
    assert client.post(f"/statistics/reports/{report.pk}/act/", {"do": "delete"}).status_code == 404
    client.post(f"/statistics/reports/{report.pk}/act/", {"do": "make:csv"})
    assert Export.objects.get().by == people.admin
    client.post(f"/statistics/reports/{report.pk}/act/", {"do": "copy"})
    assert SavedReport.objects.filter(by=people.admin).count() == 1
    client.force_login(people.casemanager)
    assert client.get(f"/statistics/reports/{report.pk}/preview/").status_code == 404
    client.force_login(people.outsider)
    assert client.get("/statistics/reports/").status_code == 403
    client.force_login(people.supervisor)
    client.post(f"/statistics/reports/{report.pk}/act/", {"do": "delete"})
    actions = AuditEvent.objects.filter(action__startswith="saved_report").order_by("pk")
    assert [event.action.partition(".")[2] for event in actions] == ["created", "shared", "created", "deleted"]


def test_a_case_manager_has_reports_of_the_rows_of_a_view(
    as_casemanager: Client, people: People, letters: None, settings: Any
) -> None:
    as_casemanager.post("/items/views/save/", {"name": "Men", "query": "sex=male&sort=-denied"})
    assert as_casemanager.post("/statistics/reports/begin/", {"query": ""}).status_code == 403
    as_casemanager.post("/statistics/reports/begin/", {"view": str(SavedView.objects.get().pk)})
    report = SavedReport.objects.get()
    assert (report.list_name, stored(report).query) == ("items", "sex=male&sort=-denied")
    typed = {"title": "Men", "period": "fixed", "first": "2013-01-01", "do": "preview"}
    listed = as_casemanager.post(f"/statistics/reports/{report.pk}/", typed).headers["Location"]
    assert listed == "/items/?sex=male&decided_from=2013-01-01"
    settings.CONFIRM_EXPORT_ROWS, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 1, 0
    answer = as_casemanager.post(f"/statistics/reports/{report.pk}/act/", {"do": "make:csv"})
    assert answer.headers["Location"].startswith("/accounts/")
    assert not Export.objects.exists()
    settings.CONFIRM_EXPORT_ROWS = 0
    as_casemanager.post(f"/statistics/reports/{report.pk}/act/", {"do": "make:csv"})
    export = Export.objects.get()
    rows = list(csv.DictReader(StringIO(file_of(as_casemanager, export).decode("utf-8-sig"))))
    assert len(rows) == export.rows == as_casemanager.get(listed).context["count"].number
    assert as_casemanager.post(f"/statistics/reports/{report.pk}/act/", {"do": "make:pdf"}).status_code == 404


@pytest.mark.parametrize(
    ("kind", "day", "first", "last"),
    [
        ("month", date(2026, 3, 31), date(2026, 2, 1), date(2026, 2, 28)),
        ("month", date(2026, 1, 1), date(2025, 12, 1), date(2025, 12, 31)),
        ("quarter", date(2026, 4, 1), date(2026, 1, 1), date(2026, 3, 31)),
        ("quarter", date(2026, 2, 28), date(2025, 10, 1), date(2025, 12, 31)),
        ("year", date(2026, 12, 31), date(2025, 1, 1), date(2025, 12, 31)),
        ("last_12_months", date(2026, 2, 28), date(2025, 2, 1), date(2026, 1, 31)),
        ("to_date", date(2026, 5, 6), date(2026, 1, 1), date(2026, 5, 6)),
    ],
)
def test_periods_are_counted_from_the_day_of_the_report(kind: str, day: date, first: date, last: date) -> None:
    period = period_on(PeriodKind(kind), day)
    assert (period.first, period.last) == (first, last)


def test_dates_of_a_selection_become_the_period_of_a_report(as_supervisor: Client) -> None:
    report = begun(as_supervisor, "sex=male&decided_from=2026-10-01&decided_to=10/31/2026")
    fixed = stored(report)
    assert (fixed.query, fixed.period, fixed.first, fixed.last) == (
        "sex=male", PeriodKind.FIXED, date(2026, 10, 1), date(2026, 10, 31),
    )  # fmt: skip
    assert "each report has the same ones" in as_supervisor.get(f"/statistics/reports/{report.pk}/").content.decode()
    assert (
        "Decided from: 2026-10-01; Decided to: 2026-10-31; Sex: Male"
        in as_supervisor.get("/statistics/reports/").content.decode()
    )
    sent(as_supervisor, report, "save", period="month")
    later = stored(report).on(date(2026, 12, 5)).filters
    assert (later["decided_from"], later["decided_to"]) == ("2026-11-01", "2026-11-30"), "not narrowed to nothing"
    assert "Decided: last full month; Sex: Male" in as_supervisor.get("/statistics/reports/").content.decode()


def test_a_report_of_a_view_moves_as_the_view_does(as_supervisor: Client) -> None:
    query = "sex=male&decided_to=2026-10-31&sort=-denied"
    for name, moving in (("Month", "decided:last_month"), ("Week", "decided:days.-6.0")):
        as_supervisor.post(
            "/items/views/save/", {"name": name, "query": query, "moving": [moving, "denied:last_year"]}
        )
    dates = {}
    for view in SavedView.objects.order_by("name"):
        as_supervisor.post("/statistics/reports/begin/", {"view": str(view.pk)})
        report = SavedReport.objects.get(name=view.name)
        export = export_for(report, "csv", by=report.by, now=timezone.now(), on=date(2026, 12, 5))
        dates[view.name] = sorted(part for part in export.query.split("&"))
    assert dates == {
        "Month": [
            "decided_from=2026-11-01", "decided_to=2026-11-30", "denied_from=2025-01-01", "denied_to=2025-12-31",
            "sex=male", "sort=-denied",
        ],
        "Week": [
            "decided_from=2026-11-29", "decided_to=2026-12-05", "denied_from=2025-01-01", "denied_to=2025-12-31",
            "sex=male", "sort=-denied",
        ],
    }  # fmt: skip


def test_dates_that_move_as_no_period_does_take_its_place() -> None:
    query = QueryDict("decided_from=2026-11-29&decided_to=2026-12-05&moving=decided:days.-6.0")
    report = Definition(period=PeriodKind.MONTH).of_selection(query).on(date(2026, 12, 6))
    assert (report.filters["decided_from"], report.filters["decided_to"]) == ("2026-11-30", "2026-12-06")


def test_a_period_narrows_dates_that_were_typed_in_another_form() -> None:
    for typed, first, last in (
        ("decided_from=9/1/2016&decided_to=12/31/2030", "2026-02-01", "2026-02-28"),
        ("decided_from=Feb 3, 2026&decided_to=2/9/26", "Feb 3, 2026", "2/9/26"),
        ("decided_from=zzz&decided_to=1", "2026-02-01", "2026-02-28"),
    ):
        filters = Definition(query=typed, period=PeriodKind.MONTH).on(date(2026, 3, 31)).filters
        assert (filters["decided_from"], filters["decided_to"]) == (first, last)


def test_every_character_that_is_typed_can_be_printed() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0xE100), *range(0x1F600, 0x1F640), 0xFEFF]))
    some = every[::16]  # of every script and plane; all places are cleaned by the same function
    table = Section("x", some, (some, "b"), ((every, "1"),), chart=bars([Bar(some[:39], 3, 1)]), alt=some)
    written = Pdf(as_pdf(Contents("A report", "日本 Ünïcode", (some,), (table,), timezone.now()), author=some))
    assert "?? Ünïcode" in written.text
    assert "Characters that the font of this file lacks are shown as “?”." in " ".join(written.text.split())


def test_a_very_long_word_stays_in_its_column_and_a_name_without_letters_is_untitled() -> None:
    section = Section("x", "\u200b", ("a", "b"), (("averylongword" * 8, "12345"),))
    text = Pdf(as_pdf(Contents("A report", "", (), (section,), timezone.now()), author="")).text
    assert {"12345", "Untitled"} <= set(text.split())


def test_sheets_have_names_that_excel_allows() -> None:
    taken = {"about", *_RESERVED_NAMES}
    titles = ("Days: from/to [x]?", "About", "A" * 40, "a" * 40, "''", "History")
    names = [_sheet_name(title, taken) for title in titles]
    assert names == ["Days from to x", "About 2", "A" * 31, f"{'a' * 29} 2", "Table", "History 2"]

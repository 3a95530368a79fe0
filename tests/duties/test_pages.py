"""The worklist and its pages, through their addresses."""

import csv
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from determinations.browsing import exported_duties
from determinations.cases.effective import remove_cases
from determinations.cases.holding import holding
from determinations.duties import actions as duty_actions
from determinations.filters import CaseFilter, ItemFilter
from determinations.models import (
    AuditEvent,
    CalendarFeed,
    Case,
    CaseWork,
    Duty,
    DutyDocument,
    DutyRule,
    DutyState,
    Export,
    ItemFact,
    Letter,
    Receipt,
    Upload,
    UploadedFile,
)
from determinations.tasks import write_export
from determinations.views.duties import worklist_export
from tests.duties.conftest import ITEMS, Store, duties_of, received
from tests.fixtures.answers import content_of
from tests.fixtures.people import PASSWORD, People
from tests.office_fields.conftest import entering
from tests.reports.conftest import file_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def due(duty: Duty) -> date:
    assert duty.due_on
    return duty.due_on


def test_duties_of_a_letter_are_in_its_order(as_casemanager: Client, people: People, store: Store) -> None:
    """In the worklist, among closed ones, and through the API; letters of one day stay apart."""
    items = {f"Synthetic knee brace {at}": "Overturned" for at in (1, 2, 3)}
    first, second = store(1, items), store(2, items)
    expected = [(letter, number) for letter in (first, second) for number in (1, 2, 3)]
    assert list(Duty.objects.order_by("pk").values_list("letter_id", "item_number")) == expected
    listed = [(row.duty.letter_id, row.duty.item_number) for row in as_casemanager.get("/worklist/").context["rows"]]
    assert listed == expected
    answer = as_casemanager.get("/api/v1/duties").json()["results"]
    assert [(duty["case"], duty["item"]) for duty in answer] == expected
    now = timezone.now()
    duty_actions.close(
        Duty.objects.values_list("pk", flat=True),
        done_on=timezone.localdate(now),
        required=True,
        note="",
        by=people.casemanager,
        now=now,
    )
    closed = as_casemanager.get("/worklist/?when=closed").context["rows"]
    assert [row.duty.item_number for row in closed] == [1, 2, 3, 1, 2, 3]


def test_each_duty_is_in_one_part_of_the_worklist(as_casemanager: Client, people: People, store: Store) -> None:
    overdue, later = received(store, people, 1, 30), received(store, people, 2, 0)
    undated = duties_of(store(3, ITEMS))[0]
    Duty.objects.filter(pk=later.pk).update(due_on=timezone.localdate() + timedelta(days=9))
    today = received(store, people, 4, 0)
    Duty.objects.filter(pk=today.pk).update(due_on=timezone.localdate())
    for when, duty in {"overdue": overdue, "later": later, "undated": undated, "today": today}.items():
        page = as_casemanager.get("/worklist/", {"when": when})
        assert [row.duty.pk for row in page.context["rows"]] == [duty.pk], when
        counts = {tab["label"]: tab["count"] for tab in page.context["tabs"]}
        assert counts["Overdue"] == counts["Due today"] == counts["Later"] == counts["Receipt missing"] == 1
    assert len(as_casemanager.get("/worklist/").context["rows"]) == 4


def test_selected_duties_are_done_and_reopened(as_casemanager: Client, people: People, store: Store) -> None:
    first, second = received(store, people, 1, 3), received(store, people, 2, 3)
    typed = {
        "duty": [first.pk, second.pk],
        "do": "done",
        "done_on": f"{timezone.localdate():%m/%d/%y}",
        "note": "Sent",
    }
    page = as_casemanager.post("/worklist/?when=", typed, follow=True)
    assert "Closed 2 duties" in page.content.decode()
    first.refresh_from_db()
    assert (first.state, first.closed_on, first.note) == (DutyState.DONE, timezone.localdate(), "Sent")
    closed = as_casemanager.get("/worklist/?when=closed")
    assert {row.duty.pk for row in closed.context["rows"]} == {first.pk, second.pk}
    as_casemanager.post(f"/worklist/{first.pk}/", {"do": "reopen"})
    first.refresh_from_db()
    assert first.state == DutyState.OPEN
    assert all(said in closed.content.decode() for said in ('value="reopen"', ">2 closed duties<", ">Closed by<"))
    reopened = as_casemanager.post(
        "/worklist/?when=closed", {"duty": [first.pk, second.pk], "do": "reopen"}, follow=True
    )
    assert "Reopened 1 duty. 1 was no longer closed, and was left as it was." in reopened.content.decode()
    assert set(Duty.objects.values_list("state", flat=True)) == {DutyState.OPEN}


def test_receipt_of_selected_duties_leaves_dates_that_were_entered(
    as_casemanager: Client, people: People, store: Store
) -> None:
    dated, undated = received(store, people, 1, 3), duties_of(store(2, ITEMS, timezone.localdate()))[0]
    typed = {"duty": [dated.pk, undated.pk], "do": "receipt", "received_on": f"{timezone.localdate():%m/%d/%Y}"}
    days = Receipt.objects.order_by("pk").values_list("received_on", flat=True)
    said = as_casemanager.post("/worklist/", typed, follow=True).content.decode()
    assert "Entered the date of receipt of 1 letter. 1 letter had one, which stays." in said
    assert list(days) == [timezone.localdate() - timedelta(days=3), timezone.localdate()]
    refused = as_casemanager.post("/worklist/", typed)
    assert (refused.status_code, "the selected letters have their date" in refused.content.decode()) == (422, True)
    said = as_casemanager.post("/worklist/", {**typed, "replace": "yes"}, follow=True).content.decode()
    assert "Entered the date of receipt of 2 letters." in said
    assert set(days.all()) == {timezone.localdate()}


def test_letters_issued_after_their_receipt_are_named(as_casemanager: Client, people: People, store: Store) -> None:
    day = timezone.localdate() - timedelta(days=2)
    duties = [duties_of(store(number, ITEMS, timezone.localdate()))[0] for number in range(1, 8)]
    typed = {"do": "receipt", "received_on": f"{day:%m/%d/%Y}"}
    one = as_casemanager.post("/worklist/", {**typed, "duty": duties[0].pk})
    today = f"{timezone.localdate():%b} {timezone.localdate().day}, {timezone.localdate().year}"
    assert one.context["refused"] == (
        f"Nothing was saved: CM26-0000001 ({today}) was issued after this date of receipt."
    )
    several = as_casemanager.post("/worklist/", {**typed, "duty": [duty.pk for duty in duties]}).context["refused"]
    assert f"CM26-0000005 ({today}) and 2 more were issued after this date" in several
    assert not Receipt.objects.exists()


def test_a_duty_opened_from_the_worklist_leads_back_to_the_same_part_of_it(
    as_casemanager: Client, people: People, store: Store
) -> None:
    duty = received(store, people, 1, 3)
    (row,) = as_casemanager.get("/worklist/?whose=nobody").context["rows"]
    address = f"/worklist/{row.duty.pk}/?whose=nobody&list=worklist"
    assert f'href="{address.replace("&", "&amp;")}"' in as_casemanager.get("/worklist/?whose=nobody").content.decode()
    assert 'href="/worklist/?whose=nobody"' in as_casemanager.get(address).content.decode()
    assert as_casemanager.post(address, {"do": "given"}).headers["Location"] == address, "its due date is other now"
    refused = as_casemanager.post(address, {"do": "done", "done_on": "soon", "note": "My words"})
    assert (refused.status_code, 'href="/worklist/?whose=nobody"' in refused.content.decode()) == (422, True)
    done = {"do": "done", "done_on": f"{timezone.localdate():%m/%d/%y}"}
    page = as_casemanager.post(address, done, follow=True)
    assert page.redirect_chain == [("/worklist/?whose=nobody", 302)]
    assert "Done: Reimburse services already given, CM26-0000001, item 1." in page.content.decode()
    elsewhere = as_casemanager.post(f"/worklist/{duty.pk}/", {"do": "reopen"})
    assert elsewhere.headers["Location"] == f"/cases/{duty.letter_id}/#duties"


def test_a_duty_that_another_user_closed_meanwhile_is_not_said_to_be_saved(
    as_casemanager: Client, people: People, store: Store
) -> None:
    first, second = received(store, people, 1, 3), received(store, people, 2, 3)
    today = timezone.localdate()
    duty_actions.close(
        [first.pk], done_on=today, required=True, note="Theirs", by=people.supervisor, now=timezone.now()
    )
    done = {"do": "done", "done_on": f"{today:%m/%d/%y}", "note": "My words\x00"}
    for form in (
        {**done, "document": SimpleUploadedFile("a.pdf", b"%PDF-1.4 synthetic")},
        {"do": "assign", "to": "casemanager"},
        {"do": "given"},
    ):
        page = as_casemanager.post(f"/worklist/{first.pk}/", form)
        text = page.content.decode()
        assert (page.status_code, "This duty is no longer open" in text) == (422, True), form["do"]
        assert ("My words" in text) == (form["do"] == "done"), "what was typed is not lost"
    assert not DutyDocument.objects.exists()
    page = as_casemanager.post("/worklist/", {**done, "duty": [first.pk, second.pk]}, follow=True)
    said = "Closed 1 duty. You can reopen them under Closed. 1 was no longer open"
    assert said in page.content.decode()
    assert list(Duty.objects.order_by("pk").values_list("note", flat=True)) == ["Theirs", "My words"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"do": "done", "done_on": "soon"}, "is not a date"),
        ({"do": "done", "done_on": "1/1/2099"}, "in the future"),
        ({"do": "not_required", "done_on": "", "note": "x"}, "Enter a date"),
        ({"do": "receipt", "received_on": "2/30/2026"}, "is not a date"),
        ({"do": "assign", "to": "no such user"}, "no user"),
        ({"do": "assign", "to": "outsider"}, "does not have permission"),
        ({"do": "something"}, "Choose what to do"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(
    as_casemanager: Client, people: People, store: Store, typed: dict[str, str], reason: str
) -> None:
    duty = received(store, people, 1, 3)
    page = as_casemanager.post("/worklist/", {"duty": duty.pk, "note": "A long note", **typed})
    text = page.content.decode()
    assert (page.status_code, reason in text) == (422, True)
    assert f'value="{typed.get("note", "A long note")}"' in text
    assert page.context["selected"] == {duty.pk}
    duty.refresh_from_db()
    assert duty.state == DutyState.OPEN


def test_nothing_selected_is_said(as_casemanager: Client, people: People, store: Store) -> None:
    received(store, people, 1, 3)
    page = as_casemanager.post("/worklist/", {"do": "done", "done_on": "1/1/2026"})
    assert "Select at least one row first." in page.content.decode()


def test_the_case_says_what_to_do_and_by_when(as_casemanager: Client, people: People, store: Store) -> None:
    duty = received(store, people, 1, 0)
    page = as_casemanager.get(f"/cases/{duty.letter_id}/").content.decode()
    assert "Authorize the treatment" in page
    assert f"{due(duty):%b} {due(duty).day}" in page
    assert f'<span class="quiet small">{duty.rule.source}</span>' in page
    assert "Last day to appeal" in page
    assert "Labor Code 4610(k)" in page


def test_the_calendar_lists_my_duties_without_medical_text(
    as_casemanager: Client, client: Client, people: People, store: Store
) -> None:
    mine, other = received(store, people, 1, 0), received(store, people, 2, 0)
    duty_actions.assign([mine.pk], people.casemanager, by=people.casemanager, now=timezone.now())
    duty_actions.assign([other.pk], people.supervisor, by=people.casemanager, now=timezone.now())
    made = as_casemanager.post("/worklist/calendar/", {"do": "create"})
    assert made.status_code == 201, "so that sending the form again does not make another, which would revoke this one"
    url = made.context["url"]
    answer = Client().get(url)
    assert answer.status_code == 200, answer.headers
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["summary"] == "Authorize the treatment: CM26-0000001, item 1"
    assert event.decoded("dtstart") == mine.due_on
    assert b"therapy" not in answer.content
    assert CalendarFeed.objects.get().token_sha256 not in url
    Client().get(url)  # a calendar program reads every few minutes; only a new case is recorded again
    duty_actions.assign([other.pk], people.casemanager, by=people.casemanager, now=timezone.now())
    Client().get(url)
    as_casemanager.post("/worklist/calendar/", {"do": "revoke"})
    assert Client().get(url).status_code == 404
    events = AuditEvent.objects.filter(action__startswith="calendar.").order_by("pk")
    assert list(events.values_list("action", "letter_ids")) == [
        ("calendar.created", None),
        ("calendar.read", [mine.letter_id]),
        ("calendar.read", [mine.letter_id, other.letter_id]),
        ("calendar.revoked", None),
    ]


def test_users_without_the_permission_see_no_duties(client: Client, people: People, store: Store) -> None:
    duty = duties_of(store(1, ITEMS))[0]
    client.force_login(people.outsider)
    for address in (
        "/worklist/", f"/worklist/{duty.pk}/", f"/cases/{duty.letter_id}/receipt/", "/worklist/calendar/",
    ):  # fmt: skip
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403


def test_timeliness_counts_what_its_lists_show(as_supervisor: Client, people: People, store: Store) -> None:
    on_time, late, open_, other = (received(store, people, number, 20) for number in (1, 2, 3, 4))
    now = timezone.now()
    duty_actions.close([on_time.pk], done_on=due(on_time), required=True, note="", by=people.admin, now=now)
    duty_actions.close(
        [late.pk], done_on=due(late) + timedelta(days=3), required=True, note="", by=people.admin, now=now
    )
    duty_actions.close([other.pk], done_on=due(other), required=False, note="Disputed", by=people.admin, now=now)
    duties_of(store(5, ITEMS))
    page = as_supervisor.get("/statistics/timeliness/")
    total = page.context["total"].row
    assert total.counts == {
        "met": 1, "late": 1, "done_undated": 0, "not_required": 1, "open": 2, "overdue": 1,
    }  # fmt: skip
    assert (total.share, total.median_late) == (50.0, 3.0)
    views = [page.context["total"], *(view for _title, _head, rows in page.context["tables"] for view in rows)]
    checked = 0
    for view in views:
        for name in ("met", "late", "not_required", "open", "overdue"):
            number = getattr(view, name)
            if number.value:
                items = as_supervisor.get(number.link)
                assert items.context["count"].number == number.value, (view.row.label, name)
                checked += 1
    assert checked >= 16
    by_person = {view.row.label: view.row.counts["met"] for view in page.context["tables"][2][2]}
    assert by_person == {"admin": 1, "No one": 0}
    assert as_supervisor.get("/statistics/timeliness.csv").status_code == 200
    assert open_.state == DutyState.OPEN


def test_items_and_cases_are_filtered_by_their_duties(people: People, store: Store) -> None:
    from django.http import QueryDict

    duty = received(store, people, 1, 20)
    store(2, {"One synthetic knee brace": "Upheld"})

    def items(query: str) -> set[tuple[int, int]]:
        rows = ItemFilter(QueryDict(query), queryset=ItemFact.objects.all()).qs
        return set(rows.values_list("case_id", "item__number"))

    def cases(query: str) -> set[int]:
        return set(CaseFilter(QueryDict(query), queryset=Case.objects.current()).qs.values_list("pk", flat=True))

    place = (duty.letter_id, 1)
    assert items("duty=open") == items("duty_rule=authorize") == items("duty_due=known") == {place}
    assert items(f"due_from={duty.due_on}&due_to={duty.due_on}") == {place}
    assert items("duty=open&duty=late") == {place}
    assert items("duty=late") == items(f"due_from={due(duty) + timedelta(days=1)}") == set()
    assert len(items("duty=none")) == 2
    assert cases("duty=open") == cases(f"due_to={duty.due_on}") == {duty.letter_id}
    assert items("duty=nonsense") == set()


def test_the_worklist_is_exported_as_it_is_listed(as_casemanager: Client, people: People, store: Store) -> None:
    """All duties of its part, with fields of the office; a cell that a spreadsheet would run does not begin so."""
    first, second = received(store, people, 1, 3), received(store, people, 2, 9)
    Duty.objects.filter(pk=second.pk).update(note="=1+1")
    duty_actions.assign([first.pk, second.pk], people.casemanager, by=people.casemanager, now=timezone.now())
    received(store, people, 3, 3)
    entering(people.casemanager)(1, claim="SYN-1", employer="Acme")
    page = as_casemanager.get("/worklist/?whose=mine").content.decode()
    assert '<span class="quiet small">SYN-1 · Acme</span>' in page
    assert '<input type="hidden" name="query" value="whose=mine">' in page
    assert "<dt>Claim number</dt><dd>SYN-1</dd>" in as_casemanager.get(f"/worklist/{first.pk}/").content.decode()
    printed = as_casemanager.get("/selection/print/", {"letter": str(first.letter_id)}).content.decode()
    assert "Claim number: <b>SYN-1</b> · Employer: <b>Acme</b>" in printed
    assert f"({first.rule.source})" in printed
    answer = as_casemanager.post("/worklist/export/", {"format": "csv", "query": "whose=mine"})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="worklist-{timezone.localdate()}.csv"'
    rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [row["Case number"] for row in rows] == ["CM26-0000002", "CM26-0000001"], "by due date"
    assert (rows[1]["Claim number"], rows[1]["Employer"], rows[1]["Request"]) == (
        "SYN-1", "Acme", "Twelve physical therapy sessions",
    )  # fmt: skip
    assert (rows[1]["Due"], rows[1]["Assigned to"], rows[1]["State"]) == (str(first.due_on), "casemanager", "open")
    assert (rows[0]["Note"], rows[0]["Source"]) == ("'=1+1", first.rule.source)
    days = {due(duty): int(row["Days until due"]) for duty, row in zip((second, first), rows, strict=True)}
    assert days == {day: (day - timezone.localdate()).days for day in days}
    (event,) = AuditEvent.objects.filter(action="list.exported")
    assert (event.letter_ids, event.detail["list"], event.detail["rows"]) == (
        sorted([first.letter_id, second.letter_id]), "worklist", 2,
    )  # fmt: skip
    book = openpyxl.load_workbook(BytesIO(as_casemanager.post("/worklist/export/", {"format": "xlsx"}).content))
    assert [row[6].value for row in book["Worklist"].iter_rows(min_row=2)][-2:] == ["CM26-0000001", "CM26-0000003"]
    assert as_casemanager.post("/worklist/export/", {"format": "pdf"}).status_code == 404


def test_a_long_worklist_is_written_by_a_worker_as_it_was_when_requested(
    as_casemanager: Client, people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = received(store, people, 1, 3), received(store, people, 2, 9)
    asked = {"format": "csv", "query": "when=x%00&whose=nobody"}
    at_once = as_casemanager.post("/worklist/export/", asked).content
    monkeypatch.setattr(worklist_export, "AT_ONCE", 1)
    monkeypatch.setattr(exported_duties, "_AT_A_TIME", 1)
    assert as_casemanager.post("/worklist/export/", asked).headers["Location"] == "/exports/"
    export = Export.objects.get()
    assert file_of(as_casemanager, export) == at_once
    assert export.rows == 2
    page = as_casemanager.get("/exports/").content.decode()
    assert '<a href="/worklist/?whose=nobody">Worklist</a> <span class="quiet">All open; assigned to no one' in page
    name = f'attachment; filename="worklist-{timezone.localdate()}.csv"'
    file = as_casemanager.get(f"/exports/{export.pk}/file")
    assert (file.headers["Content-Disposition"], content_of(file)) == (name, at_once)
    written = AuditEvent.objects.filter(action="list.exported", detail__export=export.pk).get()
    assert sorted(written.letter_ids or []) == sorted([first.letter_id, second.letter_id])
    as_casemanager.post("/worklist/export/", {**asked, "format": "xlsx"})
    sheet = openpyxl.load_workbook(BytesIO(file_of(as_casemanager, Export.objects.latest("pk")))).worksheets[0]
    assert sheet.max_row == 3
    Export.objects.filter(format="xlsx").delete()
    as_casemanager.post("/worklist/export/", {"format": "xlsx", "query": "when=undated"})
    assert Export.objects.count() == 1, "no duty is undated, so the file is sent at once"
    Export.objects.update(state="waiting")
    people.casemanager.groups.clear()
    write_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.message) == ("failed", "This account has no right to see this.")


def test_after_a_confirmation_the_export_leads_back_to_its_part_of_the_worklist(
    as_casemanager: Client, people: People, store: Store, settings: Any
) -> None:
    settings.CONFIRM_EXPORT_ROWS, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 1, 0
    for number in (1, 2):
        received(store, people, number, 3)
    asked = as_casemanager.post("/worklist/export/", {"format": "csv", "query": "whose=nobody"})
    to_confirm, _, following = asked.headers["Location"].partition("?next=")
    assert to_confirm == reverse("account_reauthenticate")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    resumed = as_casemanager.post(to_confirm, {"password": PASSWORD, "next": unquote(following)})
    assert resumed.headers["Location"] == "/worklist/?whose=nobody"
    assert b"Choose the format again" in as_casemanager.get(resumed.headers["Location"]).content


def test_the_worklist_of_a_batch_has_its_duties_alone(as_casemanager: Client, people: People, store: Store) -> None:
    first, _second = received(store, people, 1, 3), received(store, people, 2, 3)
    upload = Upload.objects.create(by=people.casemanager, started_at=timezone.now())
    UploadedFile.objects.create(
        upload=upload, name="a.pdf", outcome="accepted", letter_id=first.letter_id, received_at=timezone.now()
    )
    page = as_casemanager.get(f"/worklist/?upload={upload.pk}&whose=nobody")
    assert [row.duty.pk for row in page.context["rows"]] == [first.pk]
    text = page.content.decode()
    assert 'href="/worklist/?whose=nobody" title="Remove this filter"' in text
    assert f'<input type="hidden" name="upload" value="{upload.pk}">' in text, "kept when the user is chosen"
    assert all(f"upload={upload.pk}" in tab["query"] for tab in page.context["tabs"])
    for other in ("0", "9" * 19, "x"):
        assert as_casemanager.get(f"/worklist/?upload={other}").status_code == 200


def test_duties_of_a_letter_that_is_no_case_any_more_are_listed(
    as_casemanager: Client, people: People, store: Store
) -> None:
    """A letter that is read again and is no determination keeps its duties."""
    duty = received(store, people, 1, 3)
    pk = duty.letter_id
    holding([pk], lambda held: remove_cases([pk], held))
    assert Duty.objects.filter(pk=duty.pk).exists()
    address = f"/worklist/{duty.pk}/"
    assert "(no number)" in as_casemanager.get("/worklist/").content.decode()
    assert "Case without a number" in as_casemanager.get(address).content.decode()
    assert AuditEvent.objects.filter(action="case.viewed", letter_id=pk, detail__part="duty").count() == 1
    answer = as_casemanager.post("/worklist/export/", {"format": "csv"}).content.decode("utf-8-sig")
    (row,) = csv.DictReader(answer.splitlines())
    assert (row["Letter"], row["Case number"], row["Decided"]) == (str(pk), "", "")
    today = f"{timezone.localdate():%m/%d/%Y}"
    closed = as_casemanager.post(f"{address}?list=worklist&when=closed", {"do": "done", "done_on": today}, follow=True)
    assert "case without a number, item 1" in closed.content.decode()
    assert [row.duty.pk for row in closed.context["rows"]] == [duty.pk]


def test_a_duty_whose_first_possible_due_date_has_passed_may_be_overdue(
    as_casemanager: Client, people: People, store: Store
) -> None:
    duty = duties_of(store(1, ITEMS))[0]
    assert duty.due_on is None
    Duty.objects.filter(pk=duty.pk).update(earliest_on=timezone.localdate(), latest_on=timezone.localdate())
    assert "may be overdue" not in as_casemanager.get("/worklist/").content.decode()
    Duty.objects.filter(pk=duty.pk).update(earliest_on=timezone.localdate() - timedelta(days=1))
    assert "receipt missing, may be overdue" in as_casemanager.get("/worklist/").content.decode()
    Duty.objects.filter(pk=duty.pk).update(latest_on=timezone.localdate() - timedelta(days=1))
    for address in ("/worklist/", f"/worklist/{duty.pk}/"):
        page = as_casemanager.get(address).content.decode()
        assert '<span class="badge is-danger">receipt missing, overdue</span>' in page, "on each day that is possible"


def test_closed_duties_are_marked_that_were_late(as_casemanager: Client, people: People, store: Store) -> None:
    late, in_time = received(store, people, 1, 30), received(store, people, 2, 30)
    Duty.objects.update(state=DutyState.DONE, closed_at=timezone.now(), closed_by_name="casemanager")
    for duty, days in ((late, 2), (in_time, -2)):
        Duty.objects.filter(pk=duty.pk).update(closed_on=due(duty) + timedelta(days=days))
    marked = {row.when: row.is_late for row in as_casemanager.get("/worklist/?when=closed").context["rows"]}
    assert marked == {"2 days late": True, "in time": False}


@pytest.mark.parametrize("address", ["/worklist/", "/worklist/?when=closed", "/statistics/timeliness/"])
def test_queries_do_not_grow_with_the_rows(
    as_supervisor: Client, people: People, store: Store, django_assert_max_num_queries: Any, address: str
) -> None:
    for number in range(1, 9):
        received(store, people, number, 10)
    Duty.objects.filter(letter__in=list(Letter.objects.values_list("pk", flat=True)[:4])).update(
        state=DutyState.DONE, closed_on=timezone.localdate(), closed_at=timezone.now()
    )
    as_supervisor.get(address)
    with django_assert_max_num_queries(14):
        assert as_supervisor.get(address).status_code == 200


def test_a_rule_in_force_keeps_its_terms_in_the_administration(as_admin: Client) -> None:
    rule = DutyRule.objects.get(key="authorize")
    page = as_admin.get(f"/admin/determinations/dutyrule/{rule.pk}/change/")
    assert page.status_code == 200
    assert 'name="amount"' not in page.content.decode()
    assert 'name="valid_to"' in page.content.decode()


def test_cases_sort_by_the_earliest_due_date_of_their_open_duties(
    as_casemanager: Client, people: People, store: Store
) -> None:
    """Cases without one come last, and a case whose duties are closed loses its date."""
    later, sooner = received(store, people, 1, 0), received(store, people, 2, 9)
    undated = store(3, {"Lumbar brace": "Overturned"})

    def listed() -> list[int]:
        rows = as_casemanager.get("/cases/?sort=due").context["table"].data
        return [row.case.pk for row in rows if row.case.pk in {later.letter_id, sooner.letter_id, undated}]

    assert listed() == [sooner.letter_id, later.letter_id, undated]
    duty_actions.close(
        [sooner.pk], done_on=timezone.localdate(), required=True, note="", by=people.casemanager, now=timezone.now()
    )
    assert listed()[0] == later.letter_id


def test_cases_of_selected_duties_are_tagged_printed_and_downloaded(
    as_supervisor: Client, people: People, store: Store
) -> None:
    first, second = received(store, people, 1, 3), received(store, people, 2, 3)
    chosen = {"duty": [first.pk, second.pk], "query": "when=week"}
    page = as_supervisor.post("/selection/worklist/", {**chosen, "do": "tag", "tag": "urgent"})
    assert page.headers["Location"] == "/worklist/?when=week"
    assert list(CaseWork.objects.values_list("tags", flat=True)) == [["urgent"], ["urgent"]]
    printed = as_supervisor.post("/selection/worklist/", {**chosen, "do": "print"}, follow=True)
    assert {case.pk for case, *_others in printed.context["rows"]} == {first.letter_id, second.letter_id}
    as_supervisor.post("/selection/worklist/", {**chosen, "do": "download"})
    assert Export.objects.get().query == f"letter={first.letter_id}%2C{second.letter_id}"
    assert as_supervisor.post("/selection/worklist/", {"do": "tag", "tag": "x"}).status_code == 302  # nothing selected
    assert as_supervisor.post("/selection/worklist/", {**chosen, "do": "confirm"}).status_code == 404

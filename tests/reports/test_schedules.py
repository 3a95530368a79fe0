"""Schedules: due times, files with each recipient's own view, refusals, notifications, and kills at any moment."""

import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from determinations import tasks
from determinations.casework import digests
from determinations.models import (
    Export,
    Frequency,
    MailPreference,
    Notification,
    Office,
    ReportRecipient,
    ReportRun,
    ReportSchedule,
    SavedReport,
)
from determinations.reports import schedules
from determinations.reports.definition import Definition
from determinations.reports.saved import create
from determinations.reports.schedules import When, begin
from tests.access.offices import letter_of, limit
from tests.fixtures import ROOT
from tests.fixtures.answers import content_of
from tests.fixtures.people import People
from tests.fixtures.worker import Worker, child_environment
from tests.reports.conftest import Pdf, file_of

pytestmark = pytest.mark.usefixtures("broker")
DAILY = When(Frequency.DAILY, time(6))
ZONE = ZoneInfo("America/Los_Angeles")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("when", "moment", "expected"),
    [
        (When(Frequency.DAILY, time(6)), "2026-11-28T05:59", "2026-11-28T06:00"),
        (When(Frequency.DAILY, time(6)), "2026-11-28T06:00", "2026-11-29T06:00"),
        (When(Frequency.WEEKLY, time(6), weekday=0), "2026-11-28T06:00", "2026-11-30T06:00"),
        (When(Frequency.MONTHLY, time(23, 30)), "2026-02-28T23:31", "2026-03-31T23:30"),
        (When(Frequency.MONTHLY, time(0), day=31), "2026-02-01T00:00", "2026-02-28T00:00"),
        (When(Frequency.MONTHLY, time(0), day=1), "2026-12-01T00:00", "2027-01-01T00:00"),
        # The clock skips from 2:00 to 3:00 on March 8, and has 1:30 twice on November 1.
        (When(Frequency.DAILY, time(2, 30)), "2026-03-08T00:00", "2026-03-08T03:30"),
        (When(Frequency.DAILY, time(2, 30)), "2026-03-08T03:30", "2026-03-09T02:30"),
        (When(Frequency.DAILY, time(1, 30)), "2026-11-01T00:00", "2026-11-01T01:30"),
        (When(Frequency.DAILY, time(1, 30)), "2026-11-01T01:30", "2026-11-02T01:30"),
    ],
)
def test_due_times_follow_the_clock_of_the_office(when: When, moment: str, expected: str) -> None:
    assert when.after(local(moment).astimezone(UTC)) == local(expected).astimezone(UTC)


@pytest.fixture
def report(people: People) -> SavedReport:
    definition = Definition(title="Monthly", sections=("overview", "specialty"))
    return create(definition, by=people.supervisor, now=timezone.now())


def scheduled(report: SavedReport, *recipients: Any, form: str = "pdf") -> ReportSchedule:
    schedule = begin(report, DAILY, form, recipients, by=report.by, now=timezone.now())
    ReportSchedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now() - timedelta(minutes=1))
    return schedule


def test_each_recipient_has_what_their_own_account_may_see(
    report: SavedReport, people: People, client: Client
) -> None:
    office, other = (Office.objects.create(name=name) for name in ("North", "South"))
    letter_of(office, "north", "CM26-0000001")
    letter_of(other, "south", "CM26-0000002")
    limit(people.admin, office)
    people.admin.groups.set(people.supervisor.groups.all())
    scheduled(report, people.supervisor, people.admin, people.casemanager)
    MailPreference.objects.create(user=people.admin, choice="at_once", site="http://testserver")
    people.admin.email = "admin@example.org"
    people.admin.is_superuser = False
    people.admin.save()
    tasks.make_due_reports()
    exports = {export.by.username: export for export in Export.objects.select_related("by")}
    client.force_login(people.admin)
    own = Pdf(file_of(client, exports["admin"])).text
    assert "northspecialty" in own
    assert "southspecialty" not in own
    assert "Letters of these offices only: North." in " ".join(own.split())
    client.force_login(people.supervisor)
    whole = Pdf(file_of(client, exports["supervisor"])).text
    assert "northspecialty" in whole
    assert "southspecialty" in whole
    tasks.write_export(exports["casemanager"].pk)
    tasks.make_due_reports()
    refused = Export.objects.get(by=people.casemanager)
    assert (refused.state, refused.message) == ("failed", "This account has no right to see this.")
    kinds = set(Notification.objects.values_list("user__username", "kind"))
    assert kinds == {("supervisor", "report"), ("admin", "report"), ("casemanager", "no_report")}
    client.force_login(people.admin)
    (row,) = client.get("/notifications/").context["rows"]
    assert row.said == "Your report “Monthly” is ready. Download it from the Exports page."
    assert client.get(f"/notifications/{row.notification.pk}/").headers["Location"] == "/exports/"
    client.force_login(people.supervisor)
    page = client.get(f"/statistics/reports/{report.pk}/schedules/").content.decode()
    assert "This account has no right to see this." in page


def test_mail_holds_a_line_and_a_link(report: SavedReport, people: People, mailoutbox: list) -> None:
    people.supervisor.email = "supervisor@example.org"
    people.supervisor.save()
    MailPreference.objects.create(user=people.supervisor, choice="at_once", site="http://testserver")
    scheduled(report, people.supervisor, form="csv")
    tasks.make_due_reports()
    tasks.write_export(Export.objects.get().pk)
    tasks.make_due_reports()
    assert digests.send_due(now=timezone.now() + timedelta(minutes=2)) == 1
    (message,) = mailoutbox
    assert "1 scheduled report that is ready" in message.body
    assert "http://testserver/notifications/" in message.body
    assert "Monthly" not in message.subject + message.body


def test_what_was_missed_is_made_once_and_not_again(report: SavedReport, people: People) -> None:
    people.admin.is_active = False  # who left the office has no files made
    people.admin.save()
    schedule = scheduled(report, people.supervisor, people.admin)
    long_ago = schedules.when_of(schedule).after(timezone.now() - timedelta(days=30))
    ReportSchedule.objects.update(next_at=long_ago)
    now = timezone.now()
    assert len(schedules.start_due(now=now)) == 1
    assert schedules.start_due(now=now) == []
    run, schedule = ReportRun.objects.get(), ReportSchedule.objects.get()
    assert schedule.next_at is not None
    assert run.due_at <= now < schedule.next_at
    assert schedule.next_at - run.due_at < timedelta(hours=26)


def test_a_report_that_cannot_be_read_stops_no_other_and_its_owner_is_told(
    report: SavedReport, people: People, as_supervisor: Client
) -> None:
    broken = create(Definition(title="Broken"), by=people.supervisor, now=timezone.now())
    SavedReport.objects.filter(pk=broken.pk).update(definition={"title": "Broken"})
    schedule = scheduled(broken, people.admin)
    ReportSchedule.objects.update(next_at=timezone.now() - timedelta(minutes=5))  # the first in order
    scheduled(report, people.supervisor)
    tasks.make_due_reports()
    (made,) = Export.objects.filter(state="waiting")
    assert made.title == "Monthly"
    schedule.refresh_from_db()
    assert schedule.next_at is not None
    assert schedule.next_at > timezone.now()
    told = Notification.objects.filter(kind="no_report", what="Broken").values_list("user__username", flat=True)
    assert sorted(told) == ["admin", "supervisor"]
    remedy = "Its owner can open it, choose its content again and save it."
    assert remedy in as_supervisor.get(f"/statistics/reports/{broken.pk}/schedules/").content.decode()
    assert remedy in as_supervisor.get("/exports/").content.decode()
    assert "cannot be read; open it and save it again" in as_supervisor.get("/statistics/reports/").content.decode()
    address = f"/statistics/reports/{broken.pk}/"
    page = as_supervisor.get(address)
    assert "Choose its content and period again, and save it." in page.content.decode()
    assert as_supervisor.get(f"{address}preview/").headers["Location"] == "/statistics/reports/"
    assert as_supervisor.post(f"{address}act/", {"do": "make:pdf"}).headers["Location"] == "/statistics/reports/"
    typed = {"title": "Mended", "note": "", "period": "all", "rows": "12", "do": "save", "section": "overview"}
    assert as_supervisor.post(address, typed).status_code == 302, page.context["form"].errors
    broken.refresh_from_db()
    assert Definition.of(broken.definition).title == "Mended"


def test_schedules_are_begun_stopped_left_and_deleted_on_their_page(
    as_supervisor: Client, client: Client, people: People, report: SavedReport
) -> None:
    address = f"/statistics/reports/{report.pk}/schedules/"
    typed = {"frequency": "weekly", "weekday": "4", "day": "0", "at": "07:30", "format": "xlsx"}
    page = as_supervisor.post(address, {**typed, "at": "late"}).content.decode()
    assert "Choose at least one recipient." in page
    assert "Enter a valid time." in page
    as_supervisor.post(address, {**typed, "recipients": [people.supervisor.pk, people.casemanager.pk]})
    assert not ReportSchedule.objects.exists()  # the case manager has no right to see statistics
    as_supervisor.post(address, {**typed, "recipients": [people.supervisor.pk, people.admin.pk]})
    again = as_supervisor.post(address, {**typed, "day": "3", "recipients": [people.admin.pk, people.supervisor.pk]})
    assert "The report has this schedule already, for the same recipients." in again.content.decode()
    schedule = ReportSchedule.objects.get()
    assert str(schedules.when_of(schedule)) == "every Friday at 07:30"
    assert schedule.next_at is not None
    assert timezone.localtime(schedule.next_at).strftime("%A %H:%M") == "Friday 07:30"
    assert "Every Friday at 07:30" in as_supervisor.get(address).content.decode()
    act = f"/statistics/reports/schedules/{schedule.pk}/"
    client.force_login(people.casemanager)
    assert client.post(act, {"do": "stop"}).status_code == 404
    client.force_login(people.supervisor)
    client.post(act, {"do": "stop"})
    assert ReportSchedule.objects.get().next_at is None
    client.post(act, {"do": "start"})
    client.force_login(people.admin)
    page = client.get("/statistics/reports/").content.decode()
    assert "Made for you on a schedule" in page
    assert "Monthly, every Friday at 07:30, for 2 users" in page
    client.post(act, {"do": "leave"})
    assert [entry.user for entry in ReportRecipient.objects.select_related("user")] == [people.supervisor]
    client.post(act, {"do": "delete"})  # as an administrator
    assert not ReportSchedule.objects.exists()


def test_kills_at_any_moment_lose_and_double_no_file(
    worker: Worker, report: SavedReport, people: People, client: Client
) -> None:
    worker.wait_until_idle()
    schedule = begin(report, DAILY, "pdf", [people.supervisor, people.admin], by=report.by, now=timezone.now())
    assert schedule.next_at is not None  # tomorrow: no sweep of the worker's own is sooner
    due = schedule.next_at + timedelta(minutes=1)
    command = [sys.executable, "-m", "tests.reports.killed", due.isoformat()]
    done = subprocess.run(command, cwd=ROOT, env=child_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0", "2 waiting waiting", "2 waiting writing", "2 writing writing"]
    earlier = timezone.now() - timedelta(hours=1)
    Export.objects.update(requested_at=earlier, started_at=earlier)
    tasks.sweep()
    worker.wait_until_idle()
    tasks.make_due_reports()
    worker.wait_until_idle()
    exports = list(Export.objects.select_related("by"))
    assert {(export.by, export.state) for export in exports} == {(people.supervisor, "ready"), (people.admin, "ready")}
    assert len(exports) == ReportRun.objects.count() == Notification.objects.count() == 2
    folder = settings.MEDIA_ROOT / "exports"
    for export in exports:
        assert [path.name for path in folder.glob(f"{export.pk}.*")] == [f"{export.pk}.pdf"]
        client.force_login(export.by)
        content = content_of(client.get(f"/exports/{export.pk}/file"))
        assert "Overview" in Pdf(content).text

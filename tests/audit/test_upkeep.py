"""Retention, sending events on, and alerts."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations import tasks
from determinations.access.audit import events_from, record
from determinations.audit import alerts, retention, streaming, upkeep
from determinations.audit.chain import head
from determinations.audit.verification import verify_chain
from determinations.models import AlertKind, AuditAlert, AuditAnchor, AuditEvent, AuditLink, AuditState
from determinations.retention import holds
from imrsite.env import AuditStream, audit_stream
from tests.audit.test_chain import tamper, verify
from tests.corrections.letters import document, item, stored_letter
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def write(ages: list[int]) -> None:
    """Chained events of so many days ago."""
    for days in ages:
        record("case.viewed", by=None, at=NOW - timedelta(days=days), letter_id=days, query="Synthetic words")
    upkeep.seal_all()


def retire(*arguments: str) -> str:
    said = StringIO()
    call_command("retire_audit", *arguments, stdout=said)
    return said.getvalue()


# Retention


def test_a_verified_beginning_is_removed_and_a_signed_anchor_remains(settings: Any) -> None:
    settings.AUDIT_KEEP_YEARS = 6
    write([3000, 2900, 100, 2800, 10])
    exported = str(head())
    assert "2 events" in retire()
    anchor = AuditAnchor.objects.get()
    assert (anchor.position, anchor.rows) == (2, 2)
    assert list(AuditEvent.objects.order_by("pk").values_list("letter_id", flat=True)) == [100, 2800, 10, None]
    assert AuditEvent.objects.get(action="audit.retired").detail["events"] == 2
    upkeep.seal_all()
    assert "4 events verified" in verify("--head", exported)
    assert "0 events" in retire(), "an old event behind a newer one waits for that one"
    tamper("UPDATE determinations_auditanchor SET rows = 1")
    with pytest.raises(CommandError, match="anchor at position 2 was not signed"):
        verify()


def test_what_does_not_verify_is_kept_as_evidence() -> None:
    write([3000, 2900, 2800])
    tamper("UPDATE determinations_auditevent SET by_name = 'other' WHERE letter_id = 2900")
    with pytest.raises(CommandError, match=r"0 events removed, then stopped: Event .* was changed"):
        retire("--before", "2026-01-01")
    assert AuditEvent.objects.count() == 3
    assert not AuditAnchor.objects.exists()


def test_events_of_a_case_under_a_legal_hold_stay_until_it_is_released(settings: Any, people: People) -> None:
    settings.AUDIT_KEEP_YEARS = 6
    held = stored_letter(document(item("Knee brace", "overturned")), text="Synthetic letter.").pk
    write([3000])
    record("list.viewed", by=None, at=NOW - timedelta(days=2950), letter_ids=[1, held])
    write([2900])
    people.supervisor.user_permissions.add(Permission.objects.get(codename="hold_cases"))
    supervisor = User.objects.get(pk=people.supervisor.pk)
    hold = holds.place_hold(held, reason="Synthetic lawsuit", by=supervisor, now=NOW)
    said = retire()
    assert "1 events" in said
    assert "under a legal hold" in said
    assert not retention.is_due(NOW)
    assert upkeep.retire_due(NOW) == 0
    holds.release_hold(hold.pk, reason="Settled", by=supervisor, now=NOW)
    upkeep.seal_all()
    said = retire()
    assert "2 events" in said
    assert "legal hold" not in said


def test_everything_is_kept_unless_a_setting_or_a_date_says_otherwise() -> None:
    with pytest.raises(CommandError, match="set AUDIT_KEEP_YEARS"):
        retire()
    for day in ("yesterday", "2026-02-30"):
        with pytest.raises(CommandError, match="2020-01-31"):
            retire("--before", day)
    assert retention.keep_since(NOW) is None


def test_a_role_that_does_not_own_the_trail_removes_nothing(settings: Any) -> None:
    settings.AUDIT_KEEP_YEARS = 1
    write([3000])
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE application_on_trial")
        cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO application_on_trial")
        cursor.execute("SET LOCAL ROLE application_on_trial")
        try:
            with pytest.raises(CommandError, match="does not own the audit trail"):
                retire()
            assert upkeep.retire_due(NOW) == 0
        finally:
            cursor.execute("RESET ROLE")
    assert upkeep.retire_due(NOW) == 1


def test_events_that_are_not_sent_on_yet_are_kept(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_STREAM = AuditStream("file", path=str(tmp_path / "audit.jsonl"), form="json")
    write([3000, 2900])
    assert "0 events" in retire("--before", "2026-01-01")
    streaming.send_new(now=timezone.now)
    assert "2 events" in retire("--before", "2026-01-01")


# Sending on


@pytest.fixture
def file(settings: Any, tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    settings.AUDIT_STREAM = AuditStream("file", path=str(path), form="json")
    return path


def positions(*paths: Path) -> list[int]:
    return [json.loads(line)["event"]["sequence"] for path in paths for line in path.read_text().splitlines()]


def test_a_file_gets_each_event_once_without_what_was_typed(file: Path, people: People) -> None:
    with events_from("192.0.2.3"):
        record(
            "list.viewed", by=people.admin, at=NOW, letter_ids=[5, 6], query="q=Synthetic+name", list="cases", rows=2
        )
    record("letter.removed", by=people.admin, at=NOW, letter_id=5, reason="Synthetic words")
    record("signin.failed", by=None, at=NOW, known_name=False)
    upkeep.seal_all()
    assert streaming.send_new(now=timezone.now) == 3
    assert streaming.send_new(now=timezone.now) == 0
    text = file.read_text()
    assert "Synthetic" not in text
    first, _, failed = map(json.loads, text.splitlines())
    assert first["user"]["name"] == "admin"
    assert first["source"]["ip"] == "192.0.2.3"
    assert (first["event"]["action"], first["event"]["outcome"]) == ("list.viewed", "success")
    assert (first["labels"]["letters"], first["labels"]["list"], first["labels"]["rows"]) == ("2", "cases", "2")
    assert (failed["event"]["outcome"], failed["message"]) == ("failure", "system failed to sign in")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "3 events verified" in verify("--against", str(file))
    file.write_text("{}\n")
    with pytest.raises(CommandError, match="line 1: not an event"):
        verify("--against", str(file))


def test_after_a_crash_the_file_continues_where_its_last_line_says(file: Path) -> None:
    write([3, 2])
    streaming.send_new(now=timezone.now)
    AuditState.objects.update(streamed_to=0)
    with file.open("a") as unfinished:
        unfinished.write('{"@timestamp":"20')
    write([1])
    streaming.send_new(now=timezone.now)
    assert positions(file) == [1, 2, 3]


def test_a_large_file_rotates_and_old_ones_go(file: Path, settings: Any) -> None:
    settings.AUDIT_STREAM_BYTES, settings.AUDIT_STREAM_FILES = 1, 2
    for day in range(5):
        write([day])
        streaming.send_new(now=timezone.now)
    rotated = sorted(file.parent.glob("audit.jsonl.*"))
    assert [path.name for path in rotated] == ["audit.jsonl.000000000003", "audit.jsonl.000000000004"]
    assert positions(*rotated, file) == [3, 4, 5]


def test_an_outage_is_seen_and_nothing_is_lost(file: Path, as_admin: Client, broker: None) -> None:
    file.mkdir()
    write([2, 1])
    assert streaming.send_new(now=timezone.now) == 0
    assert "cannot be reached: Is a directory" in AuditState.objects.get().stream_fault
    assert "Events are not sent on" in as_admin.get(reverse("audit")).content.decode()
    file.rmdir()
    upkeep.seal_all()
    assert streaming.send_new(now=timezone.now) == head().position
    assert AuditState.objects.get().stream_fault == ""
    assert positions(file) == list(range(1, head().position + 1))


@pytest.fixture
def server() -> Iterator[Any]:
    """A syslog server: each entry of ``batches`` is what one connection brought. It may be told to hang up first."""

    class Server:
        def __init__(self) -> None:
            self.socket = socket.create_server(("127.0.0.1", 0))
            self.batches: list[bytes] = []
            self.hangs_up = False
            self.thread = threading.Thread(target=self.run, daemon=True)
            self.thread.start()

        def run(self) -> None:
            while True:
                try:
                    client, _ = self.socket.accept()
                except OSError:
                    return
                with client:
                    if self.hangs_up:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        continue
                    received = b""
                    while part := client.recv(65536):
                        received += part
                    self.batches.append(received)

    running = Server()
    yield running
    running.socket.shutdown(socket.SHUT_RDWR)
    running.socket.close()
    running.thread.join(timeout=5)


def test_a_syslog_server_gets_messages_of_rfc_5424_and_a_lost_batch_again(server: Any, settings: Any) -> None:
    settings.AUDIT_STREAM = AuditStream("tcp", host="127.0.0.1", port=server.socket.getsockname()[1])
    record("person.added", by=None, at=NOW, person='a "quoted" [name]\n')
    upkeep.seal_all()
    server.hangs_up = True
    assert streaming.send_new(now=timezone.now) == 0
    assert AuditState.objects.get().streamed_to == 0
    server.hangs_up = False
    assert streaming.send_new(now=timezone.now) == 1
    (batch,) = server.batches
    length, _, message = batch.partition(b" ")
    assert int(length) == len(message)
    assert re.match(rb"<110>1 \d{4}-\d\d-\d\dT\S+Z \S+ imrsite - person.added \[audit@32473 position=\"1\" ", message)
    assert rb'person="a \"quoted\" [name\] "' in message


def test_the_local_syslog_gets_a_datagram_per_event(settings: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    settings.AUDIT_STREAM = AuditStream("socket", path=path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path)
        write([2, 1])
        assert streaming.send_new(now=timezone.now) == 2
        assert [b'position="%d"' % n in receiver.recv(9999) for n in (1, 2)] == [True, True]


@pytest.mark.parametrize(
    ("value", "stream"),
    [
        ("", None),
        ("file:///var/log/audit.jsonl", AuditStream("file", path="/var/log/audit.jsonl", form="json")),
        ("syslog:///dev/log", AuditStream("socket", path="/dev/log")),
        ("syslog://siem.example.org", AuditStream("tcp", host="siem.example.org", port=601)),
        ("syslogs://siem:6515?format=json", AuditStream("tls", host="siem", port=6515, form="json")),
        (
            "syslogs://siem?format=cef&ca=/siem.pem&certificate=/ours.pem",
            AuditStream("tls", host="siem", port=6514, form="cef", authority="/siem.pem", certificate="/ours.pem"),
        ),
    ],
)  # fmt: skip
def test_where_events_are_sent_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str, stream: AuditStream | None
) -> None:
    monkeypatch.setenv("AUDIT_STREAM", value)
    assert audit_stream("AUDIT_STREAM") == stream


@pytest.mark.parametrize(
    "value",
    [
        "/var/log/x",
        "file://host/x",
        "file:///",
        "syslog://h:x",
        "syslog://h?format=leef",
        "syslog://h?ca=/x",
        "syslogs://h?cert=/x",
    ],
)
def test_an_address_that_is_not_understood_says_what_to_write(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("AUDIT_STREAM", value)
    with pytest.raises(ImproperlyConfigured, match="write"):
        audit_stream("AUDIT_STREAM")


# Alerts


@pytest.fixture
def limits(settings: Any) -> Any:
    settings.ALERT_CASES_PER_HOUR, settings.ALERT_CASES_PER_DAY = 3, 5
    settings.ALERT_EXPORTED_PER_HOUR, settings.ALERT_EXPORTED_PER_DAY = 100, 0
    settings.EMAIL_HOST, settings.SITE_URL = "mail.example.org", "https://imrsite.example.org"
    return settings


def watch_again() -> list[AuditAlert]:
    AuditState.objects.update(watched_at=None)
    return alerts.watch(now=NOW)


def test_bulk_viewing_and_export_alert_once_on_pages_and_by_mail(
    client: Client, people: People, limits: Any, broker: None
) -> None:
    people.admin.email = "admin@example.org"
    people.admin.save()
    minutes = timedelta(minutes=1)
    for number in range(3):
        for _ in range(2):
            record("case.viewed", by=people.casemanager, at=NOW - number * minutes, letter_id=number)
    record("list.exported", by=people.supervisor, at=NOW, rows=100)
    assert alerts.watch(now=NOW) == [], "as many as allowed, some twice"
    record("pages.opened", by=people.casemanager, at=NOW, letter_id=77)
    record("list.exported", by=people.supervisor, at=NOW, rows=1)
    assert alerts.watch(now=NOW + timedelta(seconds=5)) == [], "once a minute"
    added = watch_again()
    assert {(alert.kind, alert.by_name, alert.number) for alert in added} == {
        ("viewing", "casemanager", 4), ("export", "supervisor", 101),
    }  # fmt: skip
    record("pages.opened", by=people.casemanager, at=NOW, letter_id=78)
    assert watch_again() == [], "no flood"
    assert alerts.send_mail(now=NOW) == 2
    assert alerts.send_mail(now=NOW) == 0
    (message,) = mail.outbox
    assert message.bcc == ["admin@example.org"]
    assert "casemanager opened 4 cases within an hour (alert above 3)." in message.body
    assert "https://imrsite.example.org/audit/alerts/" in message.body
    client.force_login(people.admin)
    assert "2 alerts</a>" in client.get("/?home=yes").content.decode()
    page = client.get(reverse("audit_alerts")).content.decode()
    assert "supervisor exported 101 rows within an hour" in page
    link = re.search(r'href="(/audit/\?person=casemanager[^"]*)"', page)
    assert link
    assert len(client.get(link[1].replace("&amp;", "&")).context["entries"]) == 8
    for alert in added:
        client.post(reverse("audit_alerts"), {"alert": alert.pk})
    assert "alerts</a>" not in client.get("/?home=yes").content.decode()
    assert AuditEvent.objects.filter(action="alert.closed", by_name="admin").count() == 2
    assert client.post(reverse("audit_alerts"), {"alert": "x"}).status_code == 404


def test_many_cases_in_a_day_alert_though_no_hour_has_many(people: People, limits: Any) -> None:
    for number in range(6):
        record("case.viewed", by=people.casemanager, at=NOW - timedelta(hours=3 * number), letter_id=number)
    (alert,) = alerts.watch(now=NOW)
    assert (alert.kind, alert.hours, alert.number, alert.threshold) == (AlertKind.VIEWING, 24, 6, 5)


def test_a_broken_chain_and_a_stream_that_stands_still_alert(people: People, limits: Any) -> None:
    AuditState.objects.update(fault="Event 7 was changed.", stream_fault="away", streamed_at=NOW - timedelta(hours=1))
    assert {alert.kind for alert in alerts.watch(now=NOW)} == {AlertKind.CHAIN, AlertKind.STREAM}
    assert alerts.send_mail(now=NOW) == 0, "no administrator has an address"


def test_the_worker_s_task_does_all_of_it(people: People, limits: Any, file: Path) -> None:
    for number in range(4):
        record("case.viewed", by=people.casemanager, at=timezone.now(), letter_id=number)
    tasks.keep_audit_trail()
    assert AuditLink.objects.count() == 4
    assert AuditState.objects.get().whole_verified_at
    assert positions(file) == [1, 2, 3, 4]
    assert AuditAlert.objects.count() == 1
    assert verify_chain().events == 4

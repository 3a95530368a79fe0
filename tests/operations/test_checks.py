"""Checks of the installation, and the health checks that report them."""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from determinations.access.audit import record
from determinations.intake import store_health
from determinations.models import BackupRecord, Installation, Letter, LetterState, StoppedWorker
from determinations.models.clock import database_now
from determinations.models.installation import ObstacleRecord
from determinations.operations import making_checks
from determinations.operations.checks import CHECKS
from determinations.operations.findings import Check, Finding, Level, Source
from determinations.operations.making_checks import Checks, make_check, make_checks
from determinations.reading import worker_list
from determinations.reading.workers import note_sweep, note_worker
from tests.fixtures.stored import stored_path
from tests.fixtures.worker import Worker

_CHECKS = {check.code: check for check in CHECKS}


def found(code: str) -> Finding:
    return make_check(_CHECKS[code])


@pytest.fixture
def store(db: None) -> Path:
    """The folder of letters, tied to the database."""
    store_health.check_store()
    return stored_path("")


@pytest.mark.usefixtures("broker", "store")
def test_a_sound_installation_has_nothing_failing() -> None:
    note_worker()
    note_sweep()
    Installation.objects.update(swept_at=Now())
    worker_list.report_worker("letters@host", ["interactive", "scans"])
    findings = make_checks()
    assert list(findings) == [check.code for check in CHECKS]
    assert {code for code, finding in findings.items() if finding.level is not Level.OK} <= {
        "backup",
        "alarms",
        "column_file",
    }
    assert all(finding.what.endswith(".") for finding in findings.values())


def break_audit() -> None:
    record("case.viewed", by=None, at=timezone.now() - timedelta(minutes=6))


def break_schema() -> None:
    MigrationRecorder(connection).record_applied("determinations", "9999_of_a_newer_program")


def break_store() -> None:
    store_health.check_store()
    assert Installation.objects.update(store_id="another") == 1


def break_sweep() -> None:
    Installation.objects.update(swept_at=timezone.now() - timedelta(minutes=5))


def break_reading() -> None:
    reasons: list[ObstacleRecord] = [
        {"code": "failing_alike", "what": "5 letters in a row failed alike.", "remedy": "See the log."}
    ]
    StoppedWorker.objects.create(name="letters@host", since=Now(), seen_at=Now(), reasons=reasons)


def set_letters_aside(count: int = 5, message: str = "What was read could not be stored.") -> None:
    now = database_now()
    for number in range(count):
        Letter.objects.create(
            sha256=f"{number:064x}", size=1, media_type="text/plain", received_at=now, finished_at=now,
            state=LetterState.SET_ASIDE, message=message,
        )  # fmt: skip


def break_backup() -> None:
    BackupRecord.objects.create(started_at=timezone.now(), finished_at=timezone.now(), message="The disk is full.")


@pytest.mark.usefixtures("broker", "store")
@pytest.mark.parametrize(
    ("code", "break_it", "says"),
    [
        ("schema", break_schema, "9999_of_a_newer_program"),
        ("store", break_store, "belongs to another database"),
        ("sweep", break_sweep, "last ran at"),
        ("worker", lambda: None, "No worker is running"),
        ("scans", lambda: None, "No worker reads scans"),
        ("reading", break_reading, "5 letters in a row failed alike"),
        ("set_aside_alike", set_letters_aside, "5 letters were set aside alike"),
        ("audit", break_audit, "wait to be chained"),
        ("backup", break_backup, "The disk is full"),
        ("backup", lambda: None, "No backup was made"),
        ("versions", lambda: worker_list.client().hset("imrsite-workers", "old@host", json.dumps({
            "name": "old@host", "queues": ["bulk"], "version": "0.0.1", "parser_version": "1", "newest_migration": "",
            "started_at": 0, "seen_at": time.time()})), "old@host"),
    ],
)  # fmt: skip
def test_a_fault_is_found_and_named_with_its_remedy(code: str, break_it: Callable[[], object], says: str) -> None:
    break_it()
    finding = found(code)
    assert finding.level in {Level.FAILING, Level.WARNING}
    assert says in finding.what
    assert len(finding.remedy) > 8
    assert len(_CHECKS[code].meaning) > 8


def test_unlike_letters_and_old_ones_raise_nothing(db: None) -> None:
    set_letters_aside(4)
    assert found("set_aside_alike").level is Level.OK
    set_letters_aside_at = timezone.now() - timedelta(hours=2)
    Letter.objects.update(finished_at=set_letters_aside_at)
    assert found("set_aside_alike").what == "0 letters were set aside in the last hour."


@pytest.mark.usefixtures("store")
def test_low_space_is_told_before_it_stops_letters(settings: Any) -> None:
    assert found("space").level is Level.OK
    settings.STORE_LOW_BYTES = 2**60
    assert "is filling up" in found("space").what
    settings.STORE_FREE_BYTES = 2**60
    assert "is full" in found("space").what


def test_a_late_backup_is_told_only_if_asked(db: None, settings: Any) -> None:
    old = timezone.now() - timedelta(hours=30)
    BackupRecord.objects.create(started_at=old, finished_at=old, succeeded=True, name="x", files=3)
    assert found("backup").level is Level.OK
    settings.BACKUP_LATE_HOURS = 24
    assert "older than 24 hours" in found("backup").what


def test_static_files_that_were_not_collected_are_told(settings: Any, tmp_path: Path) -> None:
    assert found("static_files").level is Level.OK
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "imrsite.static_files.FingerprintedStorage", "OPTIONS": {"location": tmp_path}}
    }
    assert "have not been collected" in found("static_files").what


def test_a_source_that_hangs_holds_up_no_other_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hang, asked = threading.Event(), []

    def hangs() -> Finding:
        asked.append(1)
        hang.wait(20)
        return Finding(Level.OK, "It answers.")

    def answers() -> Finding:
        return Finding(Level.OK, "It answers.")

    checks = Checks(
        [
            Check("slow", "Slow", "", Source.FILES, hangs),
            Check("after", "After", "", Source.FILES, answers),
            Check("quick", "Quick", "", Source.BROKER, answers),
        ]
    )
    for _ in range(3):
        began = time.monotonic()
        levels = {code: finding.level for code, finding in checks.ask(0.1).items()}
        assert time.monotonic() - began < 5
        assert levels == {"slow": Level.UNKNOWN, "after": Level.UNKNOWN, "quick": Level.OK}
    assert len(asked) == 1
    hang.set()
    monkeypatch.setattr(making_checks, "COUNTS_FOR", 60)
    assert {finding.level for finding in checks.ask(10).values()} == {Level.OK}
    checks.ask(10)
    assert len(asked) == 1, "recent results are not made again"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health checks know nothing from before, and keep nothing."""
    from determinations.views.operations import probes

    monkeypatch.setattr(making_checks, "COUNTS_FOR", -1)
    monkeypatch.setattr(probes, "PATIENCE", 20.0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh", "store")
def test_health_checks_tell_what_fails_without_words(client: Client, worker: Worker) -> None:
    note_sweep()
    give_up_at = time.monotonic() + 30
    while (answer := client.get("/health/ready")).status_code != 200 and time.monotonic() < give_up_at:
        time.sleep(0.3)
    assert answer.status_code == 200, answer.content
    assert answer.json()["ready"] is True
    assert set(answer.json()["checks"]) == {check.code for check in CHECKS if check.readiness}
    break_store()
    answer = client.get("/health/ready", HTTP_HOST="10.0.0.7")
    assert answer.status_code == 503
    assert answer.json()["checks"]["store"] == "failing"
    assert "another" not in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    only = client.get("/health/ready?of=web")
    assert (only.status_code, set(only.json()["checks"])) == (200, {"database", "schema", "static_files"})


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh")
def test_health_checks_answer_while_the_database_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    assert client.get("/health/live").content == b"ok"
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "failing"
    assert answer.json()["checks"]["sweep"] == "unknown"
    assert client.get("/health/").status_code == 503
    monkeypatch.undo()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh")
def test_the_address_of_earlier_versions_says_ok(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health/").content == b"ok"
    assert client.get("/health/live").content == b"ok"
    assert client.post("/health/live").status_code == 405


def test_the_version_is_that_of_the_project() -> None:
    project = (Path(settings.BASE_DIR) / "pyproject.toml").read_text()
    assert f'version = "{settings.PROGRAM_VERSION}"' in project

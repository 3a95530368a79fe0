"""The chain of hashes: made correctly by concurrent writers, protected by triggers, and every tampering is found."""

import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from determinations.access.audit import events_from, record
from determinations.audit import upkeep
from determinations.audit.chain import head, seal, waiting
from determinations.audit.verification import verify_chain
from determinations.models import AuditEvent, AuditLink, AuditPending, AuditState
from tests.corrections.letters import NOW

WRITERS, EVENTS = 6, 25
AUDIT = "determinations_audit"


def write(count: int) -> list[int]:
    """So many chained events; returns their IDs."""
    events = [record("case.viewed", by=None, at=NOW, letter_id=number).pk for number in range(count)]
    assert upkeep.seal_all() == count
    return events


def verify(*arguments: str) -> str:
    said = StringIO()
    call_command("verify_audit", *arguments, stdout=said)
    return said.getvalue()


def tamper(statement: str) -> None:
    """As a superuser who has switched the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_and_sealers_make_one_chain_without_gaps() -> None:
    ready, faults = threading.Barrier(WRITERS + 2), []

    def run(work: Any) -> None:
        try:
            ready.wait()
            work()
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    def write_some() -> None:
        for number in range(EVENTS):
            with transaction.atomic():
                record("case.viewed", by=None, at=timezone.now(), letter_id=number)
                if number % 5 == 0:
                    with connection.cursor() as cursor:  # commits late, after events with higher IDs
                        cursor.execute("SELECT pg_sleep(0.01)")
                if number % 7 == 3:
                    transaction.set_rollback(True)

    def seal_some() -> None:
        for _ in range(40):
            seal(7)

    threads = [threading.Thread(target=run, args=[work]) for work in [write_some] * WRITERS + [seal_some] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    upkeep.seal_all()
    kept = AuditEvent.objects.count()
    assert kept == WRITERS * sum(number % 7 != 3 for number in range(EVENTS))
    assert list(AuditLink.objects.order_by("position").values_list("position", flat=True)) == list(range(1, kept + 1))
    assert verify_chain().events == kept
    assert not AuditPending.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["auditlink", "auditanchor", "auditevent"])
@pytest.mark.parametrize("marker", ["no", "yes"])
def test_the_database_refuses_to_change_the_chain(table: str, marker: str) -> None:
    write(2)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO determinations_auditanchor (position, hash, rows, oldest, newest, removed_at, signature)"
            " VALUES (0, '', 0, now(), now(), now(), '')"
        )
        cursor.execute("SELECT set_config('imrsite.tests_empty_tables', 'no', true)")
        cursor.execute("SELECT set_config('imrsite.audit_retention', %s, true)", [marker])
        key = "id = id" if table == "auditevent" else "hash = ''"
        for statement in (f"UPDATE {{}} SET {key}", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(IntegrityError, match=r"only added to|never emptied"), transaction.atomic():
                cursor.execute(statement.format(f"determinations_{table}"))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE {event} SET by_name = 'other' WHERE id = {2}", r"Event {2} \(position 3\) was changed"),
        ("UPDATE {event} SET at = at + interval '1 second' WHERE id = {0}", "position 1. was changed"),
        ("UPDATE {event} SET address = '192.0.2.1' WHERE id = {3}", "position 4. was changed"),
        ("DELETE FROM {event} WHERE id = {1}", r"Event {1} \(position 2\) was removed"),
        ("DELETE FROM {link} WHERE event_id = {1}", "A gap: position 2 missing"),
        ("DELETE FROM {link} WHERE position < 4", "A gap: positions 1 to 3 missing"),
        ("UPDATE {link} SET hash = decode(repeat('00', 32), 'hex') WHERE position = 2", "position 2"),
        ("DELETE FROM {link} WHERE position = 5", "Event {4} is not in the chain"),
        ("INSERT INTO {audit}pending VALUES (999999999)", "Event 999,999,999 was removed before"),
        (
            "INSERT INTO {audit}anchor VALUES (0, decode('11', 'hex'), 9, now(), now(), now(), 'x')",
            "anchor at position 0 was not signed",
        ),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_what_a_superuser_changes_is_found(statement: str, fault: str) -> None:
    events = write(5)
    assert "5 events verified" in verify()
    tamper(statement.format(*events, audit=AUDIT, event=f"{AUDIT}event", link=f"{AUDIT}link"))
    printed = [f"{event:,}" for event in events]
    with pytest.raises(CommandError, match=fault.format(*printed)):
        verify()
    upkeep.verify_next(now=NOW)
    assert AuditState.objects.get().fault


@pytest.mark.django_db
def test_a_tail_that_was_cut_off_or_written_again_is_found_by_an_exported_head() -> None:
    write(3)
    exported = str(head())
    assert verify().strip().endswith(exported)
    write(2)
    assert "5 events" in verify("--head", exported)
    tamper("DELETE FROM determinations_auditlink WHERE position > 2")
    tamper("DELETE FROM determinations_auditevent WHERE id NOT IN (SELECT event_id FROM determinations_auditlink)")
    assert "2 events" in verify(), "the remaining chain is whole"
    with pytest.raises(CommandError, match=r"ends at position 2, but the exported head is at 3: the last 1 events"):
        verify("--head", exported)
    write(1)
    with pytest.raises(CommandError, match="another hash than the exported head"):
        verify("--head", exported)
    with pytest.raises(CommandError, match="write a head as it was printed"):
        verify("--head", "yesterday")


@pytest.mark.django_db
def test_a_sealer_that_does_not_work_is_seen() -> None:
    now = timezone.now()
    with events_from("192.0.2.7"):
        record("case.viewed", by=None, at=now - timedelta(minutes=6))
    assert AuditEvent.objects.get().address == "192.0.2.7"
    assert waiting().number == 1
    assert upkeep.standing(now).is_late
    upkeep.seal_all()
    assert not upkeep.standing(now).is_late


@pytest.mark.django_db
def test_the_scheduled_check_goes_round_the_whole_chain_part_by_part() -> None:
    write(5)
    for reached in (2, 4, 0):
        upkeep.verify_next(now=NOW, most=2)
        assert AuditState.objects.get().verified_to == reached
    assert AuditState.objects.get().whole_verified_at == NOW
    tamper(
        "UPDATE determinations_auditevent SET action = 'x' WHERE id = (SELECT max(id) FROM determinations_auditevent)"
    )
    for _ in range(3):
        upkeep.verify_next(now=NOW, most=2)
    assert "position 5" in AuditState.objects.get().fault

"""Lists, search, statistics and exports from a hot standby: a real one, whose replay is paused to make it lag."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from determinations.browsing import exports
from determinations.cases.effective import remove_letters
from determinations.corrections.actions import correct_field
from determinations.models import AuditEvent, Case, Export, ItemFact, OwnWrite, SavedView
from determinations.operations.checking.servers import replica
from determinations.operations.findings import Level
from determinations.replica import looking, reading
from determinations.replica.workers import note_uploaders
from determinations.statistics.columns import keeping, opened
from determinations.statistics.sql_engine import one_snapshot
from determinations.views.operations import replica as middleware
from imrsite.connections import REPLICA, on_primary, on_replica
from tests.access.offices import TwoOffices
from tests.access.test_offices_apart import _CHANGING, OtherOffice, addresses, body_of
from tests.api.conftest import Caller
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.fixtures.people import People
from tests.replica.conftest import Standby

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
CASES = "/cases/?sort=number"


@contextmanager
def without_replica() -> Iterator[None]:
    settings = connections.settings.pop(REPLICA)
    try:
        yield
    finally:
        connections.settings[REPLICA] = settings


def lag_in(response: Any) -> str | None:
    lag: str | None = response.headers.get(middleware.HEADER)
    return lag


def name_of(address: str) -> str:
    return resolve(address.partition("?")[0]).view_name


def another_letter(number: str) -> int:
    pk: int = stored_letter(document(item("MRI"), case_number=number)).pk
    return pk


def test_every_page_of_lists_and_statistics_is_the_same_from_the_replica(
    client: Client,
    people: People,
    offices: TwoOffices,
    other: OtherOffice,
    standby: Standby,
) -> None:
    """Asked as an administrator of one office, as one who sees everything, and as an outside party."""
    walked = [address for address in addresses(other, 1) if name_of(address) in middleware.READS]
    assert {name_of(address) for address in walked} == middleware.READS
    standby.catch_up()
    for masked, limited, most in ((False, True, None), (False, False, 6), (True, True, 6)):
        people.admin.account.masked = masked
        people.admin.account.office_ids = [offices.north.pk] if limited else None
        people.admin.account.save()
        client.force_login(people.admin)
        different = []
        for address in walked[:most]:
            answer = client.get(address)
            with without_replica():
                expected = client.get(address)
            assert answer.status_code == expected.status_code, address
            # A refusal comes from the primary, since it may be of yesterday.
            assert (lag_in(answer) is not None) == (answer.status_code < 400), address
            bodies = [_CHANGING.sub(b"", body_of(response)) for response in (answer, expected)]
            if not address.endswith(".xlsx") and bodies[0] != bodies[1]:
                different.append(address)
        assert different == []
    with connections[REPLICA].cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert "imrsite" not in cursor.fetchone()[0]


def test_users_see_their_own_writes_however_far_the_replica_is(
    client: Client,
    people: People,
    bearer: Caller,
    standby: Standby,
) -> None:
    letter_id = another_letter("CM17-0000001")
    standby.pause()
    client.force_login(people.admin)
    other_client = Client()
    other_client.force_login(people.supervisor)
    correct_field(letter_id, "case_number", "CM17-0000002", by=people.admin, now=NOW, reason="misread")
    # What others wrote arrives with the lag; what is recorded is on the primary at once.
    assert "CM17-0000001" in client.get(CASES).content.decode()
    assert AuditEvent.objects.filter(action="list.viewed", by_id=people.admin.pk).count() == 1
    answer = client.post("/cases/views/save/", {"name": "Mine", "query": ""})
    assert answer.status_code < 400
    assert SavedView.objects.filter(by=people.admin).exists()
    answer = client.get(CASES)
    assert lag_in(answer) is None
    assert "CM17-0000002" in answer.content.decode()
    answer = other_client.get(CASES)
    assert lag_in(answer) is not None
    assert "CM17-0000001" in answer.content.decode()
    # So are the same user's other sessions and access tokens.
    assert lag_in(bearer(people.admin).get("/api/v1/cases")) is None
    assert lag_in(bearer(people.supervisor).get("/api/v1/cases")) is not None
    standby.resume()
    answer = client.get(CASES)
    assert lag_in(answer) is not None
    assert "CM17-0000002" in answer.content.decode()


def test_what_workers_do_for_users_is_theirs_and_what_is_hidden_is_hidden_from_all(
    client: Client,
    people: People,
    offices: TwoOffices,
    standby: Standby,
) -> None:
    gone = another_letter("CM17-0000003")
    standby.pause()
    upload = offices.ours.arrivals.get().upload
    upload.by = people.supervisor
    upload.save()
    note_uploaders([offices.ours.pk])
    people.admin.account.office_ids = None
    people.admin.account.save()
    assert not looking.look(people.supervisor.pk).has_own
    assert looking.look(people.admin.pk).has_own
    remove_letters([gone])
    client.force_login(people.admin)
    answer = client.get(CASES)
    assert lag_in(answer) is None
    assert "CM17-0000003" not in answer.content.decode()
    # A note from beyond the end of the log is of another cluster, and of two the later one counts.
    OwnWrite.objects.update(position="FFFFFF/0")
    assert looking.look(people.admin.pk).has_own
    client.post("/cases/views/save/", {"name": "Mine", "query": ""})
    assert not looking.look(people.admin.pk).has_own


def test_pages_and_the_status_tell_the_lag(
    client: Client, people: People, standby: Standby, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(people.supervisor)
    standby.catch_up()
    assert "behind the newest changes" not in client.get(CASES).content.decode()
    assert replica().level is Level.OK
    assert "seconds behind, and answers lists" in replica().what
    standby.pause()
    another_letter("CM17-0000004")
    standby.flush()
    monkeypatch.setattr("determinations.views.frame.SAID_FROM", 0.0)
    answer = client.get(CASES)
    assert float(lag_in(answer) or 0) >= 0
    assert "seconds behind the newest changes. Your own changes are included." in answer.content.decode()
    settings.REPLICA_MAX_LAG_SECONDS = 0
    assert replica().level is Level.FAILING
    assert "seconds behind. The primary answers" in replica().what
    answer = client.get(CASES)
    assert lag_in(answer) is None
    assert "CM17-0000004" in answer.content.decode()


def test_exports_are_read_there_and_again_from_the_primary_if_it_stops_them(people: People, standby: Standby) -> None:
    another_letter("CM17-0000005")
    standby.pause()
    another_letter("CM17-0000006")
    export = Export.objects.create(by=people.supervisor, list_name="cases", format="csv", requested_at=NOW)
    exports.write_export(export.pk, now=timezone.now)
    export.refresh_from_db()
    with exports.open_export(export) as file:
        text = file.read().decode()
    assert export.state == "ready"
    assert export.rows == 1
    assert "CM17-0000005" in text
    asked = []

    def work() -> str:
        asked.append(connection.alias)
        with connection.cursor() as cursor:
            if connection.alias == REPLICA:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return "done"

    assert reading.read(people.supervisor.pk, work) == "done"
    assert asked == [REPLICA, "default"]


def test_columns_are_exact_there_at_any_lag(standby: Standby, settings: Any, tmp_path: Path) -> None:
    settings.COLUMNS_DIR, settings.COLUMN_LISTS_FROM = tmp_path / "columns", 0
    opened.process.close()
    another_letter("CM17-0000007")
    keeping.keep_columns(at_once=True)
    another_letter("CM17-0000008")

    def counts() -> tuple[int, int]:
        """By column, and by PostgreSQL in the same place."""
        with one_snapshot() as engine:
            rows = engine.rows_by_column("SELECT count(*) FROM determinations_itemfact", ())
            assert rows is not None
            return int(rows[0][0]), ItemFact.objects.count()

    standby.pause()
    later = another_letter("CM17-0000009")
    assert counts() == (3, 3)
    assert reading.read_there(counts) == (2, 2)
    keeping.keep_columns(at_once=True)  # the file that the replica still names may be gone: then PostgreSQL counts
    remove_letters([later])
    assert counts() == (2, 2)
    standby.resume()
    assert reading.read_there(counts) == (2, 2)
    opened.process.close()


def test_without_the_replica_the_primary_answers(
    client: Client, people: People, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LEFT_ALONE", 600.0)
    client.force_login(people.supervisor)
    assert lag_in(client.get(CASES)) is not None
    standby.kill()
    answer = client.get(CASES)
    assert answer.status_code == 200
    assert lag_in(answer) is None
    assert looking.left_alone.now
    assert replica().what == "The read replica does not answer. The primary answers everything."
    standby.start()
    assert lag_in(client.get(CASES)) is None  # for a while, it is not asked
    looking.left_alone.end()
    standby.catch_up()
    assert lag_in(client.get(CASES)) is not None


def test_a_page_that_takes_too_long_there_says_what_to_do_and_is_not_tried_here(
    as_supervisor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the limit is longer than the web server lets a request take (decision 0042)."""

    def take_too_long(work: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 10")
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(middleware, "is_configured", lambda alias: True)
    monkeypatch.setattr(middleware, "look", lambda user_id: looking.Look(lag=0.0))
    monkeypatch.setattr(middleware, "read_there", take_too_long)
    monkeypatch.setattr("determinations.views.browsing.lists.page_of", None)  # here the view would fail
    answer = as_supervisor.get(CASES)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Try again in a minute, or add a filter to narrow the results." in answer.content.decode()
    assert not looking.left_alone.now, "it is sound"


def test_blocks_nest(standby: Standby) -> None:
    Case.objects.count()
    with on_replica():
        assert connection.alias == REPLICA
        with on_replica(), on_primary():
            assert connection.alias == "default"
        assert connection.alias == REPLICA
    assert connection.alias == "default"

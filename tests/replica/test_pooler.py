"""Everything works through a real PgBouncer in transaction mode, and its two sessions carry nothing over."""

import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from determinations import tasks
from determinations.access.scope import LIMITED, Scope, current_scope, within
from determinations.backups.making import _second_connection
from determinations.corrections.actions import correct_field
from determinations.datasets.reading import one_moment
from determinations.models import Case, Export, Letter, LetterState, UploadedFile
from determinations.models.locks import holding_alone
from determinations.operations.checking.servers import pooler
from determinations.reading.turns import claimed
from determinations.statistics.sql_engine import one_snapshot
from imrsite.connections import DIRECT, is_pooled, on_session
from tests.access.offices import TwoOffices
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.fixtures.people import People
from tests.letters_made import letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "pooled")]


def in_threads(*works: Callable[[], None]) -> None:
    """Run these at the same time, each with connections of its own; the first fault is raised."""
    faults: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def ask(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None


def test_a_letter_goes_its_whole_way(client: Client, people: People, settings: Any) -> None:
    """Uploaded by a form, read by two workers at once, corrected, searched, counted, exported."""
    assert is_pooled()
    settings.STATEMENT_SECONDS = 60
    assert pooler().what == "This process connects through a pooler, which limits statements."
    settings.STATEMENT_SECONDS = 30
    assert pooler().what.startswith("A statement through the pooler may take 60 seconds instead of 30")
    client.force_login(people.admin)
    for number in range(6):
        file = BytesIO(letter_text(number).encode())
        file.name = f"synthetic-{number}.txt"
        assert client.post("/uploads/", {"files": file}).status_code < 400
    ids = list(Letter.objects.order_by("pk").values_list("pk", flat=True))
    assert len(ids) == 6
    in_threads(*(lambda: tasks.parse_letters(ids) for _ in range(2)))
    assert set(Letter.objects.values_list("state", "attempts")) == {(LetterState.PARSED, 1)}
    correct_field(ids[0], "sex", "male", by=people.admin, now=timezone.now(), reason="misread")
    for address in ("/cases/", "/items/?sex=male", "/search/?q=therapy", "/statistics/", f"/cases/{ids[0]}/"):
        assert client.get(address).status_code == 200, address
    for form in ("csv", "xlsx"):
        export = Export.objects.create(by=people.admin, list_name="items", format=form, requested_at=NOW)
        tasks.write_export(export.pk)
        export.refresh_from_db()
        assert (export.state, export.rows) == ("ready", 6)
    assert UploadedFile.objects.count() == 6


def test_claims_and_locks_hold_over_many_transactions(people: People) -> None:
    letter = stored_letter(document(item("MRI")))
    Letter.objects.filter(pk=letter.pk).update(state=LetterState.RECEIVED, attempts=0)
    with claimed([letter.pk], begun=False) as mine, holding_alone("synthetic work") as alone:
        assert (mine, alone, is_pooled()) == ([letter.pk], True, False)

        def others() -> None:
            for _ in range(5):  # whichever session the pooler gives
                Case.objects.count()
                with claimed([letter.pk], begun=True) as theirs, holding_alone("synthetic work") as second:
                    assert (theirs, second) == ([], False)

        in_threads(others, others, others)
        with transaction.atomic(), on_session():
            assert connection.alias == DIRECT
    assert is_pooled()
    with holding_alone("synthetic work") as again:
        assert again


def test_a_scope_never_reaches_another_user(client: Client, people: People, offices: TwoOffices) -> None:
    """Limited and unlimited users at the same time, over two sessions."""
    limited: list[bool] = []
    free: list[int] = []

    def as_limited() -> None:
        browser = Client()
        browser.force_login(User.objects.get(pk=people.supervisor.pk))
        limited.extend("zebrawood" in browser.get("/cases/").content.decode() for _ in range(4))

    def as_free() -> None:
        for _ in range(30):
            free.append(Case.objects.count())
            assert current_scope().is_everything

    in_threads(as_limited, as_limited, as_free, as_free)
    assert set(limited) == {False}
    assert set(free) == {2}
    with within(Scope(offices=(offices.north.pk,))):
        assert LIMITED in ask("SHOW search_path")
        assert not is_pooled()
        assert Case.objects.count() == 1
    # Within a transaction the session stays the same until its end, also if it fails.
    with transaction.atomic(), within(Scope(offices=(offices.north.pk,))):
        assert is_pooled()
        assert Case.objects.count() == 1
        transaction.set_rollback(True)
    for _ in range(6):
        assert LIMITED not in ask("SHOW search_path")


def test_cursors_snapshots_copies_and_statements_prepared_by_the_driver_work() -> None:
    letter = stored_letter(document(item("MRI")))
    assert [row.pk for row in Case.objects.iterator(chunk_size=1)] == [letter.pk]
    with transaction.atomic():
        assert [row.pk for row in Case.objects.iterator(chunk_size=1)] == [letter.pk]
    for _ in range(20):  # more often than the driver waits before it would prepare a statement
        assert Case.objects.filter(pk=letter.pk).count() == 1
    with one_moment():
        assert ask("SHOW transaction_isolation") == "repeatable read"
    assert ask("SHOW transaction_isolation") == "read committed"
    with one_snapshot():
        assert ask("SHOW jit") == "off"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE synthetic (number integer) ON COMMIT DROP")
        with cursor.copy("COPY synthetic (number) FROM STDIN") as rows:
            rows.write_row([7])
        cursor.execute("SELECT number FROM synthetic")
        assert cursor.fetchone() == (7,)
    with _second_connection() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        assert cursor.fetchone()

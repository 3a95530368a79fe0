"""The change feed loses no change, however many write at the same time, and tells each account of its own cases."""

import random
import threading
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from determinations.access.scope import Scope, within
from determinations.api import feed
from determinations.models import Case, CaseWork, ChangedCase, Letter, WorkStatus
from tests.access.offices import give, two_offices
from tests.api.conftest import Bearer, Caller
from tests.duties.conftest import Store
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
ITEMS = {"One synthetic knee brace": "Overturned"}


def _read(client: Bearer, since: str) -> tuple[dict[int, Any], str]:
    answer = client.get(f"/api/v1/changes?since={since}").json()
    return {change["case"]: change for change in answer["changes"]}, answer["cursor"]


def test_a_mirror_follows_cases_and_what_staff_add(people: People, bearer: Caller, store: Store) -> None:
    client = bearer(people.casemanager)
    first = store(1, ITEMS)
    _none, cursor = _read(client, "now")
    second = store(2, ITEMS)
    changes, cursor = _read(client, cursor)
    assert set(changes) == {second}
    assert not changes[second]["gone"]
    assert client.get(changes[second]["address"]).status_code == 200
    assert _read(client, cursor)[0] == {}
    client.write("POST", f"/api/v1/cases/{first}/notes", {"text": "A note."})
    client.write("PATCH", f"/api/v1/cases/{second}/work", {"status": "done"})
    _changes, after_work = _read(client, cursor)
    Case.objects.filter(pk=second).update(age=40)
    changes, cursor = _read(client, cursor)
    assert {pk: change["kinds"] for pk, change in changes.items()} == {first: ["work"], second: ["case", "work"]}
    assert [change["content"] for change in changes.values()] == [None, None]
    changes, _cursor = _read(client, f"{after_work}&include=case")
    assert changes[second]["content"] == client.get(f"/api/v1/cases/{second}").json()
    assert changes[second]["content"]["items"][0]["rationale"]
    Letter.objects.get(pk=second).delete()
    changes, cursor = _read(client, f"{cursor}&include=case")
    assert changes[second] | {"gone": True, "kinds": ["gone"], "content": None} == changes[second]
    assert client.get("/api/v1/changes?since=nonsense").status_code == 410
    assert client.get("/api/v1/changes").status_code == 422


def test_a_change_that_commits_late_is_not_passed_over(store: Store) -> None:
    early, late = store(1, ITEMS), store(2, ITEMS)
    cursor = feed.current_cursor()
    began, may_end = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            Case.objects.filter(pk=early).update(age=30)
            began.set()
            may_end.wait(timeout=30)
        connection.close()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert began.wait(timeout=30)
    Case.objects.filter(pk=late).update(age=31)  # begins later, ends earlier
    meanwhile = feed.read_changes(cursor)
    assert meanwhile.changes == []
    may_end.set()
    slow.join(timeout=30)
    after = feed.read_changes(meanwhile.cursor)
    assert {change.case_id for change in after.changes} == {early, late}


def test_a_transaction_of_another_database_delays_nothing(store: Store) -> None:
    """Snapshots count the running transactions of all databases of the server."""
    case = store(1, ITEMS)
    cursor = feed.current_cursor()
    elsewhere = {**connection.get_connection_params(), "dbname": "postgres"}
    with psycopg.connect(**elsewhere) as other:
        other.execute("SELECT pg_current_xact_id()")
        Case.objects.filter(pk=case).update(age=30)
        changes = feed.read_changes(cursor).changes
    assert [change.case_id for change in changes] == [case]


def test_concurrent_writers_lose_nothing(store: Store) -> None:
    """Each write raises a counter of its case; a reader that follows the feed ends with the last value of each."""
    cases = [store(number, ITEMS) for number in range(6)]
    Case.objects.update(age=0)
    cursor, mirror, ended = feed.current_cursor(), dict.fromkeys(cases, 0), threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(25):
            with transaction.atomic():
                for pk in sorted(chance.sample(cases, 2)):
                    with connection.cursor() as cursor:
                        cursor.execute("UPDATE determinations_case SET age = age + 1 WHERE letter_id = %s", [pk])
        connection.close()

    writers = [threading.Thread(target=write, args=[seed]) for seed in range(3)]
    for writer in writers:
        writer.start()
    compacted = False
    while True:
        ended_before = ended.is_set()
        read = feed.read_changes(cursor, limit=5)
        for change in read.changes:
            mirror[change.case_id] = Case.objects.values_list("age", flat=True).get(pk=change.case_id) or 0
        cursor = read.cursor
        if ended_before and not read.changes:
            break
        if not any(writer.is_alive() for writer in writers):
            ended.set()
        elif not compacted:
            feed.compact()
            compacted = True
    assert mirror == dict(Case.objects.values_list("pk", "age"))
    assert sum(mirror.values()) == 3 * 25 * 2


def test_compacting_keeps_the_newest_change_of_each_case(store: Store) -> None:
    start = feed.current_cursor()
    pk = store(1, ITEMS)
    for age in range(5):
        Case.objects.filter(pk=pk).update(age=age)
    CaseWork.objects.create(letter_id=pk, status=WorkStatus.DONE, changed_at=timezone.now())
    before = feed.read_changes(start)
    assert before.changes[0].kinds == {"case", "work"}
    rows = ChangedCase.objects.count()
    feed.compact()
    assert ChangedCase.objects.count() < rows
    assert feed.read_changes(start).changes == before.changes
    feed.compact()
    assert feed.read_changes(start).changes == before.changes
    assert ChangedCase.objects.filter(is_newest=False).count() == 0


def test_rows_of_another_database_are_numbered_anew(store: Store) -> None:
    pk = store(1, ITEMS)
    ChangedCase.objects.all().delete()
    ChangedCase.objects.create(letter_id=pk, xid=2**60)
    cursor = feed.current_cursor()
    assert feed.read_changes(cursor).changes == []
    feed.compact()
    assert [change.case_id for change in feed.read_changes(cursor).changes] == [pk]
    other = f"{'0' * 8}-{cursor.partition('-')[2]}"
    with pytest.raises(feed.CursorUnknown):
        feed.read_changes(other)


def test_an_office_is_told_of_its_own_cases_and_of_those_it_lost() -> None:
    offices = two_offices()
    start = feed.current_cursor()
    Case.objects.filter(pk=offices.theirs.pk).update(age=50)
    with within(Scope((offices.north.pk,))):
        assert feed.read_changes(start).changes == []
    Case.objects.filter(pk=offices.ours.pk).update(age=50)
    with within(Scope((offices.north.pk,))):
        assert [change.case_id for change in feed.read_changes(start).changes] == [offices.ours.pk]
    start = feed.current_cursor()
    give(offices.ours, offices.south)
    with within(Scope((offices.north.pk,))):
        (lost,) = feed.read_changes(start).changes
        assert (lost.case_id, lost.gone) == (offices.ours.pk, True)
    with within(Scope((offices.south.pk,))):
        assert [change.gone for change in feed.read_changes(start).changes] == [False]

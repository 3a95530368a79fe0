"""Sending letters to workers: windows, lanes, a broker that is down."""

from functools import partial
from typing import Any

import pytest
from django.db import connection

from determinations.tasks import letters, parse_letters, send_waiting, sweep
from imrsite.celery import app
from tests.reading.sending import bring, messages, states

pytestmark = pytest.mark.django_db(transaction=True)


def test_letters_are_sent_once_and_only_as_ids(no_worker: None) -> None:
    ids = bring(*["x"] * 25)
    assert send_waiting("interactive") == 25
    assert messages("interactive") == [ids[:10], ids[10:20], ids[20:]]
    assert send_waiting("interactive") == 0
    assert len(messages("interactive")) == 3


def test_the_lanes_are_separate(no_worker: None) -> None:
    bulk = bring("a", "b", lane="bulk")
    bring("c", first=3)
    send_waiting("bulk")
    assert messages("bulk") == [bulk]
    assert messages("interactive") == []


def test_the_broker_holds_at_most_one_window(no_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "WINDOW", 20)
    ids = bring(*["x"] * 30)
    send_waiting("interactive")
    assert messages("interactive") == [ids[:10], ids[10:20]]
    parse_letters(ids[:10])  # finished, so there is room for as many more
    assert messages("interactive") == [ids[:10], ids[10:20], ids[20:]]


def test_a_suspended_sender_holds_up_no_upload(no_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    monkeypatch.setattr(letters, "SENDER_SECONDS", 1)
    ids = bring("x")
    with psycopg.connect(**connection.get_connection_params()) as suspended:
        suspended.execute("SELECT pg_advisory_xact_lock(hashtextextended('sending interactive', 0))")
        assert send_waiting("interactive") == 0
        suspended.rollback()
    sweep()
    assert messages("interactive") == [ids]


@pytest.mark.slow
def test_nothing_is_lost_while_the_broker_is_down(no_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = bring("x")
    nowhere = app.connection_for_write("redis+socket:///nowhere/valkey.sock")
    with monkeypatch.context() as patch:
        send: Any = parse_letters.apply_async
        patch.setattr(parse_letters, "apply_async", partial(send, connection=nowhere, retry=False))
        send_waiting("interactive")
    assert states(ids) == ["received"]
    sweep()
    assert messages("interactive") == [ids]

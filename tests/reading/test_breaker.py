"""Faults alike stop reading and cost no letter its place; a few that fail among good ones are set aside."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from determinations.models import Letter
from determinations.parsing import parse_file
from determinations.reading import breaker, one_letter, readiness
from determinations.tasks import parse_letters
from tests.reading.conftest import bring_letters, states_of_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_waiting")]


def fail(*details: Any) -> Any:
    raise KeyError("no letter text")


def test_a_parser_that_fails_on_every_letter_costs_none_its_place(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring_letters(60)
    with monkeypatch.context() as patch:
        patch.setattr(one_letter, "parse_file", fail)
        for _ in range(3):
            parse_letters(ids)
        assert states_of_all() == {"received"}
        assert set(Letter.objects.values_list("attempts", flat=True)) == {0}
        (reason,) = readiness.obstacles()
        assert reason.code == "failing_alike"
        assert "KeyError" in reason.what
    monkeypatch.setattr(breaker.breaker, "try_again_at", 0.0)
    parse_letters(ids)
    assert states_of_all() == {"parsed"}


def test_a_database_that_refuses_every_result_costs_no_letter_its_place(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring_letters(12)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE 'words of the letter' USING ERRCODE = 'check_violation'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_all BEFORE INSERT OR UPDATE ON determinations_parseddocument"
            " FOR EACH ROW EXECUTE FUNCTION refuse_all()"
        )
    try:
        for _ in range(3):
            parse_letters(ids)
        assert states_of_all() == {"received"}
        assert set(Letter.objects.values_list("attempts", flat=True)) == {0}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_all CASCADE")
    monkeypatch.setattr(breaker.breaker, "try_again_at", 0.0)
    parse_letters(ids)
    assert states_of_all() == {"parsed"}


def test_letters_that_fail_alike_in_a_row_stop_reading_and_are_returned(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known good letter can be read, and yet several letters in a row fail alike."""
    ids = bring_letters(30)
    parse = parse_file

    def fail_on_therapy(source: Any, *details: Any) -> Any:
        return fail() if "This letter is synthetic." in source.text else parse(source, *details)

    with monkeypatch.context() as patch:
        patch.setattr(one_letter, "parse_file", fail_on_therapy)
        parse_letters(ids)
        assert states_of_all() == {"received"}
        assert readiness.obstacles()[0].code == "failing_alike"
        patch.setattr(breaker.breaker, "try_again_at", 0.0)
        parse_letters(ids)  # one is tried after the pause; those behind it keep their place
        assert Letter.objects.filter(state="received", attempts=0).count() == 29
    monkeypatch.setattr(breaker.breaker, "try_again_at", 0.0)
    parse_letters(ids)
    assert Letter.objects.filter(state="parsed").count() == 29


def test_a_few_letters_that_fail_among_good_ones_are_set_aside(
    no_worker: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = bring_letters(20)
    parse = parse_file
    bad = {"CM17-0000004", "CM17-0000005", "CM17-0000011"}

    def fail_on_some(source: Any, *details: Any) -> Any:
        return fail() if any(number in source.text for number in bad) else parse(source, *details)

    monkeypatch.setattr(one_letter, "parse_file", fail_on_some)
    parse_letters(ids)
    assert Letter.objects.filter(state="set_aside").count() == 3
    assert Letter.objects.filter(state="parsed").count() == 17
    assert readiness.obstacles() == []

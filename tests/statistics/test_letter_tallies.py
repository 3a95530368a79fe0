"""Counts of letters by state and layout, which triggers keep, equal a plain count, also while letters change."""

import random
import threading
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from determinations.access.scope import Scope, within
from determinations.models import Letter, LetterTally
from determinations.statistics import letter_tallies
from determinations.statistics.letter_tallies import differences, fold, letters_by_state_and_layout
from tests.statistics.worlds import random_event, stored_world

pytestmark = pytest.mark.django_db


def tallied() -> Counter[tuple[str, str]]:
    return Counter({(state, layout): letters for state, layout, letters in letters_by_state_and_layout()})


def plain() -> Counter[tuple[str, str]]:
    return Counter(Letter.objects.values_list("state", "layout"))


def test_the_tally_follows_every_change(people: Any) -> None:
    chance = random.Random(3)
    stored_world(chance, 12)
    assert tallied() == plain()
    assert len(plain()) > 1
    for _ in range(12):
        random_event(chance, people.admin)
        assert tallied() == plain()
    Letter.objects.update(attempts=1)
    noted = LetterTally.objects.count()
    Letter.objects.update(attempts=2)
    assert LetterTally.objects.count() == noted, "a change of other columns adds no row"


def test_rows_are_summed_up_and_counts_stay(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_tallies, "_FEW", 4)
    stored_world(random.Random(4), 12)
    before = tallied()
    assert LetterTally.objects.count() > len(before)
    assert fold()
    assert tallied() == before == plain()
    assert LetterTally.objects.count() == len(before)
    monkeypatch.setattr(letter_tallies, "_FEW", len(before) + 1)
    assert not fold()


def test_the_command_finds_and_corrects_a_difference(people: Any) -> None:
    stored_world(random.Random(5), 6)
    call_command("check_counts", stdout=StringIO())
    LetterTally.objects.create(state="parsed", layout="letter", letters=3)
    told = StringIO()
    with pytest.raises(CommandError, match="differ"):
        call_command("check_counts", stdout=told)
    assert "parsed letter: -3 letters" in told.getvalue()
    call_command("check_counts", correct=True, stdout=StringIO())
    assert tallied() == plain()


def test_a_limited_account_counts_its_own_letters() -> None:
    stored_world(random.Random(7), 6)
    with within(Scope(offices=(1,))):
        assert letters_by_state_and_layout() == []
    with within(Scope(masked=True)):
        assert tallied() == plain()


@pytest.mark.django_db(transaction=True)
def test_counts_are_right_while_writers_run(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_tallies, "_FEW", 2)
    monkeypatch.setattr(letter_tallies, "_FOLDED", 5)
    stored_world(random.Random(6), 20)
    ids, stop, errors = list(Letter.objects.values_list("pk", flat=True)), threading.Event(), []
    folded: list[bool] = []

    def write(seed: int) -> None:
        own = random.Random(seed)
        try:
            while not stop.is_set():
                some = own.sample(ids, 3)
                Letter.objects.filter(pk=some[0]).update(state=own.choice(["parsed", "needs_review", "failed"]))
                Letter.objects.filter(pk__in=sorted(some)[:1]).update(
                    layout=own.choice(["", "letter", "determination"])
                )
                folded.append(fold())
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(60):
            assert differences() == []
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert errors == []
    assert any(folded)
    assert tallied() == plain()

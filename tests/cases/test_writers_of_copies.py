"""Many writers of the same few cases: no deadlock, no refused row, and afterwards every row as if written in turn."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.http import QueryDict

from determinations.cases.effective import write_cases
from determinations.cases.holding import Held, holding
from determinations.cases.open_letter import CorrectionsRefused
from determinations.cases.review_entries import note_report
from determinations.casework import notes, work
from determinations.corrections import actions, duplicates, removal, review_queue
from determinations.models import (
    Case,
    CaseNote,
    CaseWork,
    CitationFact,
    ItemFact,
    Letter,
    LetterPair,
    PairDecision,
    ProblemReport,
)
from determinations.statistics.sql_engine import SqlEngine
from determinations.wording.labels import read_labels
from tests.corrections.letters import NOW, citation, document, item, store_reading, stored_letter, stored_letters
from tests.fixtures.people import People
from tests.statistics import plain_count
from tests.statistics.test_exact import compare

NUMBERS = ["CM16-9000001", "CM16-9000002", "CM16-9000003", None]
WRITERS, ACTIONS = 6, 5


def random_copy(chance: random.Random) -> dict[str, Any]:
    """One of the forms in which a letter arrives: whole, without its last item, amended, or without its number.

    Its sources are new to the product, so that writers add rows that others add too.
    """
    sources = [citation(f"other/synthetic-source-{chance.randrange(30)}", None) for _ in range(3)]
    sources = list({source["authority"]: source for source in sources}.values())
    brace = item("Knee brace", claims=sources, reviewer=sources[::-1], category=f"Synthetic {chance.randrange(20)}")
    therapy = item("Twelve physical therapy sessions", chance.choice(["upheld", "upheld", "overturned"]))
    return document(
        *([brace, therapy] if chance.random() < 0.7 else [brace]),
        case_number=chance.choice(NUMBERS),
        decision_date=chance.choice(["2016-12-09", "2016-12-09", "2017-02-01"]),
    )


class Writer:
    """One writer, with an order of actions of its own."""

    def __init__(self, seed: int, by: User) -> None:
        self.chance = random.Random(seed)
        self.by = by

    def act(self) -> None:
        action: Callable[[int], object] = self.chance.choice([
            self.arrives, self.is_read_again, self.is_read_again, self.is_corrected, self.is_corrected,
            self.is_compared, self.is_decided, self.is_reported, self.is_removed,
        ])  # fmt: skip
        action(self.chance.choice(list(Letter.objects.values_list("pk", flat=True))))

    def arrives(self, _letter_id: int) -> None:
        stored_letter(random_copy(self.chance), text=self.chance.choice(["the same text", "another text"]))

    def is_read_again(self, letter_id: int) -> None:
        store_reading(Letter.objects.get(pk=letter_id), random_copy(self.chance), version="2")

    def is_corrected(self, letter_id: int) -> None:
        path, value = self.chance.choice([
            ("age", 44), ("sex", "female"), ("case_number", NUMBERS[0]), ("case_number", NUMBERS[1]),
            ("items/1/decision", "overturned"), ("items/1/decision", "upheld"), ("decision_date", "2016-12-09"),
        ])  # fmt: skip
        actions.correct_field(letter_id, path, value, by=self.by, now=NOW, reason="misread")

    def is_compared(self, letter_id: int) -> None:
        duplicates.find_pairs([letter_id], now=NOW)

    def is_decided(self, _letter_id: int) -> None:
        pair = self.chance.choice(list(LetterPair.objects.all()) or [LetterPair(pk=0)])
        decision = self.chance.choice([PairDecision.MERGED, PairDecision.APART, PairDecision.OPEN])
        duplicates.decide(pair.pk, decision, counts=pair.older_id, by=self.by, now=NOW)

    def is_reported(self, letter_id: int) -> None:
        note_report(letter_id)
        if report := ProblemReport.objects.order_by("?").first():
            review_queue.answer_report(report.pk, "accepted", answer="synthetic", by=self.by, now=NOW)

    def is_removed(self, letter_id: int) -> None:
        if Letter.objects.count() > 5:
            removal.remove_letter(letter_id, by=self.by, now=NOW, reason="synthetic")


def rows() -> list[tuple[Any, ...]]:
    cases = Case.objects.order_by("pk").values_list(
        "pk", "superseded_by", "is_copy", "case_number", "age", "sex", "outcome", "corrected", "item_count"
    )
    facts = ItemFact.objects.order_by("case", "item__number").values_list("case", "item__number", "overturned", "age")
    return [*cases, *facts, (CitationFact.objects.count(),)]


def is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        return cursor.rowcount > 0


@pytest.mark.django_db(transaction=True)
def test_what_is_added_while_an_amended_letter_is_written_is_added_to_that_one(people: People) -> None:
    begun, done = threading.Event(), threading.Event()

    def amend(letter_id: int, decided: str) -> None:
        def write(_held: Held) -> None:
            begun.set()
            while not (is_waited_for() or done.wait(0.01)):
                pass
            stored_letter(document(item("Knee brace"), decision_date=decided))

        try:
            holding([letter_id], write)
        finally:
            begun.set()
            connection.close()

    def assign(letter_id: int) -> None:
        work.assign([letter_id], people.admin, by=people.admin, now=NOW)

    def add_note(letter_id: int) -> None:
        notes.add_note(letter_id, "synthetic", by=people.admin, now=NOW)

    stored_letter(document(item("Knee brace")))
    for add, decided in ((assign, "2017-02-01"), (add_note, "2017-03-01")):
        (before,) = Case.objects.current().values_list("pk", flat=True)
        writer = threading.Thread(target=amend, args=(before, decided))
        writer.start()
        begun.wait()
        add(before)
        done.set()
        writer.join()
        (now,) = Case.objects.current().values_list("pk", flat=True)
        assert now > before
        assert list(CaseWork.objects.values_list("pk", flat=True)) == [now]
        begun.clear()
        done.clear()
    assert CaseNote.objects.get().letter_id == now


@pytest.mark.django_db(transaction=True)
def test_many_writers_of_copies_never_deadlock_and_leave_exact_facts(people: People) -> None:
    chance = random.Random(1)
    for letter in stored_letters(random_copy(chance) for _ in range(8)):
        ProblemReport.objects.create(letter=letter, by=people.casemanager, at=NOW, path="age", note="synthetic")
    faults: list[Exception] = []

    def write(seed: int) -> None:
        writer = Writer(seed, people.admin)
        try:
            for _ in range(ACTIONS):
                try:
                    writer.act()
                except (ObjectDoesNotExist, CorrectionsRefused):
                    continue  # another writer removed the letter or the item
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(WRITERS)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert not faults
    compare(SqlEngine(), QueryDict(), read_labels(), plain_count.countable_items())
    counting = set(Case.objects.current().filter(item_count__gt=0).values_list("pk", flat=True))
    assert set(ItemFact.objects.values_list("case", flat=True)) == counting
    before = rows()
    write_cases(list(Letter.objects.values_list("pk", flat=True)))
    assert rows() == before

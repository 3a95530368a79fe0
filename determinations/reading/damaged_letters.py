"""Finds letters with damaged texts or values, and has them restored from what is whole.

A letter's text and values are read again from its stored file; corrections stay in force, as after any reading. The
texts of a case are written again from the values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from determinations.access import audit
from determinations.cases.effective import write_cases
from determinations.cases.holding import lock_letters
from determinations.cases.merging import empty_document
from determinations.cases.readable_values import Damaged, damaged_values
from determinations.models import DamagedText, DamagedValue, Letter, LetterSignature, ParsedDocument
from determinations.models.letters import OPEN_STATES
from determinations.reading.ingest import read_from_file

#: Letters whose values are read in one step.
STEP = 500
_OF_FILE = (DamagedValue.TEXT, DamagedValue.DOCUMENT)


@dataclass(frozen=True, slots=True)
class Checked:
    """A step of a check of all letters: how many there were, the last of them, and what is damaged."""

    letters: int
    last: int
    damaged: Sequence[Damaged]


def check_letters(after: int = 0) -> Iterator[Checked]:
    """Unpack every stored text of the letters after this one, step by step, and note what is damaged now."""
    while True:
        rest = Letter.objects.filter(pk__gt=after).order_by("pk")
        letters = list(rest.values_list("pk", flat=True)[:STEP])
        if not letters:
            return
        yield Checked(len(letters), letters[-1], _check(letters))
        after = letters[-1]


def forget_whole() -> None:
    """Look again at letters that are noted as damaged, those noted first; what is whole by now is forgotten."""
    noted = DamagedText.objects.order_by("found_at").values_list("letter", flat=True)
    _check(list(dict.fromkeys(noted[:STEP])))


def _check(letters: Sequence[int]) -> list[Damaged]:
    damaged = damaged_values(letters)
    for note in DamagedText.objects.filter(letter__in=letters):
        if Damaged(note.letter_id, DamagedValue(note.value)) not in damaged:
            note.delete()
    DamagedText.objects.bulk_create(
        (DamagedText(letter_id=pk, value=value) for pk, value in sorted(damaged)),
        update_conflicts=True,
        unique_fields=["letter", "value"],
        update_fields=["found_at"],
    )
    return sorted(damaged)


def restore(damaged: Sequence[Damaged]) -> tuple[int, int]:
    """Have damaged values restored; returns how many letters wait to be read again, and how many cases were written.

    Letters that are being read, or wait for it, are left to that. The values of a letter that staff entered by hand
    are corrections to a document without values, which is written again.
    """
    of_file = {pk for pk, value in damaged if value in _OF_FILE}
    by_hand = ParsedDocument.objects.filter(
        pk__in=[pk for pk, value in damaged if value is DamagedValue.DOCUMENT], parser_version=""
    )
    by_hand.update(document=empty_document())
    with transaction.atomic():
        waiting = lock_letters(of_file).exclude(state__in=OPEN_STATES)
        again = list(waiting.values_list("pk", flat=True))
        read_from_file(again)
        LetterSignature.objects.filter(pk__in=again).delete()  # they are compared with others again
        if again:
            audit.record("letters.damaged_read_again", by=None, at=timezone.now(), letter_ids=again)
    cases = {pk for pk, value in damaged if value not in _OF_FILE} - of_file
    write_cases(cases)
    return len(again), len(cases)

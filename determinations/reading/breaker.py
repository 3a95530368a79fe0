"""Stops reading when letters fail for a fault that is not theirs.

A letter is set aside only if a known good letter can be read at that moment. If several letters in a row fail alike
all the same, this process stops claiming, returns them to the queue, and tries again after a while.
"""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from determinations.intake.store_health import Obstacle
from determinations.models import Letter, LetterState
from determinations.models.letters import Lane
from determinations.reading.known_letter import fault_with_known_letter
from determinations.reading.one_letter import Reading

log = logging.getLogger(__name__)

#: So many letters that fail alike in a row, with no success between, are not at fault themselves.
ALIKE = 5
#: What kinds of failures begin with that happened while the values were written.
WRITING = "writing"
#: Seconds until a stopped process tries again: the first time, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 15.0, 600.0
#: A known good letter is tried at most this often, in seconds.
_TRIED_EVERY = 5.0


class ReadingStopped(Exception):
    """The fault is not the letter's. The letters return to the queue, and no attempt counts."""

    def __init__(self, kind: str, set_aside: Sequence[int] = ()) -> None:
        super().__init__(kind)
        self.set_aside = set_aside


@dataclass(slots=True)
class Breaker:
    """Failures in a row of one process."""

    kind: str = ""
    failed: list[int] = field(default_factory=list)
    stopped: str = ""
    fails_with_known_letter: bool = False
    try_again_at: float = 0.0
    pause: float = _FIRST_PAUSE

    def succeeded(self) -> None:
        """A letter was read and written."""
        self.kind, self.failed, self.stopped, self.pause = "", [], "", _FIRST_PAUSE
        self.fails_with_known_letter = False

    def read_well(self) -> None:
        """A letter was read and not written yet: it ends a row of failures, except of failures to write."""
        if not self.stopped and not self.kind.startswith(WRITING):
            self.kind, self.failed = "", []

    def judge(self, letter_id: int, kind: str) -> None:
        """Return if the letter itself is at fault, else raise :class:`ReadingStopped`. ``kind`` tells faults apart."""
        if fault := fault_with_known_letter():
            self._stop(fault, known_letter=True)
            raise ReadingStopped(kind, self._failed_before())
        self.failed = [*self.failed, letter_id] if kind == self.kind else [letter_id]
        self.kind = kind
        if len(self.failed) < ALIKE:
            return
        is_trial = bool(self.stopped)
        self._stop(kind, known_letter=False)
        if not is_trial:
            raise ReadingStopped(kind, self._failed_before())
        # After the pause one letter was tried, and a known good letter can be read: this letter is set aside, so that
        # those behind it get their turn.

    def stop(self, kind: str) -> None:
        """Stop reading for a fault that is no letter's, such as a disk error."""
        self._stop(kind, known_letter=True)

    def obstacle(self) -> Obstacle | None:
        """Why this process reads no letters now; None if it does, or is to try one again."""
        if not self.stopped:
            return None
        if time.monotonic() >= self.try_again_at:
            if not self.fails_with_known_letter:
                return None
            if not fault_with_known_letter():
                self.succeeded()
                return None
            self.try_again_at = time.monotonic() + _TRIED_EVERY
        return self._said()

    def _said(self) -> Obstacle:
        if self.fails_with_known_letter:
            return Obstacle(
                "failing_alike",
                f"Reading fails for any letter ({self.stopped}). The letters wait; none was set aside.",
                "See the worker's log. Reading continues as soon as a known good letter can be read.",
            )
        return Obstacle(
            "failing_alike",
            f"{len(self.failed)} letters in a row failed alike ({self.stopped}).",
            "See the worker's log. Reading is tried again after a pause.",
        )

    def _stop(self, kind: str, *, known_letter: bool) -> None:
        self.pause = min(self.pause * 2, _LONGEST_PAUSE) if self.stopped else _FIRST_PAUSE
        self.stopped, self.fails_with_known_letter = kind, known_letter
        self.try_again_at = time.monotonic() + (_TRIED_EVERY if known_letter else self.pause)
        log.error("Reading stops: %s", self._said().what)

    def _failed_before(self) -> list[int]:
        """The letters of this row of failures, which were set aside before its length was known."""
        before, self.failed = self.failed, self.failed[-ALIKE:]
        return before


def return_set_aside(ids: Sequence[int]) -> None:
    """Return letters to the queue that were set aside for a fault that was not theirs."""
    for lane in Lane.values:
        Letter.objects.filter(pk__in=ids, lane=lane, state=LetterState.SET_ASIDE).update(
            state=Lane(lane).waiting, message="", attempts=0, queued_at=None, finished_at=None
        )


#: Of this process.
breaker = Breaker()


def check_breaker() -> None:
    """Raise :class:`ReadingStopped` while this process reads no letters."""
    if obstacle := breaker.obstacle():
        raise ReadingStopped(obstacle.what)


def note_reading(reading: Reading) -> None:
    """Judge a letter that could not be read; raises :class:`ReadingStopped` if the fault is not the letter's."""
    if reading.fault:
        breaker.judge(reading.letter_id, reading.fault)
    else:
        breaker.read_well()


def note_written(readings: Collection[Reading]) -> None:
    """Letters were written; one without a fault ends a row of failures."""
    if any(not reading.fault for reading in readings):
        breaker.succeeded()

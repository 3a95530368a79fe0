"""The work that goes on during a soak run, letters, corrections and re-reading, and what must be true afterwards."""

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection
from django.db.models import Count
from django.utils import timezone

from determinations.cases.open_letter import Change
from determinations.corrections.actions import LetterChanged, save_changes
from determinations.intake.receiving import receive_files
from determinations.intake.store_health import StoreUnavailable
from determinations.intake.stored_files import StoredFileFault, stored_bytes
from determinations.models import (
    Case,
    Correction,
    DisputedItem,
    ItemFact,
    Letter,
    LetterText,
    Operation,
    ParsedDocument,
    ReparseRun,
    RunState,
    UploadedFile,
)
from determinations.models.letters import OPEN_STATES, Lane
from determinations.models.reparsing import AT_WORK
from determinations.reading import reparsing
from determinations.synthetic import letter_pdf, write_letter
from determinations.tasks import send_reparse, send_waiting

#: Letters of one run that reads again.
_READ_AGAIN = 300
#: Files compared after each fault; after the last fault all are.
_COMPARED = 300
_CORRECTED_AGE = 101  # no synthetic letter has it


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong after the faults: numbers of letters."""

    lost: int = 0
    doubled: int = 0
    half_written: int = 0
    set_aside: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.lost + self.doubled + self.half_written + self.set_aside


@dataclass(slots=True)
class Work:
    """Uploads, corrects and reads again; remembers what was accepted."""

    chance: random.Random
    accepted: dict[str, int] = field(default_factory=dict)
    corrected: set[int] = field(default_factory=set)
    runs: int = 0
    _letters: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Letters in an endless row, PDF and text by turns."""
        self._letters = (_bytes_of(number) for number in count())

    def upload(self, letters: int) -> bool:
        """Upload new letters, some of them twice; False if they were refused, and then nothing of them is kept."""
        files = list(islice(self._letters, letters))
        files += self.chance.sample(files, min(2, len(files)))
        contents = [ContentFile(data, name=f"letter {number}") for number, data in enumerate(files)]
        lane = self.chance.choice((Lane.INTERACTIVE, Lane.BULK))
        try:
            receive_files(by=None, files=contents, lane=lane)
        except (StoreUnavailable, DatabaseError):
            connection.close()
            return False
        for data in files:
            self.accepted[hashlib.sha256(data).hexdigest()] = len(data)
        try:
            for lane in Lane:
                send_waiting(lane)
        except DatabaseError:
            connection.close()  # the sweep sends them
        return True

    def correct(self, by: User) -> None:
        """Correct a value of a few letters that were read."""
        parsed = Letter.objects.filter(case__isnull=False, state__in=("parsed", "needs_review"))
        for pk in parsed.order_by("?").values_list("pk", flat=True)[:2]:
            if pk not in self.corrected:
                change = Change(operation=Operation.SET, path="age", value=_CORRECTED_AGE, reason="misread")
                try:
                    save_changes(pk, [change], by=by, now=timezone.now())
                except LetterChanged:  # it is being read again at this moment
                    continue
                self.corrected.add(pk)

    def read_again(self, by: User) -> None:
        """Start a run that reads the newest letters again, unless one is at work."""
        if ReparseRun.objects.filter(state__in=AT_WORK).exists():
            return
        newest = Letter.objects.order_by("-pk").values_list("pk", flat=True)[:_READ_AGAIN]
        run = reparsing.start({"what": "ids", "ids": list(newest)}, by=by, now=timezone.now(), why="soak")
        ReparseRun.objects.filter(pk=run.pk).update(state=RunState.PREVIEWED)
        reparsing.go(run.pk, by=by, now=timezone.now())
        send_reparse(run.pk)
        self.runs += 1

    def is_finished(self) -> bool:
        """Nothing waits and nothing is at work."""
        return not (
            Letter.objects.filter(state__in=OPEN_STATES).exists()
            or ReparseRun.objects.filter(state__in=AT_WORK).exists()
        )

    def what_is_open(self) -> str:
        """Letters by state, when the first ones were sent, and runs that are at work."""
        letters = Letter.objects.filter(state__in=OPEN_STATES)
        states = [f"{number} {state}" for state, number in letters.values_list("state").annotate(Count("pk"))]
        sent = letters.order_by("pk").values_list("queued_at", "started_at")[:3]
        runs = ReparseRun.objects.filter(state__in=AT_WORK).values_list("state", "reached", "stepped_at")
        return f"letters {states}, the first sent and started {_times(sent)}; runs {_times(runs)}"

    def damage(self, *, files: int = _COMPARED) -> Damage:
        """Compare what was accepted with what is there: all rows, and the files of the newest letters."""
        letters = {letter.sha256: letter for letter in Letter.objects.all()}
        lost = sum(sha256 not in letters for sha256 in self.accepted)
        compared = [sha256 for sha256 in list(self.accepted)[-files:] if sha256 in letters]
        lost += sum(not _has_bytes(letters[sha256]) for sha256 in compared)
        arrivals = UploadedFile.objects.filter(outcome="accepted")
        doubled = arrivals.count() - arrivals.values("letter").distinct().count()
        doubled += Letter.objects.count() - len(letters)
        return Damage(lost, doubled, self._half_written(), Letter.objects.filter(state="set_aside").count())

    def _half_written(self) -> int:
        """Letters that count as read and have no text, no result, no case or items without facts; lost corrections."""
        read = Letter.objects.filter(state__in=("parsed", "needs_review"))
        ids = set(read.values_list("pk", flat=True))
        broken: set[int] = set()
        for model in (LetterText, ParsedDocument, Case):
            broken |= ids - set(model.objects.values_list("pk", flat=True))
        counted = Case.objects.current().filter(pk__in=ids)
        items = DisputedItem.objects.filter(case__in=counted).count()
        facts = ItemFact.objects.filter(case__in=counted).count()
        held = set(Case.objects.filter(pk__in=self.corrected, age=_CORRECTED_AGE).values_list("pk", flat=True))
        saved = Correction.objects.filter(operation=Operation.SET).count()
        return len(broken) + abs(items - facts) + len(self.corrected - held) + max(0, len(self.corrected) - saved)


def _times(rows: Iterable[tuple[object, ...]]) -> list[str]:
    shown = [[f"{value:%H:%M:%S}" if isinstance(value, datetime) else str(value) for value in row] for row in rows]
    return [" ".join(words) for words in shown]


def _bytes_of(number: int) -> bytes:
    letter = write_letter(number, seed=77)
    return letter_pdf(letter) if number % 4 == 0 else letter.text.encode()


def _has_bytes(letter: Letter) -> bool:
    try:
        return bool(stored_bytes(letter))
    except StoredFileFault:
        return False

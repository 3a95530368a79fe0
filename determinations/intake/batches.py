"""Upload progress: counts by state, throughput, and file lists by outcome.

Every number is counted from rows, and every count has a matching list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.http import QueryDict

from determinations.models import Case, Letter, LetterState, Outcome, Upload, UploadedFile
from determinations.models.uploads import FileOutcome
from determinations.paging.counts import Count as Capped
from determinations.wording.states import STATES

#: A batch's speed is measured over this period.
_SPEED_OVER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Group:
    """States that are shown together: tabs and tiles count letters by group."""

    key: str
    label: str
    states: tuple[str, ...]


def _states_of(severity: str) -> tuple[str, ...]:
    return tuple(str(state) for state, words in STATES.items() if words.severity == severity)


#: In the order of the tabs. Files that produced no letter have their own groups in a batch.
GROUPS = (
    Group("waiting", "Waiting", _states_of("open")),
    Group("parsed", "Parsed", _states_of("done")),
    Group("look", "Needs review", _states_of("look")),
    Group("failed", "Could not be read", _states_of("stopped")),
)
NO_LAYOUT = "none"
DUPLICATES, REFUSED, OPENING = "duplicate", "refused", "opening"
_GROUP_STATES: Mapping[str, tuple[str, ...]] = {group.key: group.states for group in GROUPS}


#: Where letters are that are not a case of the lists, as the home page counts them: each letter is in one place.
PLACES: Mapping[str, Q] = {
    "unread": Q(state__in=_GROUP_STATES["waiting"], case=None),
    "unreadable": Q(state__in=_GROUP_STATES["failed"], case=None),
    "older": Q(case__superseded_by__isnull=False),
}
#: What ``state`` may be in addresses of letters, and of the files of a batch.
STATES_OF_LETTERS = (*LetterState.values, *_GROUP_STATES, *PLACES)
STATES_OF_FILES = (*LetterState.values, *_GROUP_STATES, DUPLICATES, REFUSED, OPENING)


def states_asked_for(query: QueryDict) -> tuple[str, ...]:
    """The states requested in the query string, with groups expanded; empty for all."""
    wanted: dict[str, None] = {}
    for value in query.getlist("state"):
        wanted |= dict.fromkeys(_GROUP_STATES.get(value, (value,)))
    return tuple(state for state in wanted if state in LetterState.values)


def files_of(upload: Upload, query: QueryDict) -> QuerySet[UploadedFile]:
    """The files of a batch that match the query string: by letter state, duplicates, refused files."""
    files = UploadedFile.objects.filter(upload=upload)
    if name := query.get("name", "").replace("\0", ""):
        files = files.filter(name__icontains=name)
    requested_states = query.getlist("state")
    if not any(requested_states):
        return files
    matching = Q(outcome=FileOutcome.ACCEPTED, letter__state__in=states_asked_for(query))
    if DUPLICATES in requested_states:
        matching |= Q(outcome=FileOutcome.DUPLICATE)
    if "waiting" in requested_states or OPENING in requested_states:
        matching |= Q(outcome=FileOutcome.OPENING)
    if REFUSED in requested_states:
        matching |= Q(outcome=FileOutcome.REFUSED)
    return files.filter(matching)


def letters_in(query: QueryDict) -> QuerySet[Letter]:
    """Letters of all uploads with the requested states or layout; by default those that need attention.
    ``NO_LAYOUT`` selects letters of unknown layout; ``PLACES`` are places instead of states."""
    if place := PLACES.get(query.get("state", "")):
        return Letter.objects.filter(place)
    layout, states = query.get("layout", ""), states_asked_for(query)
    if layout:
        of_layout = Letter.objects.filter(layout="" if layout == NO_LAYOUT else layout)
        return of_layout.filter(state__in=states) if states else of_layout
    return Letter.objects.filter(state__in=states or (*_GROUP_STATES["failed"], *_GROUP_STATES["look"]))


@dataclass(frozen=True, slots=True)
class Tab:
    """A group, or one state of it, with its count."""

    key: str
    label: str
    count: int | Capped

    @property
    def words(self) -> str:
        """The label as used in a sentence, after the count."""
        one, many = _IN_A_SENTENCE.get(self.key, (self.label.lower(),) * 2)
        return one if self.count == 1 else many


_IN_A_SENTENCE = {"look": ("needs review", "need review"), "duplicate": ("duplicate", "duplicates")}


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a batch. ``per_second`` and ``seconds_left`` are None while no letters are being finished.

    ``opening``: archives and messages that a worker has yet to open; they count as waiting.
    """

    files: int
    more_letters: int
    by_state: Mapping[str, int]
    duplicates: int
    refused: int
    opening: int
    per_second: float | None
    seconds_left: float | None
    took_seconds: float | None

    @property
    def file_count(self) -> int:
        """The number of files received; a file with several letters has one entry per letter."""
        return self.files - self.more_letters

    @property
    def waiting(self) -> int:
        """The number of letters not read yet, and of files not opened yet."""
        return self.of_group("waiting")

    @property
    def done(self) -> int:
        """The number of files whose processing is finished."""
        return self.files - self.waiting

    def of_group(self, key: str) -> int:
        """The number of letters in a group; files that are being opened wait."""
        letters = sum(self.by_state.get(state, 0) for state in _GROUP_STATES[key])
        return letters + (self.opening if key == "waiting" else 0)

    def tabs(self) -> list[Tab]:
        """A tab for all letters, duplicates and refused files, then one per nonempty group."""
        tabs = [Tab(group.key, group.label, self.of_group(group.key)) for group in GROUPS]
        tabs += [Tab(DUPLICATES, "Duplicates", self.duplicates), Tab(REFUSED, "Refused", self.refused)]
        return [Tab("", "All", self.files), *(tab for tab in tabs if tab.count)]

    def sentence(self) -> list[Tab]:
        """The nonempty groups, with waiting letters last."""
        tabs = self.tabs()[1:]
        return sorted(tabs, key=lambda tab: tab.key == "waiting")

    def reasons(self) -> list[Tab]:
        """The states in which letters stopped, with their counts."""
        return [
            Tab(state, STATES[state].label, n)
            for state, n in self.by_state.items()
            if STATES[state].severity == "stopped"
        ]


def progress_of(upload: Upload, *, now: datetime) -> Progress:
    """Count a batch's files by outcome and state, in one query."""
    lately = now - _SPEED_OVER
    rows = (
        UploadedFile.objects.filter(upload=upload)
        .values("outcome", state=F("letter__state"))
        .annotate(
            files=Count("id"),
            lately=Count("id", filter=Q(letter__finished_at__gte=lately)),
            began_at=Min("letter__started_at"),
            ended_at=Max("letter__finished_at"),
            more_letters=Count("id", filter=Q(letter__part__gt=1)),
        )
        .order_by()
    )
    by_outcome = {outcome: [row for row in rows if row["outcome"] == outcome] for outcome in FileOutcome.values}
    accepted = by_outcome[FileOutcome.ACCEPTED]
    by_state = {row["state"]: row["files"] for row in accepted}
    began_at = min((row["began_at"] for row in accepted if row["began_at"]), default=None)
    ended_at = max((row["ended_at"] for row in accepted if row["ended_at"]), default=None)
    opening = sum(row["files"] for row in by_outcome[FileOutcome.OPENING])
    waiting = sum(by_state.get(state, 0) for state in _GROUP_STATES["waiting"])
    speed = _speed(sum(row["lately"] for row in accepted), began_at, now) if waiting else None
    return Progress(
        files=sum(row["files"] for row in rows),
        more_letters=sum(row["more_letters"] for row in rows),
        by_state=by_state,
        duplicates=sum(row["files"] for row in by_outcome[FileOutcome.DUPLICATE]),
        refused=sum(row["files"] for row in by_outcome[FileOutcome.REFUSED]),
        opening=opening,
        per_second=speed,
        seconds_left=waiting / speed if speed and not opening else None,
        took_seconds=(ended_at - began_at).total_seconds()
        if began_at and ended_at and not waiting + opening
        else None,
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """What the cases of a batch decide; copies and earlier versions are not counted, as in the list of cases."""

    cases: int
    overturned: int
    partly: int


def decided_in(upload: Upload) -> Decided:
    """Count the cases of a batch by outcome, in one query."""
    of_batch = UploadedFile.objects.filter(upload=upload, letter=OuterRef("pk"))
    numbers = Case.objects.current().filter(Exists(of_batch)).aggregate(
        cases=Count("pk"),
        overturned=Count("pk", filter=Q(outcome=Outcome.OVERTURNED)),
        partly=Count("pk", filter=Q(outcome=Outcome.PARTLY)),
    )  # fmt: skip
    return Decided(**numbers)


def _speed(finished_lately: int, began_at: datetime | None, now: datetime) -> float | None:
    """Letters per second over the last seconds, or since the first letter was started if that is more recent."""
    if not finished_lately or began_at is None:
        return None
    seconds = min(_SPEED_OVER.total_seconds(), max((now - began_at).total_seconds(), 0.5))
    return finished_lately / seconds


def counts_of(uploads: Sequence[Upload]) -> dict[int, dict[str, int]]:
    """The number of files of each batch (``files``), and the number per group."""
    counts: dict[int, dict[str, int]] = {upload.pk: {"files": 0} for upload in uploads}
    rows = (
        UploadedFile.objects.filter(upload__in=uploads)
        .values("upload_id", "outcome", state=F("letter__state"))
        .annotate(files=Count("id"))
        .order_by()
    )
    group_of = {state: group.key for group in GROUPS for state in group.states}
    for row in rows:
        of_batch = counts[row["upload_id"]]
        match row["outcome"]:
            case FileOutcome.ACCEPTED:
                key = group_of[row["state"]]
            case FileOutcome.OPENING:
                key = "waiting"
            case outcome:
                key = outcome
        of_batch[key] = of_batch.get(key, 0) + row["files"]
        of_batch["files"] += row["files"]
    return counts

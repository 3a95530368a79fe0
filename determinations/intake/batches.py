"""Uploads as people follow them: how many of a batch's files are where, how fast it goes, and lists of files by fate.

Every number is counted from rows, and each count has the list that it counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.http import QueryDict

from determinations.models import Letter, LetterState, Upload, UploadedFile
from determinations.models.uploads import FileOutcome
from determinations.paging.counts import Count as Capped
from determinations.wording.states import STATES

#: A batch's speed is that of its last seconds.
_SPEED_OVER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Group:
    """Letters that people think of together: what tabs and tiles count."""

    key: str
    label: str
    states: tuple[str, ...]


def _states_of(severity: str) -> tuple[str, ...]:
    return tuple(str(state) for state, words in STATES.items() if words.severity == severity)


#: In the order of the tabs. Files that gave no letter have groups of their own in a batch.
GROUPS = (
    Group("waiting", "Waiting", _states_of("open")),
    Group("parsed", "Parsed", _states_of("done")),
    Group("look", "Needs review", _states_of("look")),
    Group("failed", "Could not be read", _states_of("stopped")),
)
NO_LAYOUT = "none"
DUPLICATES, REFUSED = "duplicate", "refused"
_GROUP_STATES: Mapping[str, tuple[str, ...]] = {group.key: group.states for group in GROUPS}


def states_asked_for(query: QueryDict) -> tuple[str, ...]:
    """The states that an address asks for, groups spelled out; empty for all."""
    wanted: dict[str, None] = {}
    for value in query.getlist("state"):
        wanted |= dict.fromkeys(_GROUP_STATES.get(value, (value,)))
    return tuple(state for state in wanted if state in LetterState.values)


def files_of(upload: Upload, query: QueryDict) -> QuerySet[UploadedFile]:
    """The files of a batch that the address asks for: by state of their letters, duplicates, refused ones."""
    files = UploadedFile.objects.filter(upload=upload)
    if name := query.get("name", "").replace("\0", ""):
        files = files.filter(name__icontains=name)
    asked = query.getlist("state")
    if not any(asked):
        return files
    fate = Q(outcome=FileOutcome.ACCEPTED, letter__state__in=states_asked_for(query))
    if DUPLICATES in asked:
        fate |= Q(outcome=FileOutcome.DUPLICATE)
    if REFUSED in asked:
        fate |= Q(outcome=FileOutcome.REFUSED)
    return files.filter(fate)


def letters_in(query: QueryDict) -> QuerySet[Letter]:
    """Letters of all uploads in the states, or of the layout, that the address asks for; else those that need
    somebody. ``NO_LAYOUT`` is the layout of letters that the parser knows none for."""
    layout, states = query.get("layout", ""), states_asked_for(query)
    if layout:
        of_layout = Letter.objects.filter(layout="" if layout == NO_LAYOUT else layout)
        return of_layout.filter(state__in=states) if states else of_layout
    return Letter.objects.filter(state__in=states or (*_GROUP_STATES["failed"], *_GROUP_STATES["look"]))


@dataclass(frozen=True, slots=True)
class Tab:
    """One group with its count, or a state inside it."""

    key: str
    label: str
    count: int | Capped

    @property
    def words(self) -> str:
        """As it stands in a sentence after its count."""
        one, many = _IN_A_SENTENCE.get(self.key, (self.label.lower(),) * 2)
        return one if self.count == 1 else many


_IN_A_SENTENCE = {"look": ("needs attention", "need attention"), "duplicate": ("duplicate", "duplicates")}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a batch stands. ``per_second`` and ``seconds_left`` are None where nothing moves."""

    files: int
    more_letters: int
    by_state: Mapping[str, int]
    duplicates: int
    refused: int
    per_second: float | None
    seconds_left: float | None
    took_seconds: float | None

    @property
    def file_count(self) -> int:
        """How many files came; a file with several letters has an entry for each."""
        return self.files - self.more_letters

    @property
    def waiting(self) -> int:
        """Letters that are not read yet."""
        return self.of_group("waiting")

    @property
    def done(self) -> int:
        """Files for which nothing is left to be done by the machine."""
        return self.files - self.waiting

    def of_group(self, key: str) -> int:
        """How many of a group."""
        return sum(self.by_state.get(state, 0) for state in _GROUP_STATES[key])

    def tabs(self) -> list[Tab]:
        """The groups that are not empty, and before them everything: letters, duplicates and refused files."""
        tabs = [Tab(group.key, group.label, self.of_group(group.key)) for group in GROUPS]
        tabs += [Tab(DUPLICATES, "Duplicates", self.duplicates), Tab(REFUSED, "Refused", self.refused)]
        return [Tab("", "All", self.files), *(tab for tab in tabs if tab.count)]

    def sentence(self) -> list[Tab]:
        """The same without "all", what waits at the end."""
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
    """Count a batch's files by fate, in one query."""
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
    waiting = sum(by_state.get(state, 0) for state in _GROUP_STATES["waiting"])
    speed = _speed(sum(row["lately"] for row in accepted), began_at, now) if waiting else None
    return Progress(
        files=sum(row["files"] for row in rows),
        more_letters=sum(row["more_letters"] for row in rows),
        by_state=by_state,
        duplicates=sum(row["files"] for row in by_outcome[FileOutcome.DUPLICATE]),
        refused=sum(row["files"] for row in by_outcome[FileOutcome.REFUSED]),
        per_second=speed,
        seconds_left=waiting / speed if speed else None,
        took_seconds=(ended_at - began_at).total_seconds() if began_at and ended_at and not waiting else None,
    )


def _speed(finished_lately: int, began_at: datetime | None, now: datetime) -> float | None:
    """Letters a second over the last seconds, or since the first was begun if that is shorter ago."""
    if not finished_lately or began_at is None:
        return None
    seconds = min(_SPEED_OVER.total_seconds(), max((now - began_at).total_seconds(), 0.5))
    return finished_lately / seconds


def counts_of(uploads: Sequence[Upload]) -> dict[int, dict[str, int]]:
    """For each batch how many files it has (``files``), and how many of each group."""
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
        key = group_of[row["state"]] if row["outcome"] == FileOutcome.ACCEPTED else row["outcome"]
        of_batch[key] = of_batch.get(key, 0) + row["files"]
        of_batch["files"] += row["files"]
    return counts

"""The files of a collection, in folders and in ZIP archives of any size, and what became of each."""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.core.files import File
from django.db.models import Q

from determinations.cases.typed_numbers import read_case_number
from determinations.extraction.archives import ArchiveRefused, Member
from determinations.extraction.clutter import is_clutter
from determinations.extraction.contents import clean_path
from determinations.intake.arrivals import clean_name
from determinations.intake.leftovers import uploading_folder
from determinations.intake.store import letter_limits
from determinations.management.commands.import_letters import Unreadable, walk
from determinations.models import Case, UploadedFile
from determinations.models.letters import OPEN_STATES
from determinations.models.uploads import FileOutcome
from determinations.storage.scratch import ScratchFile
from determinations.wording.states import REFUSALS, STATES, STOPPED_STATES

#: A PDF compresses little; more than this is no letter.
_MOST_RATIO = 200
_PART = 1024 * 1024
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """A file by the name of its row, its size in bytes, when it or its archive was written, and how to open it."""

    name: str
    size: int
    written_at: float
    open: Callable[[], File]


def files_in(paths: Iterable[Path]) -> Iterator[CollectionFile]:
    """All files of folders and archives, in a repeatable order. Of an archive, its directory is in memory."""
    for path in paths:
        for file in [path] if path.is_file() else walk(path):
            if archive := _archive(file):
                yield from _members_of(file, archive)
            else:
                status = file.stat()
                name = clean_name(str(file))
                yield CollectionFile(name, status.st_size, status.st_mtime, partial(_opened, file, name))


def _opened(path: Path, name: str) -> File:
    try:
        return File(path.open("rb"), name=name)
    except OSError as fault:
        return File(Unreadable(fault), name=name)  # type: ignore[arg-type]  # it raises when it is read


def _archive(path: Path) -> zipfile.ZipFile | None:
    """The archive that a file is; None for any other file, and for a damaged one, which is refused with the reason."""
    if path.suffix.lower() != ".zip" or not zipfile.is_zipfile(path):
        return None
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        return None


def _members_of(path: Path, archive: zipfile.ZipFile) -> Iterator[CollectionFile]:
    """The files of an archive; those with a name that another one has get a number, so that rows tell them apart.

    The archive closes with its last file, which may be opened after the listing.
    """
    written_at = path.stat().st_mtime
    for number, info in enumerate(archive.infolist()):
        hidden = Path(info.filename).name.startswith(".")
        if info.is_dir() or hidden or is_clutter(info.filename):
            continue
        inside = clean_path(info.filename)
        if archive.NameToInfo[info.filename] is not info:
            inside = f"{number}/{inside}"
        name = clean_name(f"{path}/{inside}")
        yield CollectionFile(name, info.file_size, written_at, partial(_unpacked, archive, info, name))


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> File:
    """The member in scratch; one that is damaged or too large is told as a file that cannot be read."""
    folder = uploading_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = ScratchFile(folder)
    try:
        with Member(info.filename, archive, info, letter_limits().bytes, _MOST_RATIO).open() as stream:
            while part := stream.read(_PART):
                target.write(part)
    except ArchiveRefused as refusal:
        target.close()
        # It raises when it is read.
        return File(Unreadable(OSError(0, str(refusal))), name=name)  # type: ignore[arg-type]
    file = File(target, name=name)  # type: ignore[arg-type]  # the stubs know files of text only
    file.size = target.seek(0, 2)
    target.seek(0)
    return file


# The report


#: What can become of a file, in the order of the report.
NEW, AMENDED, HERE, UNREADABLE, WAITING = "new", "amended", "already here", "unreadable", "waiting"
OUTCOMES = (NEW, AMENDED, HERE, UNREADABLE, WAITING)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of a file. ``case_number`` was read in the letter, or stands in the file's name (``named_by``)."""

    outcome: str
    case_number: str
    named_by: str
    reason: str
    letter: int | None
    name: str


def report_lines(upload_id: int) -> Iterator[ReportLine]:
    """A line for each letter of a batch and each file that gave none, in the order in which they arrived."""
    rows = UploadedFile.objects.select_related("letter").filter(upload=upload_id).order_by("pk")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:_ROWS_AT_ONCE]):
        yield from _lines(chunk)
        last = chunk[-1].pk


def _lines(rows: Sequence[UploadedFile]) -> Iterator[ReportLine]:
    ids = {row.letter_id for row in rows if row.letter_id}
    cases = {case.pk: case for case in Case.objects.filter(pk__in=ids).only(*_COLUMNS)}
    earlier = _earlier_letters(cases.values())
    for row in rows:
        case = cases.get(row.letter_id or 0)
        outcome, reason = _outcome(row, case, earlier)
        number, named_by = (case.case_number or "", "letter") if case else ("", "")
        if not number:
            number = number_in_name(row.name)
            named_by = "file name" if number else ""
        elif (in_name := number_in_name(row.name)) and in_name != number:
            reason = f"{reason} The file name has another number: {in_name}.".strip()
        yield ReportLine(outcome, number, named_by, reason, row.letter_id, row.name)


_COLUMNS = ("case_number", "superseded_by", "is_copy")


def _outcome(row: UploadedFile, case: Case | None, earlier: "dict[int, list[Case]]") -> tuple[str, str]:
    """What became of a file, and why."""
    if row.outcome == FileOutcome.REFUSED:
        label = REFUSALS[row.reason].label if row.reason in REFUSALS else row.reason
        return UNREADABLE, " ".join(filter(None, (f"{label}.", row.message)))
    if row.outcome == FileOutcome.DUPLICATE:
        return HERE, "The same bytes."
    if row.letter is None or (row.letter.state in OPEN_STATES and case is None):
        return WAITING, ""
    if case is None or row.letter.state in STOPPED_STATES:
        return UNREADABLE, f"{STATES[row.letter.state].label}."
    before = earlier.get(case.superseded_by_id or case.pk, [])
    others = [other for other in before if other.pk < case.pk]
    if case.is_copy or (others and all(other.is_copy for other in others)):
        return HERE, "Another copy of a letter."
    if others:
        return AMENDED, "A second determination of the case."
    return NEW, ""


def _earlier_letters(cases: Iterable[Case]) -> "dict[int, list[Case]]":
    """All letters of these cases, by the one that counts."""
    counting = {case.superseded_by_id or case.pk for case in cases}
    together: dict[int, list[Case]] = {}
    for other in Case.objects.filter(Q(pk__in=counting) | Q(superseded_by__in=counting)).only(*_COLUMNS):
        together.setdefault(other.superseded_by_id or other.pk, []).append(other)
    return together


def number_in_name(name: str) -> str:
    """The case number that a file's own name has; empty if it has none."""
    words = Path(name).stem.replace("_", " ").replace(".", " ").split()
    return next(filter(None, (read_case_number(word) for word in words)), "") or ""

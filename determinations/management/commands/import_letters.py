"""``import_letters PATH...``: takes letters in from folders, as many as there are.

Files are read one after the other and stored in windows, each committed with its rows: whatever ends the run, what
was stored stays, and the same command goes on where it ended. Workers read the letters meanwhile, after everything
that people upload.
"""

import os
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from determinations.intake.receiving import clean_name, receive_files
from determinations.models import Letter, Upload, UploadedFile
from determinations.models.letters import Lane
from determinations.models.uploads import FileOutcome
from determinations.reading.workers import worker_is_running
from determinations.tasks import send_waiting

#: Files between two commits.
_WINDOW = 200


class Command(BaseCommand):
    """Imports folders of letters."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files or folders, and what the batch is called."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders with all they hold")
        parser.add_argument("--note", default="", help="words by which the batch is known on the upload page")
        parser.add_argument("--by", default="", metavar="NAME", help="the account in whose name the letters come")

    def handle(self, *args: object, paths: list[Path], note: str, by: str, **options: object) -> None:
        """Count the files, then take in those that an earlier run has not."""
        missing = [path for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"{missing[0]} does not exist.")
        person = self._person(by)
        whole = sum(1 for _ in _files_in(paths))
        upload, known = _batch_to_go_on_with(paths, note, person)
        bar = _Bar(self, whole)
        if known:
            bar.say(f"An earlier run stored {known:,} files; this one goes on after them.")
        try:
            for window in _windows(_new_files(upload, paths, bar)):
                receive_files(by=person, files=map(_opened, window), lane=Lane.BULK, upload=upload)
                send_waiting(Lane.BULK)
                bar.move(len(window))
        except KeyboardInterrupt:
            bar.end()
            raise CommandError("Interrupted. What was stored stays; the same command goes on from here.") from None
        bar.end()
        self._sum_up(upload)

    def _person(self, name: str) -> User | None:
        if not name:
            return None
        try:
            return User.objects.get(username=name)
        except User.DoesNotExist:
            raise CommandError(f"There is no account {name}.") from None

    def _sum_up(self, upload: Upload) -> None:
        counts = Counter(dict.fromkeys(FileOutcome.values, 0))
        for outcome in upload.files.values_list("outcome", flat=True).iterator(10_000):
            counts[outcome] += 1
        self.stdout.write(
            f"Upload {upload.pk}: {counts['accepted']:,} letters, {counts['duplicate']:,} duplicates, "
            f"{counts['refused']:,} refused."
        )
        waiting = Letter.objects.filter(lane=Lane.BULK, state="received").count()
        if waiting and not worker_is_running():
            self.stdout.write(f"{waiting:,} letters wait: no worker is running.")
        elif waiting:
            self.stdout.write(
                f"{waiting:,} letters wait for the workers; /uploads/{upload.pk}/ shows how far they are."
            )


# Files


def _files_in(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Every file under its path as it was given, in an order that is the same next time; hidden ones left out."""
    for path in paths:
        for found in [path] if path.is_file() else _walk(path):
            yield clean_name(str(found)), found


def _walk(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, sorted by name. One folder's names are in memory at a time."""
    with os.scandir(folder) as entries:
        inside = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    for name, is_folder in inside:
        if name.startswith("."):
            continue
        if is_folder:
            yield from _walk(folder / name)
        elif (folder / name).is_file():
            yield folder / name


def _windows(files: Iterator[tuple[str, Path]]) -> Iterator[list[tuple[str, Path]]]:
    while window := list(islice(files, _WINDOW)):
        yield window


def _opened(file: tuple[str, Path]) -> File:
    name, path = file
    try:
        return File(path.open("rb"), name=name)
    except OSError as fault:
        return File(_Unreadable(fault), name=name)  # type: ignore[arg-type]


class _Unreadable:
    """Stands for a file that cannot be opened, so that it has its row and its reason like any other."""

    def __init__(self, fault: OSError) -> None:
        self.fault = fault

    def seek(self, *place: int) -> int:
        raise self.fault

    def close(self) -> None:
        """Nothing is open."""


# Going on


def _batch_to_go_on_with(paths: list[Path], note: str, by: User | None) -> tuple[Upload, int]:
    """The batch of an earlier run over the same paths in the same name, and how many files it has; or a new one."""
    mark = (note or "import of " + ", ".join(map(str, paths)))[:200]
    upload = Upload.objects.filter(by=by, note=mark).order_by("-pk").first()
    if upload is None:
        return Upload.objects.create(by=by, started_at=timezone.now(), note=mark), 0
    return upload, upload.files.count()


def _new_files(upload: Upload, paths: Iterable[Path], bar: "_Bar") -> Iterator[tuple[str, Path]]:
    """Files that the batch has no row for, or that changed since: asked of the database window by window."""
    for window in _windows(_files_in(paths)):
        rows = UploadedFile.objects.filter(upload=upload, name__in=[name for name, _ in window]).order_by("pk")
        # An archive has no row of its own name, only its members: it is opened again, and gives duplicates at worst.
        known = {row.name: row for row in rows}
        fresh = [(name, path) for name, path in window if name not in known or _changed(path, known[name])]
        bar.move(len(window) - len(fresh))
        yield from fresh


def _changed(path: Path, row: UploadedFile) -> bool:
    """Whether a file was written after it was taken in, or has another size. Its bytes decide whether it is new."""
    found = path.stat()
    return found.st_mtime > row.received_at.timestamp() or (row.size != found.st_size and not row.reason)


class _Bar:
    """One line that says how far the run is; on a terminal it is written over, elsewhere now and then a new one."""

    def __init__(self, command: BaseCommand, whole: int) -> None:
        self.out, self.whole, self.done = command.stdout, whole, 0
        self.began = self.said = time.monotonic()
        self.terminal = bool(getattr(self.out, "isatty", lambda: False)())

    def move(self, files: int) -> None:
        """So many more files are done."""
        self.done += files
        now = time.monotonic()
        if now - self.said > (0.1 if self.terminal else 10):
            self.said = now
            self._write()

    def say(self, words: str) -> None:
        """A line of its own."""
        self.out.write(words)

    def end(self) -> None:
        """The last state of the bar stays."""
        self._write()
        if self.terminal:
            self.out.write("")

    def _write(self) -> None:
        share = self.done / self.whole if self.whole else 1
        speed = self.done / max(time.monotonic() - self.began, 0.001)
        left = (self.whole - self.done) / speed if speed else 0
        blocks = "█" * int(30 * share)
        line = f"{blocks:░<30} {self.done:,} of {self.whole:,} files, {speed:,.0f} a second, {left:,.0f} s left"
        self.out.write(f"\r{line:<100}" if self.terminal else line, ending="" if self.terminal else "\n")
        self.out.flush()

"""``import_letters PATH...``: imports letters from folders of any size.

Files are stored in windows, each committed with its rows: whatever stops the run, stored files are kept, and the same
command continues where it stopped. Workers read the letters in the meantime, with lower priority than uploads.
"""

import os
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from django.contrib.auth.models import User
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from determinations.extraction.clutter import is_clutter
from determinations.intake.arrivals import clean_name
from determinations.intake.receiving import receive_files
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Letter, Office, Upload, UploadedFile
from determinations.models.letters import Lane
from determinations.models.uploads import FileOutcome
from determinations.reading.workers import worker_is_running
from determinations.tasks import send_waiting

T = TypeVar("T")


class Command(BaseCommand):
    """Imports folders of letters."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files or folders, and the name of the batch."""
        parser.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="files or folders, including everything in them"
        )
        parser.add_argument("--note", default="", help="name of the batch on the upload page")
        parser.add_argument("--window", type=int, default=200, metavar="N", help="files between two commits (200)")
        parser.add_argument("--office", default="", metavar="NAME", help="office that the letters belong to")
        parser.add_argument("--by", default="", metavar="NAME", help="account to record as the uploader")

    def handle(
        self, *args: object, paths: list[Path], note: str, by: str, office: str, window: int, **options: object
    ) -> None:
        """Count the files, then store those that no earlier run has stored."""
        missing = [path for path in paths if not path.exists()]
        if missing:
            raise CommandError(f"{missing[0]} does not exist.")
        person = self._person(by)
        owner = self._office(office)
        whole = sum(1 for _ in _files_in(paths))
        upload, known = batch_to_continue(paths, note, person, owner)
        bar = Bar(self, whole)
        if known:
            bar.say(f"An earlier run stored {known:,} files; continuing after them.")
        try:
            for files in in_windows(_new_files(upload, paths, bar, window), window):
                receive_files(by=person, files=map(_opened, files), lane=Lane.BULK, upload=upload, resumed=known > 0)
                send_waiting(Lane.BULK)
                bar.move(len(files))
        except KeyboardInterrupt:
            bar.end()
            raise CommandError("Interrupted. Stored files are kept; run the same command again to continue.") from None
        except StoreUnavailable as fault:
            bar.end()
            raise CommandError(f"{fault} Stored files are kept; run the same command again to continue.") from None
        bar.end()
        self._sum_up(upload)

    def _person(self, name: str) -> User | None:
        if not name:
            return None
        try:
            return User.objects.get(username=name)
        except User.DoesNotExist:
            raise CommandError(f"The account {name} does not exist.") from None

    def _office(self, name: str) -> Office | None:
        if not name:
            return None
        try:
            return Office.objects.get(name__iexact=name)
        except Office.DoesNotExist:
            raise CommandError(f"The office {name} does not exist. Add it under Offices first.") from None

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
            self.stdout.write(f"{waiting:,} letters are waiting: no worker is running.")
        elif waiting:
            self.stdout.write(f"{waiting:,} letters are waiting to be read; /uploads/{upload.pk}/ shows the progress.")


# Files


def _files_in(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Every file with its path as given, in a repeatable order; hidden files and clutter are skipped."""
    for path in paths:
        for file in [path] if path.is_file() else walk(path):
            yield clean_name(str(file)), file


def walk(folder: Path) -> Iterator[Path]:
    """The files of a folder and its subfolders, sorted by name, without clutter.

    Only one folder's names are in memory at a time.
    """
    with os.scandir(folder) as entries:
        inside = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    for name, is_folder in inside:
        if name.startswith(".") or is_clutter(name):
            continue
        if is_folder:
            yield from walk(folder / name)
        elif (folder / name).is_file():
            yield folder / name


def in_windows(files: Iterator[T], size: int) -> Iterator[list[T]]:
    """The files in lists of this length."""
    while window := list(islice(files, size)):
        yield window


def _opened(file: tuple[str, Path]) -> File:
    name, path = file
    try:
        return File(path.open("rb"), name=name)
    except OSError as fault:
        return File(Unreadable(fault), name=name)  # type: ignore[arg-type] # it raises when it is read


class Unreadable:
    """Represents a file that cannot be opened, so that it gets a row and a reason like any other."""

    def __init__(self, fault: OSError) -> None:
        self.fault = fault

    def seek(self, *place: int) -> int:
        raise self.fault

    def close(self) -> None:
        """Do nothing: no file is open."""


# Continuing an earlier run


def batch_to_continue(paths: list[Path], note: str, by: User | None, office: Office | None) -> tuple[Upload, int]:
    """The batch of an earlier run over the same paths by the same user for the same office, with its number of files;
    or a new one."""
    mark = (note or "import of " + ", ".join(map(str, paths)))[:200]
    upload = Upload.objects.filter(by=by, note=mark, office=office).order_by("-pk").first()
    if upload is None:
        return Upload.objects.create(by=by, started_at=timezone.now(), note=mark, office=office), 0
    return upload, upload.files.count()


def _new_files(upload: Upload, paths: Iterable[Path], bar: "Bar", size: int) -> Iterator[tuple[str, Path]]:
    """Files without a row in the batch, or changed since; the database is queried window by window.

    An archive or a message has rows for its files only, so it is opened again, and so is the file that an interruption
    may have left half stored; what the batch has of them is left out.
    """
    last = upload.files.order_by("-pk").values_list("name", flat=True).first() or ""
    for window in in_windows(_files_in(paths), size):
        rows = UploadedFile.objects.filter(upload=upload, name__in=[name for name, _ in window]).order_by("pk")
        known = {row.name: row for row in rows}
        fresh = [
            (name, path)
            for name, path in window
            if name not in known or f"{last}/".startswith(f"{name}/") or _changed(path, known[name])
        ]
        bar.move(len(window) - len(fresh))
        yield from fresh


def _changed(path: Path, row: UploadedFile) -> bool:
    """Whether a file was written after it was stored, or has another size. Its bytes decide whether it is new."""
    status = path.stat()
    return status.st_mtime > row.received_at.timestamp() or (row.size != status.st_size and not row.reason)


class Bar:
    """A progress line, updated in place on a terminal; elsewhere, a new line every ten seconds."""

    def __init__(self, command: BaseCommand, whole: int) -> None:
        self.out, self.whole, self.done = command.stdout, whole, 0
        self.began = self.said = time.monotonic()
        self.terminal = bool(getattr(self.out, "isatty", lambda: False)())

    def move(self, files: int) -> None:
        """Record that this many more files are done."""
        self.done += files
        now = time.monotonic()
        if now - self.said > (0.1 if self.terminal else 10):
            self.said = now
            self._write()

    def say(self, message: str) -> None:
        """Print a separate line."""
        self.out.write(message)

    def end(self) -> None:
        """Print the final state of the bar."""
        self._write()
        if self.terminal:
            self.out.write("")

    def _write(self) -> None:
        share = self.done / self.whole if self.whole else 1
        speed = self.done / max(time.monotonic() - self.began, 0.001)
        left = (self.whole - self.done) / speed if speed else 0
        blocks = "█" * int(30 * share)
        line = f"{blocks:░<30} {self.done:,} of {self.whole:,} files, {speed:,.0f} per second, {left:,.0f} s left"
        self.out.write(f"\r{line:<100}" if self.terminal else line, ending="" if self.terminal else "\n")
        self.out.flush()

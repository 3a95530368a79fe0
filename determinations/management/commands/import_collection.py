"""``import_collection PATH...``: imports the regulator's published determinations from folders and ZIP archives.

Archives may hold any number of files. As with ``import_letters``, whatever stops the run, stored files are kept, and
the same command continues. At its end it waits until workers have read the letters, then says what was new, amended (a
second determination of a case), already here or unreadable; run again, it says so again.
"""

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from django.core.management.base import CommandError

from determinations.browsing.export_formats import csv_lines
from determinations.intake.receiving import receive_files
from determinations.intake.store_health import StoreUnavailable
from determinations.management.collection import (
    AMENDED,
    OUTCOMES,
    UNREADABLE,
    CollectionFile,
    ReportLine,
    files_in,
    report_lines,
)
from determinations.management.commands import import_letters
from determinations.management.commands.import_letters import Bar, batch_to_continue, in_windows
from determinations.models import Upload, UploadedFile
from determinations.models.letters import OPEN_STATES, Lane
from determinations.reading.workers import worker_is_running
from determinations.tasks import send_waiting

#: Letters of which none was read for this long, in seconds, are not waited for.
_PATIENCE = 180.0
#: Lines of an outcome that are printed; the CSV file has all.
_PRINTED = 20
_HEADS = ("outcome", "case number", "number from", "reason", "letter", "file")


class Command(import_letters.Command):
    """Imports a collection of published determinations."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """As ``import_letters``, and the file of the report."""
        super().add_arguments(parser)
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the report to this CSV file, too")
        parser.add_argument("--no-wait", action="store_true", help="report at once what is known")

    def handle(self, *args: object, **options: object) -> None:
        """Store what no earlier run has stored, wait for workers, and report."""
        report = options["report"]
        if isinstance(report, Path) and (report.is_dir() or not report.parent.is_dir()):
            raise CommandError(f"The report cannot be written to {report}. Nothing was imported.")
        upload = self._store(**options)  # type: ignore[arg-type]  # as the parser has read them
        if not options["no_wait"]:
            self._wait(upload)
        self._report(upload, report)

    def _store(self, *, paths: list[Path], note: str, by: str, office: str, window: int, **options: object) -> Upload:
        if missing := [path for path in paths if not path.exists()]:
            raise CommandError(f"{missing[0]} does not exist.")
        person, owner = self._person(by), self._office(office)
        bar = Bar(self, sum(1 for _ in files_in(paths)))
        mark = note or "collection of " + ", ".join(map(str, paths))
        upload, known = batch_to_continue(paths, mark, person, owner)
        if known:
            bar.say(f"An earlier run stored {known:,} files; continuing after them.")
        try:
            for files in in_windows(_new_files(upload, paths, bar, window), window):
                opened = (file.open() for file in files)
                receive_files(by=person, files=opened, lane=Lane.BULK, upload=upload, resumed=known > 0)
                send_waiting(Lane.BULK)
                bar.move(len(files))
        except (KeyboardInterrupt, StoreUnavailable) as fault:
            why = str(fault) if isinstance(fault, StoreUnavailable) else "Interrupted."
            raise CommandError(f"{why} Stored files are kept; run the same command again to continue.") from None
        finally:
            bar.end()
        return upload

    def _wait(self, upload: Upload) -> None:
        """Wait until the letters are read, as long as some are."""
        waiting = UploadedFile.objects.filter(upload=upload, letter__state__in=OPEN_STATES)
        left, since, said = waiting.count(), time.monotonic(), 0.0
        while left:
            if not worker_is_running():
                self.stdout.write(f"{left:,} letters are waiting: no worker is running.")
                return
            if time.monotonic() - said > 10:
                said = time.monotonic()
                self.stdout.write(f"{left:,} letters are waiting to be read.")
            time.sleep(0.5)
            now = waiting.count()
            if now != left:
                left, since = now, time.monotonic()
            elif time.monotonic() - since > _PATIENCE:
                self.stdout.write(f"{left:,} letters are waiting, and none was read for {_PATIENCE:.0f} seconds.")
                return

    def _report(self, upload: Upload, path: object) -> None:
        counts: Counter[str] = Counter()
        shown: dict[str, list[ReportLine]] = {AMENDED: [], UNREADABLE: []}
        lines = _counted(report_lines(upload.pk), counts, shown)
        if isinstance(path, Path):
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(csv_lines(_HEADS, map(_cells, lines)))
        else:
            for _ in lines:
                pass
        self.stdout.write(f"Upload {upload.pk}: {sum(counts.values()):,} letters and files.")
        for outcome in OUTCOMES:
            self.stdout.write(f"  {outcome:<13}{counts[outcome]:>10,}")
        for line in chain.from_iterable(shown.values()):
            self.stdout.write(
                f"{line.outcome}: {line.case_number or 'no case number'}, {line.name}. {line.reason}".rstrip()
            )
        if max(counts[AMENDED], counts[UNREADABLE]) > _PRINTED:
            self.stdout.write(f"Of each, {_PRINTED} are printed; --report FILE writes all.")
        self.stdout.write(f"In the product: /uploads/{upload.pk}/ (files), /cases/?upload={upload.pk} (cases).")


def _new_files(upload: Upload, paths: Iterable[Path], bar: Bar, size: int) -> Iterator[CollectionFile]:
    """Files without a row in the batch, or written since; the database is asked window by window.

    What holds other files has rows for those only, so it is opened again, and what the batch has of it is left out.
    """
    last = upload.files.order_by("-pk").values_list("name", flat=True).first() or ""
    for window in in_windows(files_in(paths), size):
        rows = UploadedFile.objects.filter(upload=upload, name__in=[file.name for file in window]).order_by("pk")
        known = {row.name: row for row in rows}
        fresh = [
            file
            for file in window
            if (row := known.get(file.name)) is None
            or f"{last}/".startswith(f"{file.name}/")
            or file.written_at > row.received_at.timestamp()
            or (row.size != file.size and not row.reason)
        ]
        bar.move(len(window) - len(fresh))
        yield from fresh


def _counted(
    lines: Iterable[ReportLine], counts: Counter[str], shown: dict[str, list[ReportLine]]
) -> Iterator[ReportLine]:
    for line in lines:
        counts[line.outcome] += 1
        if line.outcome in shown and len(shown[line.outcome]) < _PRINTED:
            shown[line.outcome].append(line)
        yield line


def _cells(line: ReportLine) -> tuple[str, ...]:
    letter = str(line.letter) if line.letter else ""
    return line.outcome, line.case_number, line.named_by, line.reason, letter, line.name

"""``manage.py parse_letters``: reads letters from files and prints what it read, without a database."""

import json
import multiprocessing
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from determinations.extraction.child import read_text
from determinations.extraction.clutter import is_clutter
from determinations.extraction.contents import Content, ContentReader
from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.results import LIMITS, NoText, Unreadable
from determinations.extraction.scanning.engine import missing_engine
from determinations.extraction.scanning.reader import scanned_text_of
from determinations.extraction.source import source_text
from determinations.parsing import PARSER_VERSION, parse_file
from determinations.parsing.compare import Difference, differences
from determinations.parsing.results import ExpectedRecord, LetterPart, ParsedLetter, PartRecord, Problem, part_record
from determinations.parsing.source import SourceText
from determinations.parsing.spans import Span

SUFFIXES = (
    ".pdf", ".txt", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".docx", ".rtf", ".htm", ".html", ".eml", ".msg", ".zip",
)  # fmt: skip
_SHOWN = 160
_NAMES = {"gain": ("gain", "gains"), "loss": ("loss", "losses"), "change": ("change", "changes")}


class FileRecord(PartRecord):
    """A letter's record with the name of its file."""

    file: str


class Command(BaseCommand):
    """Prints one JSON record a line for every letter; compares with an earlier run; measures speed."""

    help = (
        "Read letters (PDF, text, Word, RTF, HTML or picture files; archives, messages and folders of them) and print "
        "one JSON record a line. "
        "Scanned pages are recognized where the engine is installed. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
        parser.add_argument("--jobs", type=int, default=1, metavar="N", help="read in N processes (default 1)")
        parser.add_argument(
            "--against",
            type=Path,
            metavar="EARLIER",
            help="print gains and losses against an earlier run's records instead of the records",
        )
        parser.add_argument(
            "--expected",
            type=Path,
            metavar="FOLDER",
            help="with --against: the right values, one JSON record a letter; without it differences are just changes",
        )
        parser.add_argument(
            "--benchmark", action="store_true", help="print letters per second on one core, text in memory"
        )
        parser.add_argument("--seconds", type=float, default=3.0, help="how long the benchmark goes on (default 3)")

    def handle(self, *args: object, **options: Any) -> None:
        files = list(letter_files(options["paths"]))
        if not files:
            raise CommandError("There is no letter: no file of a kind that is read.")
        if options["benchmark"]:
            self._benchmark(files, options["seconds"])
            return
        records = read_files(files, options["jobs"])
        if options["against"]:
            self._compare(records, _records_by_stem(options["against"]), _expected_by_stem(options["expected"]))
            return
        for record in records:
            self.stdout.write(json.dumps(record, ensure_ascii=False))

    def _compare(
        self, records: Iterable[FileRecord], earlier: dict[str, FileRecord], expected: dict[str, ExpectedRecord]
    ) -> None:
        """Letter by letter what this run reads differently, then the totals."""
        totals = {"gain": 0, "loss": 0, "change": 0}
        unmatched = set(earlier)
        for record in records:
            stem = _key(record)
            if stem not in earlier:
                self.stdout.write(f"{record['file']}: not in the earlier run")
                continue
            unmatched.discard(stem)
            found = list(differences(earlier[stem], record, expected.get(stem)))
            if found:
                self.stdout.write(record["file"])
            for difference in found:
                totals[difference.verdict] += 1
                self._write_difference(difference)
        for stem in sorted(unmatched):
            self.stdout.write(f"{earlier[stem]['file']}: not in this run")
        self.stdout.write(", ".join(f"{count} {_NAMES[verdict][count != 1]}" for verdict, count in totals.items()))

    def _write_difference(self, difference: Difference) -> None:
        self.stdout.write(f"  {difference.verdict}  {difference.path}")
        self.stdout.write(f"      before {_shown(difference.before)}")
        self.stdout.write(f"      after  {_shown(difference.after)}")

    def _benchmark(self, files: list[Path], at_least: float) -> None:
        """Parse the texts over and over on one core; the first round, with nothing remembered yet, stands apart."""
        sources = [source for path in files for _, source in sources_in(path) if not isinstance(source, str)]
        if not sources:
            raise CommandError("None of these files has text.")
        first = _seconds(sources)
        rounds, total, best = 0, 0.0, float("inf")
        while total < at_least:
            seconds = _seconds(sources)
            rounds, total, best = rounds + 1, total + seconds, min(best, seconds)
        characters = sum(len(source.text) for source in sources)
        self.stdout.write(f"parser {PARSER_VERSION}, {len(sources)} letters, {characters:,} characters")
        self.stdout.write(f"first round   {len(sources) / first:8,.0f} letters/s")
        self.stdout.write(f"mean of {rounds:<5} {len(sources) * rounds / total:8,.0f} letters/s")
        self.stdout.write(f"best round    {len(sources) / best:8,.0f} letters/s")


def letter_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The letters among files and folders, folders walked in order of name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file() and not is_clutter(p.name)
            )
        else:
            yield path


def read_files(files: list[Path], jobs: int) -> Iterator[FileRecord]:
    """The records of the files, in order; ``jobs`` processes share the work."""
    if jobs <= 1:
        for path in files:
            yield from read_file(path)
        return
    context = multiprocessing.get_context("spawn" if sys.platform == "darwin" else "fork")
    with context.Pool(jobs, _end_at_sigterm) as pool:
        for records in pool.imap(read_file, files, chunksize=max(1, min(50, len(files) // (jobs * 4)))):
            yield from records


def _end_at_sigterm() -> None:
    """In a process of the pool, which is ended by this signal: what the caller does at it is not for this process."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def read_file(path: Path) -> list[FileRecord]:
    """The records of the letters in one file. What cannot be read gives a record too, with the reason as problem."""
    records: list[FileRecord] = []
    for name, source in sources_in(path):
        if isinstance(source, str):
            letter = ParsedLetter(layout=None, problems=(Problem("file_unreadable", source or "Not readable."),))
            parts: tuple[LetterPart, ...] = (LetterPart(1, (1, 1), Span(0, 0), letter),)
        else:
            parts = parse_file(source)
        records += [{"file": name, **part_record(part)} for part in parts]
    return records


def sources_in(path: Path) -> Iterator[tuple[str, SourceText | str]]:
    """The text of the file, or of each in the archive, message or portfolio that it is; a reason where there is none.

    The name of a file inside leads to it: ``message.eml/letter.pdf``.
    """
    with ContentReader() as reader:
        try:
            with path.open("rb") as file:
                for content in reader.contents(path.name, file):
                    yield content.name, _source_or_reason(content)
        except OSError as error:
            yield path.name, error.strerror or ""


def _source_or_reason(content: Content) -> SourceText | str:
    if content.file is None:
        return content.message
    content.file.seek(0)
    data = content.file.read()
    if "/" in content.name:  # the file that was given is closed by who opened it
        content.file.close()
    try:
        return source_of(content.name, data)
    except Unreadable as error:
        return str(error)


def source_of(name: str, data: bytes) -> SourceText:
    """The file's text, as a PDF when its name or its first bytes say so; scanned pages are recognized.

    Raises ``Unreadable``.
    """
    is_pdf = name.lower().endswith(".pdf") or data.lstrip()[:5] == b"%PDF-"
    extracted = read_pdf_text(data) if is_pdf else read_text(data, LIMITS)
    if extracted.to_scan:
        if (missing := missing_engine()) is None:
            extracted = scanned_text_of(data, extracted, LIMITS)
        elif not extracted.text.strip():
            raise NoText(f"The pages are scanned pictures. {missing}")
    return source_text(extracted)


def _seconds(sources: list[SourceText]) -> float:
    """Seconds of this process's own time that parsing all sources once takes, whatever else the machine does."""
    began = time.process_time()
    for source in sources:
        parse_file(source)
    return time.process_time() - began


def _records_by_stem(path: Path) -> dict[str, FileRecord]:
    try:
        with path.open(encoding="utf-8") as lines:
            records: list[FileRecord] = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise CommandError(f"The earlier run cannot be read: {error}") from error
    return {_key(record): record for record in records}


def _key(record: FileRecord) -> str:
    """What tells a letter in a run's records: the file's name, and from the second letter of a file on its number."""
    part = record.get("part", 1)
    return str(PurePosixPath(record["file"]).with_suffix("")) + (f" part {part}" if part > 1 else "")


def _expected_by_stem(folder: Path | None) -> dict[str, ExpectedRecord]:
    if folder is None:
        return {}
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

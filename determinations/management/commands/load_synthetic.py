"""``load_synthetic N``: fills the database with synthetic letters for benchmarks.

The first ones (``--different``) are written one by one, read by the real parser and stored by
``effective.write_cases``: the rows are those that an upload would give. The rest are copies of those rows inside
PostgreSQL, each with a number and dates of its own, up to two years earlier; their facts are made by the real writer.
The files themselves are not stored. Run again, it continues where it stopped.
"""

import hashlib
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from determinations.cases.effective import write_cases
from determinations.cases.facts import replace_facts
from determinations.models import Letter, LetterState, LetterText, ParsedDocument, Upload, UploadedFile
from determinations.models.letters import Lane
from determinations.models.uploads import FileOutcome
from determinations.parsing import PARSER_VERSION, parse_letter
from determinations.parsing.results import LetterRecord, to_record
from determinations.synthetic import write_letter

_CHUNK = 250
#: Far from the seeds of the demo, so that one database can hold both.
_SEED = 77
#: The note of the uploads that these letters belong to: by it a later run finds what an earlier one loaded.
_NOTE = "Synthetic letters for benchmarks"


@dataclass(frozen=True, slots=True)
class _Read:
    text: str
    offsets: list[int]
    document: LetterRecord


class Command(BaseCommand):
    """Loads synthetic letters."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many letters to load, and how many processes read them."""
        parser.add_argument("count", type=int, help="how many synthetic letters the database is to hold")
        parser.add_argument(
            "--different", type=int, default=4_000, metavar="N", help="letters that differ in their words (4000)"
        )
        parser.add_argument("--jobs", type=int, default=1, help="processes that write and read letters")

    def handle(self, *args: object, count: int, different: int, jobs: int, **options: object) -> None:
        """Load in chunks, each one transaction."""
        loaded = UploadedFile.objects.filter(upload__note=_NOTE)
        done = loaded.count()
        started, first = time.monotonic(), done
        for numbers, letters in _chunks(done, min(count, different), jobs):
            _write(numbers, letters)
            done += len(numbers)
            self._say(done, count, (done - first) / (time.monotonic() - started))
        originals = list(loaded.order_by("pk").values_list("letter", flat=True)[:different])
        started, first = time.monotonic(), done
        while done < count:
            number = min(len(originals), count - done)
            _copy(originals[:number], days=1 + (done * 7) % 730)
            done += number
            self._say(done, count, (done - first) / (time.monotonic() - started))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self.stdout.write(f"\n{done:,} letters, tables analyzed.")

    def _say(self, done: int, count: int, rate: float) -> None:
        self.stdout.write(f"\r{done:,} of {count:,} letters, {rate:,.0f} per second ", ending="")
        self.stdout.flush()


def _chunks(first: int, count: int, jobs: int) -> Iterator[tuple[range, list[_Read]]]:
    starts = [range(at, min(at + _CHUNK, count)) for at in range(first, count, _CHUNK)]
    if jobs <= 1:
        yield from ((numbers, _read(numbers)) for numbers in starts)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = iter(starts)
        running = [(numbers, pool.submit(_read, numbers)) for numbers in islice(waiting, 2 * jobs)]
        while running:
            numbers, future = running.pop(0)
            running += [(following, pool.submit(_read, following)) for following in islice(waiting, 1)]
            yield numbers, future.result()


def _read(numbers: Sequence[int]) -> list[_Read]:
    found = []
    for number in numbers:
        text = write_letter(number, _SEED).text
        offsets = [0, *(at + 1 for at, character in enumerate(text) if character == "\f")]
        found.append(_Read(text, offsets, to_record(parse_letter(text))))
    return found


def _write(numbers: Sequence[int], letters: Sequence[_Read]) -> None:
    now = datetime.now(UTC)
    with transaction.atomic():
        rows = Letter.objects.bulk_create(
            Letter(
                sha256=hashlib.sha256(f"synthetic letter {_SEED}/{number}".encode()).hexdigest(),
                size=len(letter.text),
                media_type="text/plain",
                pages=len(letter.offsets),
                state=LetterState.PARSED,
                lane=Lane.BULK,
                attempts=1,
                received_at=now,
                started_at=now,
                finished_at=now,
                layout=letter.document["layout"] or "",
                text_method="text",
                parser_version=PARSER_VERSION,
            )
            for number, letter in zip(numbers, letters, strict=True)
        )
        LetterText.objects.bulk_create(
            LetterText(
                letter=row,
                text=letter.text,
                page_offsets=letter.offsets,
                folded_sha256=hashlib.sha256("".join(letter.text.split()).encode()).hexdigest(),
            )
            for row, letter in zip(rows, letters, strict=True)
        )
        ParsedDocument.objects.bulk_create(
            ParsedDocument(letter=row, parser_version=PARSER_VERSION, parsed_at=now, document=letter.document)
            for row, letter in zip(rows, letters, strict=True)
        )
        _arrive([row.pk for row in rows])
        write_cases([row.pk for row in rows])


def _arrive(letter_ids: Sequence[int]) -> None:
    """Record that one upload brought these letters."""
    now = datetime.now(UTC)
    upload = Upload.objects.create(started_at=now, note=_NOTE)
    UploadedFile.objects.bulk_create(
        UploadedFile(upload=upload, name=f"{pk}.txt", outcome=FileOutcome.ACCEPTED, letter_id=pk, received_at=now)
        for pk in letter_ids
    )


def _copy(letter_ids: Sequence[int], days: int) -> None:
    """Copy these letters with everything below them; the copies' dates lie ``days`` earlier."""
    dates = ("date_assigned", "date_of_injury", "decision_date", "ur_denial_date", "application_received")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied ON COMMIT DROP AS "
            "SELECT id AS old, nextval(pg_get_serial_sequence('determinations_letter', 'id')) AS new "
            "FROM unnest(%s) AS id",
            [list(letter_ids)],
        )
        cursor.execute(
            "CREATE TEMP TABLE copied_item ON COMMIT DROP AS "
            "SELECT i.id AS old, nextval(pg_get_serial_sequence('determinations_disputeditem', 'id')) AS new "
            "FROM determinations_disputeditem i JOIN copied ON copied.old = i.case_id"
        )
        number = (
            "CASE WHEN t.case_number IS NOT NULL "
            "THEN left(t.case_number, 5) || lpad((copied.new %% 1000000)::text, 7, '9') END"
        )
        shifted = {name: f"t.{name} - {days}" for name in dates}
        in_document = ", ".join(f"'{name}', (t.document->>'{name}')::date - {days}" for name in dates)
        document = (
            f"t.document || jsonb_build_object({in_document}, 'case_number', "
            + number.replace("t.case_number", "(t.document->>'case_number')")
            + ")"
        )
        sha256 = "encode(sha256(('synthetic copy ' || copied.new)::bytea), 'hex')"
        _insert(cursor, "letter", "id", {"id": "copied.new", "sha256": sha256})
        _insert(cursor, "lettertext", "letter_id", {"letter_id": "copied.new"})
        _insert(cursor, "parseddocument", "letter_id", {"letter_id": "copied.new", "document": document})
        _insert(cursor, "casetext", "case_id", {"case_id": "copied.new"})  # what a case is found by comes before it
        of_item = " JOIN copied_item ON copied_item.old = t."
        _insert(cursor, "disputeditem", "case_id", {"id": "copied_item.new", "case_id": "copied.new"}, of_item + "id")
        _insert(cursor, "itemtext", "", {"item_id": "copied_item.new"}, of_item + "item_id")
        next_id = "nextval(pg_get_serial_sequence('determinations_citation', 'id'))"
        _insert(cursor, "citation", "", {"id": next_id, "item_id": "copied_item.new"}, of_item + "item_id")
        _insert(cursor, "case", "letter_id", {"letter_id": "copied.new", "case_number": number, **shifted})
        cursor.execute("SELECT new FROM copied ORDER BY new")
        copies = [new for (new,) in cursor.fetchall()]
        _arrive(copies)
        replace_facts(copies)


def _insert(cursor: CursorWrapper, table: str, key: str, changed: Mapping[str, str], more: str = "") -> None:
    """Insert copies of a table's rows with some columns changed."""
    model = apps.get_model("determinations", table)
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(changed.get(column, f't."{column}"') for column in columns)
    source = f"{model._meta.db_table} t" + (f" JOIN copied ON copied.old = t.{key}" if key else "") + more
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {source}"  # noqa: S608 - constants
    cursor.execute(statement.replace("%%", "%"))

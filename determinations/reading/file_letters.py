"""The letters found in a file: each gets a row, and keeps it when the file is read again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from determinations.cases.holding import Held
from determinations.cases.readable_values import note_damaged, readable_documents
from determinations.extraction.results import ExtractedText
from determinations.models import (
    Correction,
    DamagedValue,
    Letter,
    LetterState,
    LetterText,
    ParsedDocument,
    RemovedLetter,
    UploadedFile,
)
from determinations.models.any_of import AnyOf, AnyOfTexts
from determinations.models.uploads import FileOutcome
from determinations.parsing.results import LetterPart, LetterRecord, to_record
from determinations.parsing.source import PageRange
from determinations.parsing.spans import Span
from determinations.reading.one_letter import Reading, standing_of
from determinations.reading.parts import KnownPart, match_parts

_GONE = "The file was read again, and these pages belong to another of its letters."


@dataclass(frozen=True, slots=True)
class LetterReading:
    """The result of reading a file for one of its letters: a record, or the state in which it stopped and why.

    ``keeper_id`` is the letter whose row stores the file's text, ``extracted`` a text still to be stored, ``text``
    the file's text in any case. ``is_gone``: the file no longer yields this letter.
    """

    letter_id: int
    keeper_id: int
    extracted: ExtractedText | None
    text: str
    record: LetterRecord | None = None
    state: str = LetterState.PARSED
    message: str = ""
    pages: PageRange | None = None
    extent: Span | None = None
    is_gone: bool = False


def letters_of(readings: Collection[Reading], held: Held) -> list[LetterReading]:
    """The results per letter; letters that a file did not yield before get rows.

    Call it in the transaction that writes, which holds the letters and :func:`files_with_several`, or ``NotHeld`` is
    raised. All letters of these files are included.
    """
    by_file = _letters_by_file([reading.letter_id for reading in readings])
    held.require(files=_with_several(by_file, readings))
    file_of = {pk: sha256 for sha256, letters in by_file.items() for pk in letters}
    results = []
    for reading in readings:
        sha256 = file_of[reading.letter_id]
        if len(by_file[sha256]) == 1 and len(reading.parts) <= 1:
            results.append(_result(reading, reading.letter_id, reading.letter_id, next(iter(reading.parts), None)))
        else:
            results += _FileLetters(sha256, reading).results()
    return results


def files_with_several(readings: Collection[Reading]) -> set[str]:
    """The files, by digest, that have several letters, or do now."""
    return _with_several(_letters_by_file([reading.letter_id for reading in readings]), readings)


def _with_several(by_file: Mapping[str, Collection[int]], readings: Iterable[Reading]) -> set[str]:
    with_several_parts = {reading.letter_id for reading in readings if len(reading.parts) > 1}
    return {
        sha256 for sha256, letters in by_file.items() if len(letters) > 1 or not with_several_parts.isdisjoint(letters)
    }


def parts_by_letter(readings: Collection[Reading]) -> dict[int, LetterPart]:
    """The part that each letter of these files would now match; letters that no file yields are omitted.

    Nothing is written.
    """
    by_file = _letters_by_file([reading.letter_id for reading in readings])
    file_of = {pk: sha256 for sha256, letters in by_file.items() for pk in letters}
    parts: dict[int, LetterPart] = {}
    for reading in readings:
        sha256 = file_of[reading.letter_id]
        if len(by_file[sha256]) == len(reading.parts) == 1:
            parts[reading.letter_id] = reading.parts[0]
        else:
            parts |= _FileLetters(sha256, reading).matches
    return parts


def page_ranges(letters: Iterable[Letter]) -> dict[str, list[PageRange]]:
    """The pages of every letter of those files in which an administrator set pages, by file."""
    digests = {letter.sha256 for letter in letters}
    set_by_hand = Letter.objects.filter(AnyOfTexts("sha256", digests), pages_set_by_hand=True).values("sha256")
    rows = Letter.objects.filter(sha256__in=set_by_hand, first_page__isnull=False)
    ranges: dict[str, list[PageRange]] = defaultdict(list)
    for row in sorted(rows, key=_printed_order):
        ranges[row.sha256].append((row.page_numbers[0], row.page_numbers[-1]))
    return ranges


def _printed_order(row: Letter) -> tuple[int, int, int]:
    return (row.first_page or 0, row.last_page or 0, row.part)


def _letters_by_file(letter_ids: Collection[int]) -> Mapping[str, list[int]]:
    """All letters of the files of these letters."""
    files = Letter.objects.filter(AnyOf("pk", letter_ids)).values("sha256")
    letters: dict[str, list[int]] = defaultdict(list)
    for sha256, pk in Letter.objects.filter(sha256__in=files).order_by("part").values_list("sha256", "pk"):
        letters[sha256].append(pk)
    return letters


def _result(reading: Reading, letter_id: int, keeper_id: int, part: LetterPart | None) -> LetterReading:
    failed = LetterReading(
        letter_id, keeper_id, reading.extracted, reading.text, state=reading.state, message=reading.message
    )
    if part is None:
        return failed
    record = to_record(part.letter)
    state, message = standing_of(record)
    return replace(failed, record=record, state=state, message=message, pages=part.pages, extent=part.extent)


class _FileLetters:
    """The rows of a file with several letters, and the result of reading it. The file is held (``cases.holding``)."""

    def __init__(self, sha256: str, reading: Reading) -> None:
        self.sha256 = sha256
        self.reading = reading
        self.rows = list(Letter.objects.filter(sha256=sha256).order_by("part"))
        self.texts = LetterText.objects.filter(letter__sha256=sha256).defer("text").in_bulk()
        self.removed = {
            removed.part: removed for removed in RemovedLetter.objects.filter(sha256=sha256).order_by("removed_at")
        }
        keepers = [text.pk for text in self.texts.values() if text.kept_with_id is None]
        self.keeper_id = min(keepers, default=self.rows[0].pk)
        self.matches = self._by_hand() if any(row.pages_set_by_hand for row in self.rows) else self._matched()

    def results(self) -> list[LetterReading]:
        """The result for every letter of the file; new letters get rows."""
        rows = sorted(self.rows, key=lambda row: row.pk)
        if not self.reading.parts:
            claimed_rows = [
                row for row in rows if row.state == LetterState.PARSING or row.pk == self.reading.letter_id
            ]
            return [_result(self.reading, row.pk, self.keeper_id, None) for row in claimed_rows]
        results = []
        for row in rows:
            part = self.matches.get(row.pk)
            result = _result(self.reading, row.pk, self.keeper_id, part)
            if part is None:
                result = replace(result, state=LetterState.NOT_DETERMINATION, message=_GONE, is_gone=True)
            results.append(result)
        for letter_id, part in self._add_letters():
            results.append(_result(self.reading, letter_id, self.keeper_id, part))
        return results

    def _by_hand(self) -> dict[int, LetterPart]:
        rows = sorted((row for row in self.rows if row.first_page), key=_printed_order)
        return {row.pk: part for row, part in zip(rows, self.reading.parts, strict=False)}

    def _matched(self) -> dict[int, LetterPart]:
        documents = readable_documents(ParsedDocument.objects.filter(letter__sha256=self.sha256))
        note_damaged(documents.damaged, DamagedValue.DOCUMENT)
        numbers = {pk: document["case_number"] for pk, document in documents.values.items()}
        known = [KnownPart(row.pk, self._extent(row), numbers.get(row.pk)) for row in self.rows]
        present = {row.part for row in self.rows}
        # A removed letter's key is its negated part.
        known += [
            KnownPart(-part, _extent(removed))
            for part, removed in self.removed.items()
            if part not in present and _extent(removed)
        ]
        return match_parts(known, self.reading.parts)

    def _extent(self, row: Letter) -> Span | None:
        """The letter's earlier place in the text; for a removed letter, its place before removal."""
        text = self.texts.get(row.pk)
        extent = _extent(text) if text else None
        removed = self.removed.get(row.part)
        return extent or (_extent(removed) if removed else None)

    def _add_letters(self) -> list[tuple[int, LetterPart]]:
        """Add rows for unmatched parts. A letter removed since the file last arrived stays removed."""
        part_of_key = {part.part: key for key, part in self.matches.items()}
        arrived_at = max(row.received_at for row in self.rows)
        used = {row.part for row in self.rows} | self.removed.keys()
        used |= set(
            Correction.objects.filter(letter_sha256=self.sha256).values_list("letter_part", flat=True).distinct()
        )
        new: dict[int, LetterPart] = {}
        for part in self.reading.parts:
            key = part_of_key.get(part.part)
            if key is not None and (key > 0 or self.removed[-key].removed_at > arrived_at):
                continue
            number = -key if key is not None else max(used | new.keys()) + 1
            new[number] = part
        first = self.rows[0]
        letters = Letter.objects.bulk_create(
            Letter(
                sha256=self.sha256,
                part=number,
                size=first.size,
                media_type=first.media_type,
                pages=first.pages,
                text_method=first.text_method,
                state=LetterState.PARSING,
                lane=first.lane,
                attempts=1,
                received_at=arrived_at,
                queued_at=first.queued_at,
                started_at=first.started_at,
                office_set_id=first.office_set_id,
            )
            for number in new
        )
        enter_in_batches(first, letters)
        return [(letter.pk, new[letter.part]) for letter in letters]


def enter_in_batches(first: Letter, letters: Sequence[Letter]) -> None:
    """Add an entry for each new letter of a file to every batch that contains its ``first`` letter."""
    arrivals = list(UploadedFile.objects.filter(letter=first, outcome=FileOutcome.ACCEPTED).order_by("pk"))
    UploadedFile.objects.bulk_create(
        UploadedFile(
            upload_id=arrival.upload_id,
            name=arrival.name,
            size=arrival.size,
            outcome=FileOutcome.ACCEPTED,
            letter=letter,
            received_at=arrival.received_at,
        )
        for arrival in arrivals
        for letter in letters
    )


def _extent(stored: LetterText | RemovedLetter) -> Span | None:
    return Span(stored.start, stored.end) if stored.start is not None and stored.end is not None else None

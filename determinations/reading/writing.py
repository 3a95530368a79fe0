"""Writes the results of reading: texts, parsed documents, the letters' states, and the cases that pages show."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from determinations.cases import review_entries, scanned_words
from determinations.cases.bulk import as_json, bulk_cursor
from determinations.cases.effective import entered_by_hand, remove_cases, write_cases
from determinations.cases.holding import Held, holding
from determinations.cases.letter_corrections import own_corrections
from determinations.cases.readable_values import note_damaged, readable_texts
from determinations.extraction.results import ExtractedText
from determinations.models import Case, DamagedValue, Letter, LetterState, LetterText, ScannedPage
from determinations.models.any_of import AnyOf
from determinations.models.letters import OPEN_STATES, Lane
from determinations.packing.codec import pack, pack_json
from determinations.parsing import PARSER_VERSION
from determinations.parsing.grounds import version as grounds_version
from determinations.reading.file_letters import LetterReading, files_with_several, letters_of
from determinations.reading.one_letter import Reading

_KEPT = "Reading it again failed: {} Its earlier values are kept."
_KEPT_WITHOUT_PAGES = (
    "The file was read again and no longer yields this letter. Its values are kept, because someone corrected them."
)


def write_readings(readings: Collection[Reading], *, only: LetterState | None = None) -> None:
    """Write the results of reading in one transaction. ``only``: of letters that still have this state.

    What was read of a stored text is left out if that was replaced meanwhile, or its file is being read again.

    A letter that was read or entered before and cannot be read now keeps its values, because its bytes have not
    changed. A letter whose text shows that it is not a determination loses its case, unless the case was entered by
    hand.
    """
    holding(
        [reading.letter_id for reading in readings],
        lambda held: _write(readings, only, held),
        numbers={part.letter.case_number for reading in readings for part in reading.parts},
        files=files_with_several(readings),
    )


def _write(readings: Collection[Reading], only: LetterState | None, held: Held) -> None:
    letters = Letter.objects.filter(AnyOf("pk", held.letters))
    there = set((letters.filter(state=only) if only else letters).values_list("pk", flat=True))
    readings = [reading for reading in readings if reading.letter_id in there]
    outdated = _outdated([reading for reading in readings if reading.stored])
    readings = [reading for reading in readings if reading.letter_id not in outdated]
    if written := [reading for reading in readings if reading.state != LetterState.SCAN_WAITING]:
        _write_letters_of(written, held)
    _hand_to_scans([reading for reading in readings if reading.waits_for_scan])
    _note_unread_scans([reading for reading in readings if reading.left_unread])


def _outdated(readings: Collection[Reading]) -> set[int]:
    """The letters whose stored text was read, and is another one by now, or is being read from the file again.

    What was read of the earlier text would point to other places of the new one, and a later reading knows more.
    """
    if not readings:
        return set()
    letters = LetterText.objects.filter(pk__in=[reading.letter_id for reading in readings])
    same_file = Letter.objects.filter(sha256=OuterRef("letter__sha256"), state__in=OPEN_STATES)
    keepers = dict(letters.filter(~Exists(same_file)).values_list("pk", Coalesce("kept_with", "pk")))
    texts = readable_texts(LetterText.objects.filter(pk__in=set(keepers.values())))
    note_damaged(texts.damaged, DamagedValue.TEXT)
    return {
        reading.letter_id
        for reading in readings
        if texts.values.get(keepers.get(reading.letter_id, 0)) != reading.stored
    }


def _write_letters_of(readings: Collection[Reading], held: Held) -> None:
    letters = letters_of(readings, held)
    held = held.with_new(letter.letter_id for letter in letters)
    kept = _kept(letters)
    fresh = [letter for letter in letters if letter.letter_id not in kept]
    _write_texts(fresh)
    _write_documents([letter for letter in fresh if letter.record is not None])
    _write_states(fresh)
    without_case = [letter.letter_id for letter in fresh if letter.state != LetterState.PARSED]
    by_hand = entered_by_hand(without_case)
    dropped = [pk for pk in without_case if pk not in by_hand]
    remove_cases(dropped, held)
    review_entries.refresh(dropped)
    parsed = [letter.letter_id for letter in fresh if letter.state == LetterState.PARSED]
    with_case = {*by_hand, *parsed}
    documents = {
        letter.letter_id: letter.record
        for letter in fresh
        if letter.record is not None and letter.letter_id in with_case
    }
    write_cases([*kept, *by_hand, *parsed], held, documents)
    _say_what_is_kept(kept)


def _kept(letters: Collection[LetterReading]) -> dict[int, str]:
    """The message for each letter that could not be read now and keeps its earlier values.

    A letter that its file no longer yields keeps them only if it was corrected.
    """
    failed = {letter.letter_id: letter.message for letter in letters if letter.record is None}
    gone = {letter.letter_id for letter in letters if letter.is_gone}
    corrected = set(own_corrections(Letter.objects.filter(pk__in=gone))) if gone else set()
    return {
        pk: _KEPT_WITHOUT_PAGES if pk in gone else _KEPT.format(failed[pk])
        for pk in _with_case(failed)
        if pk not in gone or pk in corrected
    }


def _with_case(ids: Collection[int]) -> set[int]:
    """The letters that have a case, from an earlier reading or entered by hand."""
    return set(Case.objects.filter(AnyOf("pk", ids)).values_list("pk", flat=True)) if ids else set()


def _say_what_is_kept(messages: Mapping[int, str]) -> None:
    """Set the state of letters that keep their values to that of their case, with the reason."""
    state = Subquery(Case.objects.filter(pk=OuterRef("pk")).values("state"))
    for pk, message in messages.items():
        Letter.objects.filter(pk=pk).update(state=state, message=message[:500], finished_at=Now())


def _hand_to_scans(readings: Collection[Reading]) -> None:
    """Move scanned letters to the scan lane. Existing cases, and those of a file's pages of text, are unchanged.

    Other letters of the same file that are being read move too, because recognizing its pages once reads them all.
    """
    for reading in readings:
        same_file = Letter.objects.filter(pk=reading.letter_id).values("sha256")
        waiting = Q(sha256__in=same_file, state=LetterState.PARSING) | Q(pk=reading.letter_id)
        Letter.objects.filter(waiting).update(
            state=LetterState.SCAN_WAITING,
            lane=Lane.SCANS,
            message=reading.message,
            attempts=0,
            queued_at=None,
            started_at=None,
            finished_at=None,
            pages_to_scan=reading.pages_to_scan,
            pages_scanned=0,
        )


def _note_unread_scans(readings: Collection[Reading]) -> None:
    for reading in readings:
        same_file = Letter.objects.filter(pk=reading.letter_id).values("sha256")
        Letter.objects.filter(sha256__in=same_file).update(pages_to_scan=reading.pages_to_scan, pages_scanned=0)


def _write_texts(letters: Sequence[LetterReading]) -> None:
    """Store the text of each file with one of its letters, and each letter's place in that text."""
    with_text = [letter for letter in letters if letter.extracted]
    _write_places(_INSERT_TEXT, with_text)
    _write_places(_INSERT_PLACE, [letter for letter in letters if letter.extent and not letter.extracted])
    _write_scanned_pages({letter.keeper_id: letter.extracted for letter in with_text if letter.extracted})


def _write_places(statement: str, letters: Sequence[LetterReading]) -> None:
    rows = [
        (
            letter.letter_id,
            pack(letter.extracted.text if letter.extracted and letter.keeper_id == letter.letter_id else ""),
            _array(letter.extracted.page_offsets if letter.extracted else ()),
            None if letter.keeper_id == letter.letter_id else letter.keeper_id,
            letter.extent.start if letter.extent else None,
            letter.extent.end if letter.extent else None,
            folded_sha256(letter.text[slice(*letter.extent)] if letter.extent else letter.text),
        )
        for letter in letters
    ]
    _execute_with_rows(statement, rows)


def _array(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL reads an array: an array of arrays of different lengths is no value."""
    return f"{{{','.join(map(str, numbers))}}}"


_ROWS = """
SELECT id, text, offsets::int[], keeper, start, "end", folded FROM unnest(
    %b::bigint[], %b::bytea[], %b::text[], %b::bigint[], %b::int[], %b::int[], %b::text[]
) AS r (id, text, offsets, keeper, start, "end", folded)
"""
_INSERT_TEXT = f"""
INSERT INTO determinations_lettertext
    (letter_id, packed_text, page_offsets, kept_with_id, start, "end", folded_sha256)
{_ROWS}
ON CONFLICT (letter_id) DO UPDATE SET packed_text = excluded.packed_text, page_offsets = excluded.page_offsets,
    kept_with_id = excluded.kept_with_id, start = excluded.start, "end" = excluded."end",
    folded_sha256 = excluded.folded_sha256
"""
#: If the text was stored before, only the letter's place in it can have changed.
_INSERT_PLACE = f"""
INSERT INTO determinations_lettertext AS stored
    (letter_id, packed_text, page_offsets, kept_with_id, start, "end", folded_sha256)
{_ROWS}
ON CONFLICT (letter_id) DO UPDATE
SET start = excluded.start, "end" = excluded."end", folded_sha256 = excluded.folded_sha256
WHERE (stored.start, stored."end", stored.folded_sha256)
    IS DISTINCT FROM (excluded.start, excluded."end", excluded.folded_sha256)
"""


def _write_scanned_pages(texts: Mapping[int, ExtractedText]) -> None:
    """Store the words of each recognized page, replacing those of an earlier reading."""
    ScannedPage.objects.filter(AnyOf("letter", texts)).delete()
    ScannedPage.objects.bulk_create(
        ScannedPage(letter_id=pk, number=number, turn=extracted.turns[number], words=scanned_words.stored(words))
        for pk, extracted in texts.items()
        for number, words in scanned_words.by_page(extracted)
    )


def folded_sha256(text: str) -> str:
    """SHA-256 of the text without white space, which does not change when another program saves the letter again."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()


def _write_documents(letters: Sequence[LetterReading]) -> None:
    rows = [(letter.letter_id, pack_json(letter.record), PARSER_VERSION, grounds_version()) for letter in letters]
    _execute_with_rows(
        """
        INSERT INTO determinations_parseddocument
            (letter_id, parser_version, parsed_at, packed_document, grounds_version)
        SELECT id, parser, statement_timestamp(), document, grounds
        FROM unnest(%b::bigint[], %b::bytea[], %b::text[], %b::int[]) AS r (id, document, parser, grounds)
        ON CONFLICT (letter_id) DO UPDATE SET parser_version = excluded.parser_version,
            parsed_at = excluded.parsed_at, packed_document = excluded.packed_document,
            grounds_version = excluded.grounds_version
        """,
        rows,
    )


def _execute_with_rows(statement: str, rows: Sequence[tuple[int | str | bytes | None, ...]]) -> None:
    """Execute the statement once for all rows; it gets each column as an array."""
    if rows:
        with bulk_cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _write_states(letters: Collection[LetterReading]) -> None:
    if not letters:
        return
    rows = [
        {
            "id": letter.letter_id,
            "state": str(letter.state),
            "message": letter.message[:500],
            "pages": letter.extracted.pages if letter.extracted else None,
            "method": letter.extracted.method if letter.extracted else "",
            "layout": (letter.record["layout"] if letter.record else None) or "",
            "version": PARSER_VERSION if letter.record is not None else "",
            "first_page": letter.pages[0] if letter.pages else None,
            "last_page": letter.pages[1] if letter.pages else None,
        }
        for letter in letters
    ]
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_letter AS letter
            SET state = was.state, message = was.message, pages = COALESCE(was.pages, letter.pages),
                text_method = COALESCE(NULLIF(was.method, ''), letter.text_method), layout = was.layout,
                parser_version = was.version, first_page = COALESCE(was.first_page, letter.first_page),
                last_page = COALESCE(was.last_page, letter.last_page), finished_at = clock_timestamp()
            FROM json_to_recordset(%s) AS was (
                id bigint, state text, message text, pages int, method text, layout text, version text,
                first_page int, last_page int
            )
            WHERE letter.id = was.id
            """,
            [as_json(rows)],
        )


def stop_unwritten(ids: Collection[int], held: Held) -> None:
    """Put held letters that were set aside unwritten into the review queue; earlier values are kept."""
    kept = {*_with_case(ids), *entered_by_hand(ids)}
    messages = dict(Letter.objects.filter(pk__in=kept).values_list("pk", "message"))
    write_cases(kept, held)
    _say_what_is_kept({pk: _KEPT.format(message) for pk, message in messages.items()})
    review_entries.refresh(set(ids) - kept)

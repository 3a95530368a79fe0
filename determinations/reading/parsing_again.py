"""Parses stored texts again, one file after another; a text that the parser fails on stops no other."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from determinations.cases.readable_values import note_damaged, readable_texts
from determinations.cases.scanned_words import pages_by_text, source_of
from determinations.models import DamagedValue, Letter, LetterText
from determinations.parsing import parse_file
from determinations.reading.file_letters import page_ranges
from determinations.reading.one_letter import PARSING_SECONDS, Reading, TooLong, no_longer_than

log = logging.getLogger(__name__)

DAMAGED_TEXT = "Its stored text is damaged. Everything else is kept. An administrator can have its file read again."


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the parser read from a chunk; ``failed`` says why letters' files cannot be parsed."""

    readings: Sequence[Reading]
    failed: Mapping[int, str]


def texts_to_parse(texts: QuerySet[LetterText], limit: int) -> list[LetterText]:
    """The first of these letters, with the rows that keep their files' texts; the texts themselves are not read."""
    rows = texts.select_related("kept_with").defer("text", "kept_with__text")
    return list(rows.order_by("letter_id")[:limit])


def parse_again(texts: Sequence[LetterText], aliases: Mapping[str, str]) -> Parsed:
    """Parse each file of these rows (:func:`texts_to_parse`) again; letters whose text is damaged are noted."""
    letters = Letter.objects.in_bulk([text.letter_id for text in texts])
    stored_texts = readable_texts(LetterText.objects.filter(pk__in={text.of_file.pk for text in texts}))
    note_damaged(stored_texts.damaged, DamagedValue.TEXT)
    ranges = page_ranges(letters.values())
    scanned = pages_by_text(text.of_file for text in texts)
    readings: dict[str, Reading] = {}
    failed_files: dict[str, str] = {}
    for text in texts:
        sha256 = letters[text.letter_id].sha256
        if sha256 in readings or sha256 in failed_files:
            continue
        stored = text.of_file
        if stored.pk in stored_texts.damaged:
            failed_files[sha256] = DAMAGED_TEXT
            continue
        stored.text = stored_texts.values[stored.pk]
        try:
            with no_longer_than(PARSING_SECONDS):
                parts = parse_file(source_of(stored, scanned.get(stored.pk, [])), aliases, ranges.get(sha256, ()))
        except (Exception, TooLong) as fault:
            # The message may contain letter text: only its type is logged.
            log.error("Letter %d cannot be reparsed (%s).", text.letter_id, type(fault).__name__)
            failed_files[sha256] = (
                f"Parsing took longer than {PARSING_SECONDS:g} seconds."
                if isinstance(fault, TooLong)
                else f"The parser failed ({type(fault).__name__})."
            )
        else:
            readings[sha256] = Reading(text.letter_id, parts=parts, stored=stored.text)
    failed = {pk: failed_files[letter.sha256] for pk, letter in letters.items() if letter.sha256 in failed_files}
    return Parsed(list(readings.values()), failed)

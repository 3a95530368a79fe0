"""Writes synthetic letters and reads them as uploads are read, without storing anything."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from determinations.cases.merging import Merged, merge
from determinations.extraction.plain import read_plain_text
from determinations.extraction.results import ExtractedText
from determinations.extraction.source import source_text
from determinations.parsing import parse_file
from determinations.parsing.results import LetterPart, LetterRecord, to_record
from determinations.reading.writing import folded_sha256
from determinations.reference.category_rules import ActiveRule, with_rules
from determinations.synthetic import statewide_date, write_letter

#: Far from the seeds of the demo, so that one database can hold both.
SEED = 77


@dataclass(frozen=True, slots=True)
class Rules:
    """What an office added to the parser: printed names of guidelines, and rules of categories."""

    aliases: Mapping[str, str]
    categories: Sequence[ActiveRule]


@dataclass(frozen=True, slots=True)
class FilledLetter:
    """A letter with all that reading its file would give."""

    file_name: str
    sha256: str
    size: int
    extracted: ExtractedText
    part: LetterPart
    document: LetterRecord
    merged: Merged

    @property
    def case_number(self) -> str | None:
        """As printed; None if the letter has no first page."""
        return self.merged.record["case_number"]

    @property
    def folded_sha256(self) -> str:
        """The digest by which copies of the letter are found."""
        return folded_sha256(self.extracted.text[slice(*self.part.extent)])


def file_of(number: int) -> tuple[str, bytes]:
    """Name and content of the text file of a letter."""
    rng = Random(f"date {SEED} {number}")  # noqa: S311 - invented letters, no secrets
    letter = write_letter(number, SEED, decided=statewide_date(rng))
    return letter.file_name, letter.text.encode()


def read_letters(numbers: Iterable[int], rules: Rules) -> list[FilledLetter]:
    """The letters of these numbers, written and read."""
    return [_read(*file_of(number), rules) for number in numbers]


def _read(name: str, data: bytes, rules: Rules) -> FilledLetter:
    extracted = read_plain_text(data)
    (part,) = parse_file(source_text(extracted), rules.aliases, ())
    document = to_record(part.letter)
    merged = merge(with_rules(document, rules.categories), ())
    return FilledLetter(name, hashlib.sha256(data).hexdigest(), len(data), extracted, part, document, merged)

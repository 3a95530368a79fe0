"""The time that a letter takes grows no faster than its text, whatever is repeated in it.

Every case inserts one unit again and again into a synthetic letter. Processor time is compared between a text and one
four times as long: a quadratic stage takes sixteen times as long for it, a linear one four times.
"""

import time

import pytest

from determinations.parsing import parse_file, parse_letter
from determinations.parsing.citations.references import source_of
from determinations.parsing.items import MOST_ITEMS
from determinations.parsing.pages.bounds import MOST_LETTERS
from determinations.parsing.pages.limit import MOST_PAGES
from determinations.parsing.source import SourceText
from determinations.synthetic.letters import write_letter

LETTER = write_letter(0).text
NUMBER = next(word for word in LETTER.split() if word.startswith("CM"))
#: Characters that are added to the letter, and how many times as long the long text is.
SHORT, TIMES = 30_000, 4
#: A linear stage needs TIMES; noise and caches are allowed for. A quadratic one needs TIMES * TIMES.
MOST_TIMES = 9
#: Differences below this are noise.
LEAST_SECONDS = 0.05

SUMMARY, REQUEST, CITED, RATIONALE = (
    "CLINICAL CASE SUMMARY",
    "set forth below:",
    "MAXIMUS guideline:",
    "Decision rationale:",
)
REPEATED = [
    # what is repeated, and after what
    ("a", REQUEST),
    ("Medication", REQUEST),
    ("mri, ", REQUEST),
    ("the original request, ", REQUEST),
    ("docu- ", REQUEST),
    ("\n", REQUEST),
    (f"{NUMBER} ", SUMMARY),
    (f"{NUMBER} ", RATIONALE),
    ("48-year-old ", SUMMARY),
    ("injury on ", SUMMARY),
    ("denied, ", SUMMARY),
    ("a\u200b", SUMMARY),
    ("docu-\n", SUMMARY),
    ("Page 2 of 5 ", CITED),
    ("Page 2 of 5\n", CITED),
    (" Decision based on MTUS Chronic Pain, pages 3 of 5", CITED),
    ("Decision based on Non-MTUS Citation ODG, ", CITED),
    ("(", CITED),
    ("is not medically necessary. ", RATIONALE),
    ("necessity ", RATIONALE),
    ("MRI: Upheld\n", RATIONALE),
    ("Decision rationale: ", RATIONALE),
    ("Some text here.\f", RATIONALE),
    ("555-555-0100 10:15 ", RATIONALE),
    ("Case Number: ", "Case Number:"),
    ("01/02/2017 ", "Case Number:"),
    ("x\f", SUMMARY),
    ("Page 2 of 5\f", CITED),
    ("HOW THE IMR FINAL DETERMINATION WAS MADE\n", RATIONALE),
    ("CLINICAL CASE SUMMARY\n", SUMMARY),
    ("IMR ISSUES, DECISIONS AND RATIONALES ", SUMMARY),
    (f"{NUMBER}\n", SUMMARY),
    ("A\n", REQUEST),
    ("q-\n", REQUEST),
    ("$%", REQUEST),
    ("qocumen- tation ", SUMMARY),
    ("02/14/2017 09:31 FAX 555 555 0100 P. 1/3\f", RATIONALE),
    ("this fax is confidential and privileged\f", SUMMARY),
    ("1 " * 500 + "10:15\f", RATIONALE),
    ("02/14/2017 09:31 5555550100 EXAMPLE " + "Word " * 200 + "\f", RATIONALE),
    ("A line that is on the page again and again\n" * 150 + "\f", RATIONALE),
]


def hostile_text(unit: str, label: str, length: int) -> str:
    place = LETTER.index(label) + len(label)
    return f"{LETTER[:place]} {unit * (length // len(unit))}{LETTER[place:]}"


ITEM = (
    "MRI of the knee: Upheld\n\nClaims Administrator guideline: Decision based on MTUS Knee Complaints 2004.\n\n"
    "MAXIMUS guideline: Decision based on MTUS Knee Complaints 2004.\n\n"
    "Decision rationale: No finding of the knee is documented. The request is not medically necessary.\n\n"
)


def problems_of(text: str) -> dict[str, str]:
    parts = parse_file(SourceText.from_text(text))
    return {problem.code: problem.message for part in parts for problem in part.letter.problems}


def test_a_letter_without_end_is_read_up_to_a_limit_and_says_so() -> None:
    text = hostile_text(ITEM, REQUEST, len(ITEM) * MOST_ITEMS)
    assert len(parse_letter(text).items) == MOST_ITEMS
    of_letter = len(parse_letter(LETTER).items)
    expected = f"The text has {MOST_ITEMS + of_letter:,} disputed items; the first {MOST_ITEMS:,} were read."
    assert problems_of(text)["too_many_items"] == expected
    assert "too_many_items" not in problems_of(hostile_text(ITEM, REQUEST, len(ITEM) * (MOST_ITEMS - of_letter)))


def test_a_file_of_very_many_pages_is_read_up_to_a_limit_and_says_so() -> None:
    text = LETTER + "\fRecords." * MOST_PAGES
    pages = text.count("\f") + 1
    expected = f"The file has {pages:,} pages; the first {MOST_PAGES:,} were read."
    assert problems_of(text)["too_many_pages"] == expected
    assert "too_many_pages" not in problems_of(LETTER + "\fRecords." * (MOST_PAGES - LETTER.count("\f") - 1))
    assert parse_letter(text).items == parse_letter(LETTER).items


def test_a_file_of_very_many_letters_is_read_up_to_a_limit_and_says_so() -> None:
    heading = "HOW THE IMR FINAL DETERMINATION WAS MADE\n"
    assert len(parse_file(SourceText.from_text(heading * MOST_LETTERS))) == MOST_LETTERS
    text = heading * (MOST_LETTERS + 1)
    assert len(parse_file(SourceText.from_text(text))) == MOST_LETTERS
    expected = f"The file has {MOST_LETTERS + 1:,} letters; the first {MOST_LETTERS:,} were read."
    assert problems_of(text)["too_many_letters"] == expected


def seconds_to_parse(text: str) -> float:
    """Processor time of the faster of two readings."""
    times = []
    for _ in range(2):
        start = time.process_time()
        parse_letter(text)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(("unit", "label"), REPEATED)
def test_time_grows_no_faster_than_the_text(unit: str, label: str) -> None:
    short = seconds_to_parse(hostile_text(unit, label, SHORT))
    long = seconds_to_parse(hostile_text(unit, label, SHORT * TIMES))
    assert long < max(short, LEAST_SECONDS) * MOST_TIMES


@pytest.mark.parametrize("word", ["American ", "National ", "medicine "])
def test_a_name_begun_again_and_again_takes_no_longer_than_the_text(word: str) -> None:
    """A citation is bounded, so the letter's time does not show it: the names of sources are looked for here."""
    assert source_of("American College of Surgeons, North American Spine Society")
    short, long = (seconds_to_find(word * number) for number in (500, 500 * TIMES))
    assert long < max(short, LEAST_SECONDS) * MOST_TIMES


def seconds_to_find(text: str) -> float:
    began = time.process_time()
    source_of(text)
    return time.process_time() - began

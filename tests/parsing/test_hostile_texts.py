"""The time that a letter takes grows no faster than its text, whatever is repeated in it.

Every case inserts one unit again and again into a synthetic letter. Processor time is compared between a text and one
four times as long: a quadratic stage takes sixteen times as long for it, a linear one four times.
"""

import time

import pytest

from determinations.parsing import parse_letter
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
]


def hostile_text(unit: str, label: str, length: int) -> str:
    place = LETTER.index(label) + len(label)
    return f"{LETTER[:place]} {unit * (length // len(unit))}{LETTER[place:]}"


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

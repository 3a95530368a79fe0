"""Measures the parser's accuracy on the real letters, if present, and compares it with the targets."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from determinations.parsing import parse_letter
from determinations.parsing.results import ParsedLetter, to_record
from tests.accuracy.readings import READERS, texts
from tests.fixtures import LETTERS

SCORE = LETTERS.parent / "bin" / "score_letters.py"
pytestmark = pytest.mark.skipif(not SCORE.exists(), reason="the real letters are not here")

CERTAIN = (
    "case_number", "date_assigned", "date_of_injury", "decision_date", "ur_denial_date", "application_received",
    "priority", "number of items", "decision", "partly_approved",
)  # fmt: skip
NEARLY = (
    "request", "disputed", "claims_text", "reviewer_text", "rationale", "summary", "licensure", "specialties", "age",
    "sex",
)  # fmt: skip
#: Minimum figures for text extracted by pdfium.
TARGETS = {
    **dict.fromkeys(CERTAIN, 1.0),
    **dict.fromkeys(NEARLY, 0.995),
    "citation authority": 0.99,
    "citation sections and pages": 0.97,
    "category": 0.96,
    "subcategory": 0.93,
    "letters right in every field and citation": 0.95,
}
#: The expected records label no grounds, so a doubt about them says nothing about the values that the scores compare.
#: It neither excuses a wrong letter nor counts as a needless doubt; letters that have one have a limit of their own.
UNLABELED_DOUBT = "grounds_not_found"
#: Maximum figures. A needless doubt is one about a labeled value of a letter whose values are all right.
LIMITS = {
    "letters wrong, no problem": 0,
    "letters right, problem all the same": 0.08,
    "letters whose grounds were not found": 0.06,
}


@cache
def figures(reader: str) -> dict[str, float]:
    """All figures for the text of one reader, from the scoring program that comes with the letters."""
    letters = {name: parse_letter(text) for name, text in texts(reader).items()}
    records = [{"file": name, **to_record(_without_unlabeled_doubts(letter))} for name, letter in letters.items()]
    without_grounds = [name for name, letter in letters.items() if UNLABELED_DOUBT in _codes(letter)]
    done = subprocess.run(
        [sys.executable, SCORE, LETTERS / "expected", "-", "--json"],
        input="\n".join(map(json.dumps, records)),
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return {
        **result["accuracy"],
        "citation authority": result["citation authority"]["f1"],
        "citation sections and pages": result["citation sections and pages"]["f1"],
        "letters right in every field and citation": result["letters right in every field and citation"],
        "letters wrong, no problem": result["letters wrong somewhere, no problem reported"],
        "letters right, problem all the same": result["letters right, problem reported all the same"]
        / result["letters"],
        "letters whose grounds were not found": len(without_grounds) / result["letters"],
    }


def _codes(letter: ParsedLetter) -> set[str]:
    return {problem.code for problem in letter.problems}


def _without_unlabeled_doubts(letter: ParsedLetter) -> ParsedLetter:
    return replace(letter, problems=tuple(problem for problem in letter.problems if problem.code != UNLABELED_DOUBT))


#: Two of the readers take half a minute for all letters.
SLOW = {"pypdf", "pdfminer.six"}


@pytest.mark.parametrize(
    "reader", [pytest.param(reader, marks=pytest.mark.slow if reader in SLOW else ()) for reader in READERS]
)
def test_every_figure_meets_its_target(reader: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For every reader; and no reader is more than one point below pdfium."""
    measured, best = figures(reader), figures("pdfium")
    with capsys.disabled():
        print(f"\n{_table(reader, measured)}")
    allowance = 0.0 if reader == "pdfium" else 0.01
    below = {name: measured[name] for name, least in TARGETS.items() if measured[name] < least - allowance}
    above = {name: measured[name] for name, most in LIMITS.items() if measured[name] > most}
    assert (below, above) == ({}, {})
    assert {name: (best[name], measured[name]) for name in TARGETS if best[name] - measured[name] > 0.01} == {}


def _table(reader: str, measured: dict[str, float]) -> str:
    rows = [f"accuracy, text by {reader}"]
    rows += [f"  {name:44}{measured[name]:8.2%}   at least {least:.1%}" for name, least in TARGETS.items()]
    rows += [f"  {name:44}{measured[name]:8.2%}   at most  {most:.1%}" for name, most in LIMITS.items()]
    return "\n".join(rows)


def test_spans_of_real_letters_contain_their_values() -> None:
    for text in texts("pdfium").values():
        letter = parse_letter(text)
        printed = [(letter.summary, letter.spans["summary"])]
        for item in letter.items:
            names = ("request", "disputed", "claims_text", "reviewer_text", "rationale")
            printed += [(getattr(item, name), item.spans[name]) for name in names]
            printed += [(citation.text, citation.span) for citation in (*item.claims, *item.reviewer)]
        assert [place for value, place in printed if _letters(text[slice(*place)]) != _letters(value or "")] == []


def _letters(text: str) -> str:
    """The text without white space and hyphens, because values join words divided at line ends."""
    return "".join(text.replace("-", "").split())


def test_the_repository_contains_no_real_letter() -> None:
    """No test file contains the case number of a real letter."""
    numbers = {path.stem for path in (LETTERS / "pdf").glob("*.pdf")}
    tests = Path(__file__).resolve().parent.parent
    assert not [p for p in tests.rglob("*") if p.suffix in {".py", ".txt", ".json"} and numbers & set(_words(p))]


def _words(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").replace('"', " ").replace("'", " ").replace(".", " ").split()

"""Search meets its standard: queries whose right letters a plain scan finds, over synthetic letters."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from determinations.searching.standard.plain_scan import Standard, is_right, normalised, read_standard
from determinations.synthetic import write_letter

TEXTS = normalised(
    {"request": ["Norco® 10/325 mg"], "rationale": ["The M.R.I. of 5 knees – not needed."], "cites": []}
)


@pytest.mark.parametrize(
    ("right", "holds"),
    [
        ("norco", True),
        ("10/325", True),
        ("10/325 & mg", True),
        ("mri", True),
        ("knee", True),
        ("kn", False),
        ("request@knee", False),
        ("!zebra & norco", True),
        ("!norco", False),
        ("zebra | not needed", True),
        ("/\\bM[A-Z]I\\b/", True),
        ("/\\bNEEDED\\b/", False),
    ],
)
def test_the_plain_scan_reads_what_is_right(right: str, holds: bool) -> None:
    assert is_right(right, TEXTS) is holds


def test_the_standard_has_at_least_300_queries_of_every_kind() -> None:
    standard = read_standard()
    assert len(standard) >= 300
    assert {each.kind for each in standard} == {
        "drug", "device", "level", "guideline", "phrase", "word", "abbreviation", "typo",
    }  # fmt: skip
    assert len({(each.kind, each.query) for each in standard}) == len(standard)
    assert all(isinstance(each, Standard) and each.right for each in standard)


def _table(said: str) -> dict[str, tuple[float, float]]:
    rows = re.findall(r"^(\w+) +\d+ +\d+ +[\d,]+ +([\d.]+) +([\d.]+)$", said, re.MULTILINE)
    return {kind: (float(recall), float(precision)) for kind, recall, precision in rows}


@pytest.mark.django_db
@pytest.mark.slow
def test_recall_and_precision_reach_their_targets() -> None:
    said = StringIO()
    call_command("benchmark_search_quality", letters=40, stdout=said)
    table = _table(said.getvalue())
    assert len(table) == 9
    for kind, (recall, precision) in table.items():
        assert recall >= (1.0 if kind in ("word", "phrase", "level") else 0.98), said.getvalue()
        assert precision >= 0.98, said.getvalue()


@pytest.mark.django_db
def test_letters_of_a_folder_are_measured(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.txt").write_text(write_letter(number, 5).text)
    said = StringIO()
    call_command("benchmark_search_quality", tmp_path, worst=1, stdout=said)
    assert said.getvalue().startswith("2 letters")

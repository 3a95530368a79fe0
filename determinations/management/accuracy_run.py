"""Measures how well the parser reads labeled letters, and the grounds of labeled rationales."""

import csv
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from determinations.management.commands.parse_letters import letter_files, read_file
from determinations.parsing.categories import categorize
from determinations.parsing.compare import compared
from determinations.parsing.grounds import GROUNDS, Subject, read_grounds
from determinations.parsing.results import Decision, ExpectedRecord, LetterRecord, ground_codes
from determinations.parsing.spans import fold
from determinations.statistics.measured_accuracy import FieldScore, GroundScore, GroundsMeasured


class LettersMeasured(NamedTuple):
    """The scores of labeled letters. ``whole`` counts those right in every labeled value."""

    letters: int
    items: int
    whole: int
    fields: tuple[FieldScore, ...]
    grounds: GroundsMeasured | None


def measure_letters(folder: Path) -> LettersMeasured:
    """Read all letters of a folder and compare them with the records in ``expected`` and ``grounds.json`` in it.

    A letter that cannot be read counts, with every value wrong. Raises ``FileNotFoundError`` without ``expected``.
    """
    expected: dict[str, ExpectedRecord] = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / "expected").resolve(strict=True).glob("*.json"))
    }
    records: dict[str, LetterRecord] = {}
    for path in letter_files([folder]):
        if path.stem in expected:
            records.update((path.stem, record) for record in read_file(path)[:1])
    right, labeled, whole = Counter[tuple[str, str]](), Counter[tuple[str, str]](), 0
    for stem, values in expected.items():
        record = records.get(stem)
        layout = (record["layout"] if record else None) or ""
        results = (
            list(compared(record, values)) if record else [(place, False) for place, _ in compared(values, values)]
        )
        for place, is_right in results:
            key = (place.rpartition("/")[2], layout)
            labeled[key] += 1
            right[key] += is_right
        whole += all(is_right for _path, is_right in results)
    return LettersMeasured(
        letters=len(expected),
        items=sum(len(values["items"]) for values in expected.values()),
        whole=whole,
        fields=tuple(FieldScore(*key, right[key], labeled[key]) for key in labeled),
        grounds=_grounds_of_letters(folder / "grounds.json", records),
    )


def _grounds_of_letters(labels: Path, records: dict[str, LetterRecord]) -> GroundsMeasured | None:
    if not labels.is_file():
        return None
    pairs = []
    for key, grounds in json.loads(labels.read_text(encoding="utf-8")).items():
        stem, _, number = key.rpartition("#")
        items = records[stem]["items"] if stem in records else []
        found = next((ground_codes(item) for item in items if item["number"] == int(number)), [])
        pairs.append(({ground["code"] for ground in grounds}, set(found)))
    return _score("labeled letters", True, pairs)


def measure_rationales(path: Path) -> GroundsMeasured:
    """Read the grounds of rationales in a table with the columns grounds, decision, request, rationale."""
    pairs = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            assignment = categorize(row["request"])
            decision: Decision = "overturned" if row["decision"] == "overturned" else "upheld"
            subject = Subject(row["request"], assignment.category, assignment.subcategory, decision)
            found = {ground.code for ground in read_grounds(fold(row["rationale"]), subject)}
            pairs.append((set(row["grounds"].split()), found))
    return _score("rationales written for measuring", False, pairs)


def _score(name: str, seen: bool, pairs: Iterable[tuple[set[str], set[str]]]) -> GroundsMeasured:
    hit, extra, missed, items, exact = Counter[str](), Counter[str](), Counter[str](), 0, 0
    for labeled, found in pairs:
        hit.update(labeled & found)
        extra.update(found - labeled)
        missed.update(labeled - found)
        items += 1
        exact += labeled == found
    scores = (GroundScore(code, hit[code], extra[code], missed[code]) for code in GROUNDS)
    return GroundsMeasured(name, seen, items, exact, tuple(s for s in scores if s.hit or s.extra or s.missed))

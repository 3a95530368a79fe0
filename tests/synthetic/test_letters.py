"""Synthetic letters are reproducible, have realistic statistics, and are read by the parser as intended."""

from collections import Counter
from itertools import islice
from statistics import mean, median

import pytest

from determinations.parsing.categories import CATEGORIES, categorize
from determinations.parsing.pipeline import parse_letter
from determinations.parsing.problems import needs_review
from determinations.parsing.results import (
    SIDES,
    CitedRecord,
    ExpectedItem,
    ExpectedRecord,
    ItemRecord,
    LetterRecord,
    to_record,
)
from determinations.synthetic import SyntheticLetter, write_letter, write_letters

#: Problems of letters without a first page, which the letter writer does not plant.
EXPECTED_WITHOUT_HEADER = {"header_missing"}


@pytest.fixture(scope="module")
def letters() -> list[SyntheticLetter]:
    return list(write_letters(400, seed=11))


@pytest.fixture(scope="module")
def items(letters: list[SyntheticLetter]) -> list[ExpectedItem]:
    return [item for letter in letters for item in letter.expected["items"]]


def comparable(record: LetterRecord | ExpectedRecord) -> dict[str, object]:
    """A record's values without spans, problems and grounds, which the writer of a letter does not know.

    What a source of no guideline family is called does not count.
    """

    def citation(entry: CitedRecord) -> dict[str, object]:
        kept = {name: value for name, value in entry.items() if name not in ("text", "span")}
        return {**kept, "sections": []} if entry["family"] == "other" else kept

    def item(entry: ItemRecord | ExpectedItem) -> dict[str, object]:
        sides = {side: [citation(cited) for cited in entry[side]] for side in SIDES}
        left_out = {"spans", "category_rule", "grounds", *sides}
        return {name: value for name, value in entry.items() if name not in left_out} | sides

    left_out = {"file", "problems", "spans", "items"}
    values = {name: value for name, value in record.items() if name not in left_out}
    return values | {"items": [item(entry) for entry in record["items"]]}


def test_the_parser_reads_what_was_written(letters: list[SyntheticLetter]) -> None:
    for letter in letters:
        assert comparable(to_record(parse_letter(letter.text))) == comparable(letter.expected), letter.file_name


def test_the_parser_finds_the_planted_problems_and_no_others(letters: list[SyntheticLetter]) -> None:
    for letter in letters:
        codes = {problem.code for problem in parse_letter(letter.text).problems if needs_review(problem.code)}
        allowed = set() if letter.expected["case_number"] else EXPECTED_WITHOUT_HEADER
        if "rationale_contradicts_decision" in letter.planted:  # it gives grounds for the other decision
            allowed = allowed | {"grounds_not_found"}
        assert codes - allowed == letter.planted, letter.file_name


def test_every_kind_of_planted_problem_occurs() -> None:
    planted = Counter(code for letter in write_letters(2000, seed=3) for code in letter.planted)
    assert set(planted) == {
        "rationale_contradicts_decision",
        "unknown_authority",
        "dates_contradict",
        "guideline_contradicts_summary",
        "category_unknown",
    }


def test_the_same_seed_writes_the_same_letters() -> None:
    assert list(write_letters(20, seed=5)) == list(write_letters(20, seed=5))
    assert list(islice(write_letters(1000, seed=5), 20)) == list(write_letters(20, seed=5))
    assert list(write_letters(20, seed=5)) != list(write_letters(20, seed=6))


def test_no_case_number_repeats(letters: list[SyntheticLetter]) -> None:
    numbers = [letter.file_name for letter in letters]
    assert len(set(numbers)) == len(numbers)


def test_an_amended_letter_keeps_the_case_number_and_has_different_text() -> None:
    first, second = write_letter(4, seed=9), write_letter(4, seed=9, amended=True)
    assert first.expected["case_number"] == second.expected["case_number"]
    assert first.text != second.text
    assert comparable(to_record(parse_letter(second.text))) == comparable(second.expected)


def test_every_letter_says_that_it_is_synthetic(letters: list[SyntheticLetter]) -> None:
    assert all("synthetic letter" in " ".join(letter.text.split()).lower() for letter in letters)
    assert all(letter.file_name.startswith("synthetic-") for letter in letters)
    assert all((letter.expected["case_number"] or "CM14-9")[5] == "9" for letter in letters)


def test_shares_are_realistic(letters: list[SyntheticLetter], items: list[ExpectedItem]) -> None:
    assert 1.6 < len(items) / len(letters) < 2.1
    assert 0.07 < mean(item["decision"] == "overturned" for item in items) < 0.14
    assert 0.07 < mean(item["partly_approved"] for item in items) < 0.16
    assert 0.40 < mean(item["category"] == "Pharmaceuticals" for item in items) < 0.52
    assert 650 < median(len(item["rationale"] or "") for item in items) < 950
    assert {letter.era for letter in letters} == {"L4a", "L4b"}
    assert {letter.expected["decision_date"][:4] for letter in letters if letter.expected["decision_date"]} == {
        "2014",
        "2015",
        "2016",
        "2017",
    }


def test_categories_match_the_rules_and_nearly_all_occur(items: list[ExpectedItem]) -> None:
    for item in items:
        assert categorize(item["disputed"])[:2] == (item["category"], item["subcategory"])
    known = {(category.name, name) for category in CATEGORIES.values() for name in category.subcategories}
    assert len({(item["category"], item["subcategory"]) for item in items}) > 0.8 * len(known)


def test_hardly_any_rationale_repeats(items: list[ExpectedItem]) -> None:
    assert len({item["rationale"] for item in items}) > 0.95 * len(items)

"""Whole letters (synthetic): every value, as every kind of text reader prints the page; and what must never happen."""

from dataclasses import fields
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from determinations.parsing import parse_letter
from determinations.parsing.clean import clean_text
from determinations.parsing.compare import differences
from determinations.parsing.pages.edges import without_page_lines
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import (
    Citation,
    CitationRecord,
    ItemRecord,
    LetterRecord,
    ParsedItem,
    ParsedLetter,
    Problem,
    ProblemRecord,
    to_record,
)
from determinations.parsing.spans import Span, fold_text
from determinations.synthetic import write_letter
from tests.parsing.letters import NAMES, READERS, record_of, text_of

_PRINTED = ("case_number", "summary")
_PRINTED_IN_ITEMS = ("request", "disputed", "claims_text", "reviewer_text", "rationale")
#: Problems that hang on how the page was read, not on what it says.
_OF_THE_READER = {"item_cut_at_page", "item_start_doubtful"}


def wrong_values(name: str, letter: ParsedLetter) -> list[object]:
    expected = record_of(name)
    return [found for found in differences(expected, to_record(letter), expected) if found.verdict == "loss"]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_reads_the_same_whatever_reader_printed_it(name: str, reader: str) -> None:
    letter = parse_letter(READERS[reader](text_of(name)))
    assert wrong_values(name, letter) == []
    codes = {problem.code for problem in letter.problems}
    assert codes - _OF_THE_READER == set(record_of(name)["problems"]) - _OF_THE_READER


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_raises_the_problems_it_should(name: str) -> None:
    assert [problem.code for problem in parse_letter(text_of(name)).problems] == record_of(name)["problems"]


def printed_spans(letter: ParsedLetter) -> list[tuple[str, Span]]:
    """Every value that is printed as it is, with its place."""
    found = [(getattr(letter, name), letter.spans[name]) for name in _PRINTED if name in letter.spans]
    for item in letter.items:
        found += [(getattr(item, name), item.spans[name]) for name in _PRINTED_IN_ITEMS if name in item.spans]
        found += [(citation.text, citation.span) for citation in (*item.claims, *item.reviewer)]
    return found


def missing_spans(letter: ParsedLetter) -> list[str]:
    """Values that were found but have no place."""
    names = [
        name for name in ParsedLetter.__dataclass_fields__ if name not in ("layout", "items", "problems", "spans")
    ]
    missing = [name for name in names if getattr(letter, name) and name not in letter.spans]
    for item in letter.items:
        names = ["request", "disputed", "partly_approved", "decision", *_PRINTED_IN_ITEMS]
        missing += [f"{item.number} {name}" for name in names if getattr(item, name) and name not in item.spans]
    return missing


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_where_its_span_points(name: str, reader: str) -> None:
    text = READERS[reader](text_of(name))
    letter = parse_letter(text)
    own = without_page_lines(
        clean_text(text)
    ).text  # a value that runs over a page's edge has the page's own lines in its middle
    for value, span in printed_spans(letter):
        assert squeezed(value) == squeezed(own[span.start : span.end])
        assert fold_text(clean_text(own)[span.start : span.end]) == value
    assert missing_spans(letter) == []
    assert {text[s.start : s.end] for item in letter.items if (s := item.spans["decision"])} <= {
        "Upheld",
        "Overturned",
    }
    if letter.age:
        assert text[slice(*letter.spans["age"])] == str(letter.age)


@given(number=st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_spans_hold_in_letters_of_every_kind(number: int) -> None:
    text = write_letter(number).text
    for value, span in printed_spans(parse_letter(text)):
        assert squeezed(value) == squeezed(text[span.start : span.end])


@given(
    number=st.integers(0, 50),
    cuts=st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 400), st.text(max_size=12)), max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_a_spoilt_letter_is_read_without_a_crash(number: int, cuts: list[tuple[int, int, str]]) -> None:
    text = write_letter(number).text
    for start, length, instead in cuts:
        text = text[:start] + instead + text[start + length :]
    letter = parse_letter(text)
    places = [*letter.spans.values(), *(span for item in letter.items for span in item.spans.values())]
    places += [problem.span for problem in letter.problems if problem.span]
    assert all(0 <= span.start <= span.end <= len(text) for span in places)
    assert {problem.code for problem in letter.problems} <= PROBLEMS.keys()
    assert letter.layout is None or letter.items or letter.problems


@given(text=st.text(max_size=400))
@settings(max_examples=30, deadline=None)
def test_any_text_at_all_is_read_without_a_crash(text: str) -> None:
    letter = parse_letter(text)
    assert letter.layout is None
    assert letter.problems


def test_a_torn_line_is_put_together_again() -> None:
    text = text_of("synthetic_page_edges")
    line = next(line for line in text.split("\n") if line.startswith("10/03/2016. The mechanism"))
    cut = line.index(" of injury")
    page_end = text.index("IMR ISSUES")
    torn = text[:page_end].replace(line, line[:cut]) + line[cut:] + "\n \n" + text[page_end:]
    letter, whole = parse_letter(torn), parse_letter(text)
    assert letter.summary == whole.summary
    assert "lines_out_of_order" in {problem.code for problem in letter.problems}
    assert [item.rationale for item in letter.items] == [item.rationale for item in whole.items]
    for item in letter.items:
        assert squeezed(item.request) == squeezed(torn[slice(*item.spans["request"])])


def test_a_line_whose_other_half_is_lost_is_reported() -> None:
    text = text_of("synthetic_page_edges")
    line = next(line for line in text.split("\n") if line.startswith("10/03/2016. The mechanism"))
    letter = parse_letter(text.replace(line, line[: line.index(" of injury")]))
    assert "lines_out_of_order" in {problem.code for problem in letter.problems}


@pytest.mark.parametrize(
    ("value", "record"),
    [(ParsedLetter, LetterRecord), (ParsedItem, ItemRecord), (Citation, CitationRecord), (Problem, ProblemRecord)],
)
def test_a_record_holds_every_field_of_its_value(value: type, record: type) -> None:
    assert {field.name for field in fields(value)} == set(get_type_hints(record))

"""Check marks and bullets are no part of a value; a checked box says which decision counts."""

import pytest

from determinations.parsing import parse_letter
from determinations.parsing.check_marks import without_marks
from determinations.parsing.compare import differences
from determinations.parsing.results import to_record
from tests.parsing.letters import record_of, text_of

NAME = "synthetic_header"
DECISION, PRIORITY = "CBC: Overturned", "Priority:  Expedited"
LABELS = ("Claims Administrator guideline:", "MAXIMUS guideline:", "Decision rationale:")


@pytest.mark.parametrize(
    ("printed", "marked"),
    [
        *((label, f"{mark}{label}") for label in LABELS for mark in ("▪", "• ", "☐\t", "☒ ")),
        *((heading, f"▪ {heading}") for heading in ("IMR ISSUES", "CLINICAL CASE", "HOW THE IMR", "Case Number:")),
        ("MAXIMUS guideline: The", "MAXIMUS guideline: ▪ The"),
        ("Pre-op labs", "▪ Pre-op labs"),
        ("Pre-op labs", "☒ Pre-op labs"),
        (DECISION, "CBC: Overturned ☒"),
        (DECISION, "CBC: Overturned☒."),
        (DECISION, "CBC: ☒ Overturned"),
        (DECISION, "CBC: ✓Overturned"),
        (DECISION, "CBC: ▪ Overturned"),
        (DECISION, "CBC: ☐ Upheld ☒ Overturned"),
        (DECISION, "CBC:\t☐\tUpheld\t☒\tOverturned"),
        (DECISION, "CBC: Upheld ☐ Overturned ☒"),
        (DECISION, "CBC: ☒ Overturned / ☐ Upheld"),
        (DECISION, "CBC:\n☐ Upheld\n☒ Overturned"),
        (DECISION, "CBC:\nOverturned ☒\nUpheld ☐"),
        (PRIORITY, "Priority: ☐ Standard ☒ Expedited"),
        (PRIORITY, "☐ Priority: Standard ☐ Expedited ☒"),
    ],
)
def test_a_letter_with_marks_reads_as_without(printed: str, marked: str) -> None:
    text = text_of(NAME)
    assert printed in text
    letter = parse_letter(text.replace(printed, marked))
    expected = record_of(NAME)
    assert [found for found in differences(expected, to_record(letter), expected) if found.verdict == "loss"] == []
    assert [problem.code for problem in letter.problems] == expected["problems"]


@pytest.mark.parametrize(
    "marked", ["CBC: ☒ Upheld ☐ Overturned", "CBC: Upheld ☒ Overturned ☐", "CBC:\n☒ Upheld\n☐ Overturned"]
)
def test_the_checked_word_is_the_decision(marked: str) -> None:
    text = text_of(NAME).replace(DECISION, marked)
    item = parse_letter(text).items[0]
    assert (item.request, item.decision) == ("Pre-op labs: CBC", "upheld")
    assert text[slice(*item.spans["decision"])] == "Upheld"


@pytest.mark.parametrize(
    "marked",
    [
        "CBC: ☐ Upheld ☐ Overturned",
        "CBC: ☒ Upheld ☒ Overturned",
        "CBC: ☐ Overturned",
        "CBC: Overturned ☐",
        "CBC: Upheld ☐ Overturned",
        "CBC: Upheld ☒ Overturned",
        "CBC: ☒ Upheld ■ Overturned",
        "CBC: ☐ Upheld Overturned ☒",
        "CBC: Upheld ☐ Modified ☒ Overturned",
        "CBC: ☐ Upheld\n☒ Upheld in part\n☐ Overturned",
    ],
)
def test_marks_that_do_not_choose_a_word_give_no_decision(marked: str) -> None:
    letter = parse_letter(text_of(NAME).replace(DECISION, marked))
    assert letter.items[0].decision is None
    assert "decision" not in letter.items[0].spans
    assert "decision_missing" in {problem.code for problem in letter.problems}
    assert [item.decision for item in letter.items[1:]] == [item["decision"] for item in record_of(NAME)["items"][1:]]


def test_a_priority_of_which_no_box_is_checked_is_missing() -> None:
    letter = parse_letter(text_of(NAME).replace(PRIORITY, "Priority: ☐ Standard ☐ Expedited"))
    assert letter.priority is None
    assert [(problem.code, problem.path) for problem in letter.problems] == [("value_missing", "priority")]


@pytest.mark.parametrize(
    "text",
    [
        "Criteria:\n▪ pain of 6 out of 10\n☒ therapy that failed",
        "It was upheld • overturned before the appeal.",
        "☐ Upheld ☐ Overturned\n",
    ],
)
def test_marks_in_running_text_stay(text: str) -> None:
    assert without_marks(text) == text


@pytest.mark.parametrize("text", ["☐" * 20_000, "☐ Upheld " * 5_000 + "x", "☒ \n" * 9_000, "▪ " * 9_000])
def test_a_text_of_marks_keeps_its_length(text: str) -> None:
    assert len(without_marks(text)) == len(text)


@pytest.mark.parametrize(
    "marked",
    [
        "CBC: [ ] Upheld [X] Overturned",
        "CBC: ( ) Upheld (x) Overturned",
        "CBC: ___ Upheld _X_ Overturned",
        "CBC: [X] Overturned",
    ],
)
def test_boxes_of_plain_characters_say_which_word_counts(marked: str) -> None:
    letter = parse_letter(text_of(NAME).replace(DECISION, marked))
    assert (letter.items[0].request, letter.items[0].decision) == ("Pre-op labs: CBC", "overturned")


@pytest.mark.parametrize(
    "marked", ["CBC: [ ] Upheld [ ] Overturned", "CBC: [X] Upheld [X] Overturned", "CBC: [ ] Overturned"]
)
def test_boxes_of_plain_characters_that_choose_no_word_give_no_decision(marked: str) -> None:
    letter = parse_letter(text_of(NAME).replace(DECISION, marked))
    assert letter.items[0].decision is None
    assert "decision_missing" in {problem.code for problem in letter.problems}

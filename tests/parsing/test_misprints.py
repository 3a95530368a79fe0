"""Texts that other programs recognized: fixed phrases that are misspelled are read as usual, and are doubtful."""

import pytest

from determinations.parsing import parse_letter
from determinations.parsing.arrangement import Arrangement
from determinations.parsing.misprints import find_misprints
from determinations.parsing.results import ParsedLetter, to_record
from determinations.parsing.source import SourceText
from determinations.parsing.spans import Span, fold_text
from tests.parsing.letters import NAMES, text_of

NAME = "synthetic_header"
LETTER = text_of(NAME)
RIGHT = parse_letter(LETTER)


def values(letter: ParsedLetter) -> dict[str, object]:
    """What was read, without places, problems and the citations' places."""
    record = to_record(letter)
    items = [
        {name: value for name, value in item.items() if name not in {"spans", "claims", "reviewer", "grounds"}}
        for item in record["items"]
    ]
    return {name: value for name, value in record.items() if name not in {"spans", "problems", "items"}} | {
        "items": items
    }


@pytest.mark.parametrize(
    ("printed", "misread"),
    [
        ("CLINICAL CASE SUMMARY", "CLlNICAL CASE SUMMAKY"),
        ("CLINICAL CASE SUMMARY", "Clinical Case Summary"),
        ("CLINICAL CASE SUMMARY", "C L I N I C A L   C A S E   S U M M A R Y"),
        ("IMR ISSUES, DECISIONS AND RATIONALES", "IMRISSUES,DECISIONSANDRATIONALES"),
        ("HOW THE IMR FINAL DETERMINATION WAS MADE", "HOW THE 1MR FlNAL DETERMINATI0N WAS MADE"),
        ("State(s) of Licensure:", "State(s) oi Licensurc:"),
        ("Certification(s)/Specialty:", "Certification(s)/Specialty;"),
        ("Claims Administrator guideline:", "Claims Adrninistrator guideline:"),
        ("Claims Administrator guideline:", "ClaimsAdministratorguideline:"),
        ("Claims Administrator guideline:", "Claims Administrator's guideline:"),
        ("MAXIMUS guideline:", "MAXlMUS guideline"),
        ("Decision rationale:", "Dec ision rationale:"),
        ("Decision rationale:", "Decision rationa1e;"),
        ("Decision Date:", "DECISION DATE:"),
        ("Date of Injury:", "Date of lnjury:"),
        ("Date Assigned:", "DateAssigned"),
        ("CM17-9900001", "CMl7-99OOOO1"),
        ("02/06/2017", "O2/06/20l7"),
        (": Overturned", ": Overtumed"),
        (": Overturned", "; Overturned"),
        (": Upheld", ": Up held"),
        (": Upheld", ': "Upheld",'),
    ],
)
def test_a_misspelled_phrase_is_read_as_the_usual_one(printed: str, misread: str) -> None:
    letter = parse_letter(LETTER.replace(printed, misread))
    assert values(letter) == values(RIGHT)
    assert len(letter.problems) > len(RIGHT.problems)


def test_every_corrected_phrase_is_doubtful_at_its_place() -> None:
    text = LETTER.replace("Decision rationale:", "Decision rationa1e:")
    letter = parse_letter(text)
    places = [problem.span for problem in letter.problems if "misspelled" in problem.message]
    assert [text[place.start : place.end] for place in places if place] == ["Decision rationa1e:"] * len(RIGHT.items)


def test_spans_point_into_the_text_as_it_was() -> None:
    text = LETTER.replace("CLINICAL CASE SUMMARY", "CL INICALCASE SUMMARY").replace(
        "MAXIMUS guideline:", "MAX1MUSguideline :"
    )
    letter = parse_letter(text)
    assert letter.case_number == RIGHT.case_number
    for item in letter.items:
        place = item.spans["rationale"]
        assert fold_text(text[place.start : place.end]) == item.rationale


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_without_misprints_has_none(name: str) -> None:
    assert find_misprints(SourceText.from_text(text_of(name))) is None


@pytest.mark.parametrize(
    "prose", ["A decision rationale was", "decision rationale that was", "clinical case summary was"]
)
def test_prose_that_begins_a_line_like_a_label_stays(prose: str) -> None:
    text = LETTER.replace("of the right shoulder and of the low back.", f"{prose} sent in the same invented week.")
    assert find_misprints(SourceText.from_text(text)) is None


def test_a_text_that_is_no_letter_stays_none() -> None:
    assert find_misprints(SourceText.from_text("Dear Sir,\nthe case is closed.\n")) is None
    assert parse_letter("Dear Sir,\nthe case is closed.\n").layout is None


@pytest.mark.parametrize(
    "printed", ["Modified", "Withdrawn", "Denied", "Partial Overturn", "Not Uphe1d", "Partial, Overturn"]
)
def test_another_decision_is_not_read_as_a_misspelled_one(printed: str) -> None:
    letter = parse_letter(LETTER.replace("CBC: Overturned", f"CBC: {printed}"))
    assert letter.items[0].decision is None
    assert any(problem.code == "decision_missing" for problem in letter.problems)


def test_a_replaced_text_leads_back_to_its_place() -> None:
    source = "one two three"
    replaced = Arrangement.replacing(source, [(Span(0, 3), "uno!!"), (Span(4, 7), "du")])
    assert replaced.text == "uno!! du three"
    assert replaced.place(Span(0, 5)) == Span(0, 3)
    assert replaced.place(Span(6, 8)) == Span(4, 7)
    assert replaced.place(Span(9, 14)) == Span(8, 13)

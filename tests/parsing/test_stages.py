"""Each stage of the parser on its own. All texts are synthetic."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from determinations.parsing.clean import clean_text
from determinations.parsing.header import read_header
from determinations.parsing.pages.edges import without_case_number_lines, without_page_lines
from determinations.parsing.reviewer import read_reviewer
from determinations.parsing.spans import Span, fold, fold_text
from determinations.parsing.summary import read_injury_date, read_summary
from tests.parsing.letters import VALUES

OPENING = (
    "The expert reviewer developed the following clinical case summary based on a review of the case file, "
    "including all medical records:\n"
)


# Clean and fold


@given(st.text())
def test_cleaning_never_changes_the_length(text: str) -> None:
    assert len(clean_text(text)) == len(text)


@given(st.text(alphabet="ab- \n\f"))
def test_every_character_of_a_folded_line_is_where_its_span_points(text: str) -> None:
    folded = fold(text)
    assert folded.text == fold_text(text)
    for at, character in enumerate(folded.text):
        if character != " ":
            span = folded.span(at, at + 1)
            assert text[span.start : span.end] == character


@pytest.mark.parametrize(
    ("printed", "folded"),
    [
        ("an x- \nray  of\nthe knee ", "an x-ray of the knee"),
        ("anti-\n\n\finflammatory", "anti-inflammatory"),
        ("a - \n b", "a - b"),
        ("10-28- 2016", "10-28- 2016"),
    ],
)
def test_words_are_rejoined_at_line_end_hyphens(printed: str, folded: str) -> None:
    assert fold_text(printed) == folded


# Lines that belong to the page


@pytest.mark.parametrize(
    "line",
    [
        "Page 2",
        "Page 2 of 5",
        "- Page 2 of 5 -",
        "Final Letter of Determination      Form Effective 01.02.14      Page 2",
        "MAXIMUS Federal Services, Inc.",
        "1",
    ],
)
def test_a_line_that_belongs_to_the_page_is_blanked(line: str) -> None:
    text = f"Case Number: CM14-0000000\nHOW THE IMR FINAL DETERMINATION WAS MADE\nThe worker fell\n{line}\n\fdown."
    assert without_page_lines(text).text == text.replace(f"\n{line}\n", "\n" + " " * len(line) + "\n")


@pytest.mark.parametrize("line", ["CM14-0000000", "IMR Case Number: CM14-0000000"])
def test_a_line_with_the_letters_own_number_is_blanked_below_its_header(line: str) -> None:
    text = f"Case Number: CM14-0000000\nHOW THE IMR FINAL DETERMINATION WAS MADE\nThe worker fell\n{line}\n\fdown."
    assert without_case_number_lines(text) == text.replace(f"\n{line}\n", "\n" + " " * len(line) + "\n")


@pytest.mark.parametrize(
    "line",
    [
        "see Page 2 of the report, which",
        "MAXIMUS guideline: Decision based on MTUS Knee Complaints 2004.",
        "Case Number CM14-0000000 was decided earlier by another reviewer,",
        "12",
    ],
)
def test_a_line_of_the_letters_own_at_a_pages_edge_is_kept(line: str) -> None:
    text = f"Case Number: CM14-0000000\nHOW THE IMR FINAL DETERMINATION WAS MADE\nThe worker\n{line}\n\fof 2014"
    assert without_page_lines(text).text == text


def test_a_line_at_the_edge_of_every_page_is_blanked() -> None:
    pages = [f"The worker fell\n{'a' * n}\nbut {'no' * n} harm\n\nCopy {n} for the file" for n in range(1, 5)]
    expected = [page[: -len("Copy 1 for the file")] + " " * len("Copy 1 for the file") for page in pages]
    expected = [page.replace("The worker fell", " " * 15) for page in expected]
    assert without_page_lines("\n\f".join(pages)).text == "\n\f".join(expected)


@given(st.text(alphabet="a1 \n\fPage 2 of"))
def test_blanking_never_changes_the_length(text: str) -> None:
    assert len(without_page_lines(text).text) == len(text)


# Header


@pytest.mark.parametrize(
    "printed",
    [
        "Case Number: CM17-9900001\nDate Assigned: 02/06/2017 Date of Injury: 11/14/2016\nDecision Date: 03/03/2017 "
        "UR Denial Date: 01/20/2017\nPriority: Standard Application\nReceived:\n01/31/2017\n",
        "Case Number:\nCM17-9900001\nDate Assigned:\n02/06/2017\nDate of Injury:\n11/14/2016\nDecision Date:\n"
        "03/03/2017\nUR Denial Date:\n01/20/2017\nPriority:\nStandard\nApplication\nReceived:\n01/31/2017\n",
        "Case Number:\nDate Assigned:\nDecision Date:\nPriority:\n\nCM17-9900001\n02/06/2017\n03/03/2017\nStandard\n\n"
        "11/14/2016\nDate of Injury:\nUR Denial Date:   01/20/2017\n01/31/2017\nApplication\nReceived:\n",
        "Case Number:\nDate Assigned:\nDecision Date:\nPriority:\n\nCM17-9900001\n02/06/2017\n03/03/2017\nStandard\n\n"
        "Date of Injury:\n11/14/2016\nUR Denial Date:   01/20/2017\nApplication\n01/31/2017\nReceived:\n",
    ],
)
def test_header_values_find_their_labels_in_any_order(printed: str) -> None:
    header = read_header(printed, len(printed))
    assert (header.case_number, header.priority, header.dates) == ("CM17-9900001", "standard", VALUES)
    assert header.problems == ()


def test_a_header_with_a_value_missing_takes_only_values_beside_their_labels() -> None:
    printed = "Case Number: CM17-9900001\nDate Assigned: Date of Injury: 11/14/2016\nDecision Date: 03/03/2017\n"
    header = read_header(printed, len(printed))
    assert header.dates == {"date_of_injury": date(2016, 11, 14), "decision_date": date(2017, 3, 3)}
    assert [problem.code for problem in header.problems] == ["header_doubtful"]


def test_dates_that_contradict_each_other_when_paired_by_order_are_doubtful() -> None:
    printed = (
        "Case Number:\nDate Assigned:\nDate of Injury:\nDecision Date:\nUR Denial Date:\nApplication Received:\n"
        "CM17-9900001\n02/06/2017\n03/03/2017\n11/14/2016\n01/20/2017\n01/31/2017\n"
    )
    assert [problem.code for problem in read_header(printed, len(printed)).problems] == ["header_doubtful"]


@pytest.mark.parametrize("day", ["02/30/2016", "12/03/0216", "12/03/9999"])
def test_a_date_that_no_letter_can_name_is_reported(day: str) -> None:
    printed = f"Date of Injury: {day}"
    header = read_header(printed, len(printed))
    assert "value_doubtful" in {problem.code for problem in header.problems}
    assert header.dates == {}


# Reviewer


def test_credentials_are_split_at_commas_with_and_without_spaces() -> None:
    printed = "State(s) of Licensure: California,New York\nCertification(s)/Specialty: Public Health & \nGeneral "
    reviewer = read_reviewer(printed, 0, len(printed))
    assert reviewer.licensure == ("California", "New York")
    assert reviewer.specialties == ("Public Health & General",)
    assert reviewer.problems == ()


def test_text_of_a_damaged_letter_is_no_credential() -> None:
    """Tables hold 120 characters of a specialty: more than that is dropped, and said."""
    printed = f"State(s) of Licensure: Ohio, {'Texas ' * 11}\nCertification(s)/Specialty: Neurology, {'seen ' * 30}"
    reviewer = read_reviewer(printed, 0, len(printed))
    assert (reviewer.licensure, reviewer.specialties) == (("Ohio",), ("Neurology",))
    assert {problem.path for problem in reviewer.problems} == {"licensure", "specialties"}


@pytest.mark.parametrize(
    ("states", "specialty", "path"),
    [
        ("California, Sandalia", "Neurology", "licensure"),
        ("California The next heading", "Neurology", "licensure"),
        ("California", "Neurology Seen: 2 letters", "specialties"),
        ("California", "Neurology of the kind that is found on page ends", "specialties"),
    ],
)
def test_an_invalid_credential_is_reported(states: str, specialty: str, path: str) -> None:
    printed = f"State(s) of Licensure: {states}\nCertification(s)/Specialty: {specialty}\n"
    problems = read_reviewer(printed, 0, len(printed)).problems
    assert [(problem.code, problem.path) for problem in problems] == [("value_doubtful", path)]


# Summary


@pytest.mark.parametrize(
    ("prose", "age", "sex", "problems"),
    [
        ("The injured worker is a 48 year old male who sustained an injury.", 48, "male", []),
        ("This case involves a now 39-year-old female with a history of pain.", 39, "female", []),
        ("The 58 year old female injured worker suffered an injury.", 58, "female", []),
        ("The injured worker is a(n) 34 year old right-hand dominant man.", 34, "male", []),
        ("According to medical records, the patient is a 61 y/o woman.", 61, "female", []),
        ("This is a fifty year old man.", 50, "male", []),
        ("The injured worker is a forty-six-year-old woman.", 46, "female", []),
        ("The injured worker is a 44 year old. He has pain in his knee.", 44, "male", ["value_doubtful"] * 2),
        ("The injured worker is a female; her birthdate is listed.", None, "female", ["value_missing"]),
        ("This is a 44 year old male. She fell and he helped her. She rests.", 44, "male", []),
        ("This is a 44 year old male. She fell. She rests.", 44, "male", ["value_doubtful"]),
        ("She cares for her 7 year old son.", None, "female", ["value_missing", "value_doubtful"]),
        ("Pain in the knee since a fall.", None, None, ["value_missing"] * 2),
    ],
)
def test_age_and_sex_are_the_injured_workers(prose: str, age: int, sex: str, problems: list[str]) -> None:
    text = OPENING + prose
    summary = read_summary(text, 0, len(text))
    assert (summary.text, summary.age, summary.sex) == (prose, age, sex)
    assert [problem.code for problem in summary.problems] == problems


@pytest.mark.parametrize(
    ("prose", "day"),
    [
        ("who sustained an industrial injury on 10-13-16. He", date(2016, 10, 13)),
        ("with a date of injury on 11-09-2016.", date(2016, 11, 9)),
        ("with an industrial injury date of 1-4-2016.", date(2016, 1, 4)),
        ("with a history of an occupational claim from 10/10/ 2016.", date(2016, 10, 10)),
        ("reportedly associated with an industrial injury of October 2, 2015.", date(2015, 10, 2)),
        ("who sustained a work related injury on December 23, \n1997, while lifting", date(1997, 12, 23)),
        ("with a reported date of injury of 10-18-2016.", date(2016, 10, 18)),
        ("The injured worker (DOB: 1/2/1953) has a date of injury of 4/5/2007.", date(2007, 4, 5)),
        ("He was seen on 10-18-2016.", None),
        ("The injury was evaluated on 10-18-2016.", None),
    ],
)
def test_the_injury_date_is_read_from_prose(prose: str, day: date | None) -> None:
    found, span = read_injury_date(prose, Span(0, len(prose)))
    assert found == day
    assert (span is None) == (day is None)

"""Each stage of the parser on its own. All texts are synthetic."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from determinations.parsing import parse_letter
from determinations.parsing.checks import check_dates
from determinations.parsing.clean import clean_text
from determinations.parsing.compare import differences
from determinations.parsing.header import read_header
from determinations.parsing.layouts import recognise_layout
from determinations.parsing.problems import OTHER_PROGRAMME_CODES, PROBLEMS, needs_review
from determinations.parsing.rationale import conclusion_of
from determinations.parsing.reviewer import read_reviewer
from determinations.parsing.running import without_running_lines
from determinations.parsing.spans import Span, fold, fold_text
from determinations.parsing.summary import read_injury_date, read_summary
from tests.parsing.letters import text_of

OPENING = (
    "The expert reviewer developed the following clinical case summary based on a review of the case file, "
    "including all medical records:\n"
)


# Clean and fold


@given(st.text())
def test_cleaning_never_changes_the_length(text: str) -> None:
    assert len(clean_text(text)) == len(text)


@given(st.text(alphabet="ab- \n\f"))
def test_every_character_of_a_folded_line_stands_where_its_span_says(text: str) -> None:
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
        "CM14-0000000",
        "IMR Case Number: CM14-0000000",
        "1",
    ],
)
def test_a_line_that_belongs_to_the_page_is_blanked(line: str) -> None:
    text = f"Case Number: CM14-0000000\nHOW THE IMR FINAL DETERMINATION WAS MADE\nThe worker fell\n{line}\n\fdown."
    assert without_running_lines(text) == text.replace(f"\n{line}\n", "\n" + " " * len(line) + "\n")


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
    assert without_running_lines(text) == text


def test_a_line_that_stands_at_the_edge_of_every_page_is_blanked() -> None:
    pages = [f"The worker fell\n{'a' * n}\nbut {'no' * n} harm\n\nCopy {n} for the file" for n in range(1, 5)]
    expected = [page[: -len("Copy 1 for the file")] + " " * len("Copy 1 for the file") for page in pages]
    expected = [page.replace("The worker fell", " " * 15) for page in expected]
    assert without_running_lines("\n\f".join(pages)) == "\n\f".join(expected)


@given(st.text(alphabet="a1 \n\fPage 2 of"))
def test_blanking_never_changes_the_length(text: str) -> None:
    assert len(without_running_lines(text)) == len(text)


# Header

VALUES = {
    "date_assigned": date(2017, 2, 6),
    "date_of_injury": date(2016, 11, 14),
    "decision_date": date(2017, 3, 3),
    "ur_denial_date": date(2017, 1, 20),
    "application_received": date(2017, 1, 31),
}


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
def test_a_credential_that_is_none_is_reported(states: str, specialty: str, path: str) -> None:
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


# Items, through the letter


def letter_with(*items: str) -> str:
    """A letter of invented items, each given with its decision; guideline lines and rationale are always the same."""
    blocks = [
        f"{item}\nClaims Administrator guideline: The Claims Administrator did not cite any medical evidence for its "
        "decision.\nMAXIMUS guideline: Decision based on MTUS Shoulder Complaints 2004.\n"
        "Decision rationale: There is no record of this. The request is not medically necessary.\n"
        for item in items
    ]
    top = text_of("synthetic_page_edges").split("IMR ISSUES")[0]
    return (
        f"{top}IMR ISSUES, DECISIONS AND RATIONALES\nThe Final Determination was based on decisions for the disputed "
        "items/services set forth below:\n" + "".join(blocks)
    )


@pytest.mark.parametrize(
    ("line", "request_", "disputed", "decision"),
    [
        ("Labs to include: EKG: Upheld", "Labs to include: EKG", None, "upheld"),
        ("NCV of the legs QTY: 2:  Overturned", "NCV of the legs QTY: 2", None, "overturned"),
        ("Gel DOS: 11/11/2016:\nUpheld", "Gel DOS: 11/11/2016", None, "upheld"),
        ("Retrospective: repair of a hernia is:\nOverturned", "Retrospective: repair of a hernia", None, "overturned"),
        (
            "Drug A #90 was the original request. Drug A #30 was authorized by the Claims Administrator. The\n"
            "remaining IMR eligible portion of the original request, Drug A #60 is: Upheld",
            "Drug A #90 was the original request. Drug A #30 was authorized by the Claims Administrator. The "
            "remaining IMR eligible portion of the original request, Drug A #60",
            "Drug A #60",
            "upheld",
        ),
        (
            "Visits was the original request. The Claims Administrator authorized 2 visits, leaving the original "
            "request IMR eligible. The original request, Visits is: Overturned",
            "Visits was the original request. The Claims Administrator authorized 2 visits, leaving the original "
            "request IMR eligible. The original request, Visits",
            "Visits",
            "overturned",
        ),
        (
            "Visits were the original request. Two visits were authorized by the Claims Administrator. The remaining "
            "IMR\neligible portion of the original request, Four visits are: Upheld",
            "Visits were the original request. Two visits were authorized by the Claims Administrator. The remaining "
            "IMR eligible portion of the original request, Four visits",
            "Four visits",
            "upheld",
        ),
    ],
)
def test_the_items_line_is_split_at_the_last_colon(
    line: str, request_: str, disputed: str | None, decision: str
) -> None:
    letter = parse_letter(letter_with("MRI of the neck: Upheld", line))
    assert len(letter.items) == 2
    item = letter.items[1]
    assert (item.request, item.disputed, item.decision) == (request_, disputed or request_, decision)
    assert item.partly_approved == (disputed is not None)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("MRI of the neck: Withdrawn", "decision_missing"),
        ("MRI of the neck", "decision_missing"),
        ("MRI of the neck Upheld", "value_doubtful"),
        ("Drug A #30, what is left of the original request: Upheld", "partial_approval_doubtful"),
        ("CT scan: Overturned\n \nMRI of the neck: Upheld", "decision_left_over"),
        ("Pain was noted in the left knee. The scan was old. MRI of the neck: Upheld", "item_start_doubtful"),
        ("Which is not medically necessary MRI of the neck: Upheld", "item_start_doubtful"),
    ],
)
def test_an_item_line_out_of_the_ordinary_is_reported(line: str, code: str) -> None:
    assert code in {problem.code for problem in parse_letter(letter_with(line)).problems}


def test_an_item_begins_below_a_conclusion_that_lacks_its_stop() -> None:
    text = letter_with("MRI of the knee: Upheld", "MRI of the neck: Upheld")
    letter = parse_letter(text.replace("medically necessary.", "medically necessary"))
    assert [item.request for item in letter.items] == ["MRI of the knee", "MRI of the neck"]


@pytest.mark.parametrize("ending", [": Upheld.", ":  Upheld", " :Upheld", ":\nUPHELD", " is: Upheld"])
def test_the_decision_may_be_spaced_and_stopped_in_other_ways(ending: str) -> None:
    letter = parse_letter(letter_with("MRI of the knee: Upheld", f"MRI of the neck{ending}"))
    assert [(item.request, item.decision) for item in letter.items[1:]] == [("MRI of the neck", "upheld")]
    assert not [problem for problem in letter.problems if problem.path.startswith("items") or not problem.path]


def test_an_item_without_its_claims_line_is_still_an_item() -> None:
    text = letter_with("MRI of the neck: Upheld", "MRI of the knee: Overturned")
    start = text.rindex("Claims Administrator guideline")
    letter = parse_letter(text[:start] + text[text.rindex("MAXIMUS guideline") :])
    assert [item.request for item in letter.items] == ["MRI of the neck", "MRI of the knee"]
    assert ("value_missing", "items/2/claims_text") in {(p.code, p.path) for p in letter.problems}


def test_a_letter_without_items_says_so() -> None:
    text = text_of("synthetic_page_edges").split("Home health aide")[0]
    letter = parse_letter(text)
    assert letter.layout == "determination"
    assert "no_items" in {problem.code for problem in letter.problems}


# Rationale and checks


@pytest.mark.parametrize(
    ("rationale", "concluded"),
    [
        ("As such, the request is not medically necessary.", "upheld"),
        ("The request is determined to not be medically necessary.", "upheld"),
        ("This will be considered not medically necessary.", "upheld"),
        ("It is not-medically necessary.", "upheld"),
        ("Six visits is reasonable. The request is medically necessary.", "overturned"),
        ("The request is medically necessary. Its quantity is not medically necessary.", "upheld"),
        ("The drug would be medically necessary if pain lasted.", None),
        ("It is not clear why this is medically necessary.", None),
        ("There is no plan.", None),
        (
            "The request is not medically necessary. This decision addresses the medical necessity of opioids as they "
            "have been prescribed. A taper is medically necessary.",
            "upheld",
        ),
    ],
)
def test_a_rationale_concludes_what_its_last_plain_statement_says(rationale: str, concluded: str | None) -> None:
    assert conclusion_of(rationale) == concluded


def test_a_rationale_against_its_decision_is_reported() -> None:
    letter = parse_letter(letter_with("MRI of the neck: Overturned"))
    found = [problem for problem in letter.problems if problem.code == "rationale_contradicts_decision"]
    assert [problem.path for problem in found] == ["items/1/rationale"]
    assert letter.items[0].decision == "overturned"


def test_a_guideline_line_against_the_summary_is_reported() -> None:
    text = letter_with("MRI of the neck: Upheld").replace(
        "The current", "The claim was denied by Utilization Review, noting the MTUS guidelines. The current"
    )
    assert "guideline_contradicts_summary" in {problem.code for problem in parse_letter(text).problems}


def test_dates_in_an_impossible_order_are_reported() -> None:
    dates = VALUES | {"decision_date": date(2016, 3, 3)}
    assert {problem.path for problem in check_dates(dates, {})} == {"decision_date"}
    assert list(check_dates(VALUES, {})) == []


def test_dates_too_far_apart_are_reported() -> None:
    assert [p.path for p in check_dates(VALUES | {"decision_date": date(2107, 3, 3)}, {})] == ["decision_date"]
    assert [p.path for p in check_dates(VALUES | {"date_of_injury": date(1916, 3, 3)}, {})] == ["date_of_injury"]
    assert list(check_dates(VALUES | {"date_of_injury": date(1972, 3, 3)}, {})) == []
    assert list(check_dates({}, {})) == []


# Layouts


@pytest.mark.parametrize(
    ("text", "layout", "code"),
    [
        (
            "MEDICAL PROFESSIONAL REVIEW\nISSUE AT DISPUTE:\nMEDICAL REVIEWER QUALIFICATIONS:\n",
            True,
            "layout_not_read",
        ),
        ("HOW THE IMR FINAL DETERMINATION WAS MADE\nIMR DECISION(S) AND\nRATIONALE(S)", True, "layout_not_read"),
        ("Independent Bill Review\nFinal Determination", False, "bill_review"),
        ("Department of Managed Health Care\nIndependent Medical Review", False, "health_plan_review"),
        ("MPN Independent Medical Review under 9768.9", False, "provider_network_review"),
        ("Independent Medical Review: Final Determination in a new form", False, "layout_not_known"),
        ("A shopping list", False, "not_a_determination"),
        ("", False, "not_a_determination"),
    ],
)
def test_what_is_not_read_is_told_apart_and_reported(text: str, layout: bool, code: str) -> None:
    recognised = recognise_layout(text)
    assert recognised.problem
    assert recognised.problem.code == code
    assert (recognised.layout is not None) == layout
    letter = parse_letter(text)
    assert (letter.layout is not None, letter.items, [p.code for p in letter.problems]) == (layout, (), [code])


def test_the_notice_of_2013_is_read_as_far_as_it_is_known() -> None:
    asked = "MAXIMUS Federal Services, Inc. has determined the request for"
    first = f"1) {asked} a 28 day \nprogram is notmedically necessary and appropriate.\n"
    second = f"2) {asked} a cane is medically necessary and appropriate.\n"
    text = (
        "MAXIMUS FEDERAL SERVICES, INC. \nNotice of Independent Medical Review Determination \nDated: 9/6/2013\n"
        f"IMR Case Number: CM13-9900003\n{first}{second}INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE\n"
        "An application for Independent Medical Review was filed on 8/30/2013 disputing the Utilization Review Denial "
        f"dated 8/1/2013.\n{first}{second}Medical Qualifications of the Expert Reviewer:\n"
        "The physician reviewer is Board Certified in Occupational Medicine and is licensed to practice in "
        "California.\nCase Summary:\nDisclaimer: The following case summary was taken directly from the utilization "
        "review denial dated August 1, 2013.\n“The patient is a synthetic one.”\n"
    )
    letter = parse_letter(text)
    assert letter.layout == "notice-2013"
    assert [(item.request, item.decision) for item in letter.items] == [
        ("a 28 day program", "upheld"),
        ("a cane", "overturned"),
    ]
    assert (letter.case_number, letter.decision_date) == ("CM13-9900003", date(2013, 9, 6))
    assert (letter.application_received, letter.ur_denial_date) == (date(2013, 8, 30), date(2013, 8, 1))
    assert (letter.licensure, letter.specialties) == (("California",), ("Occupational Medicine",))
    assert letter.summary == "“The patient is a synthetic one.”"
    assert [problem.code for problem in letter.problems] == ["layout_read_in_part"]


# Problems and comparison


def test_every_problem_kind_says_what_to_do() -> None:
    assert all(kind.code == code and kind.label and kind.remedy for code, kind in PROBLEMS.items())
    assert PROBLEMS.keys() >= OTHER_PROGRAMME_CODES
    assert needs_review("decision_missing")
    assert not needs_review("item_cut_at_page")


def test_differences_name_gains_and_losses() -> None:
    item = {"request": "MRI", "decision": "upheld", "claims": [], "reviewer": []}
    before = {"file": "a.pdf", "age": 40, "sex": "male", "summary": "x-\nray", "items": [item], "problems": []}
    after = before | {"age": 41, "sex": None, "summary": "x-ray", "items": [item | {"decision": "overturned"}]}
    right = before | {"age": 41}
    assert [(d.path, d.verdict) for d in differences(before, after, right)] == [
        ("age", "gain"),
        ("items/1/decision", "loss"),
        ("sex", "loss"),
    ]
    assert {d.verdict for d in differences(before, after)} == {"change"}

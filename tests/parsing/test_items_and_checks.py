"""Items, rationale, checks and layouts, through whole synthetic letters."""

import re
from datetime import date
from typing import cast

import pytest

from determinations.parsing import parse_letter
from determinations.parsing.checks import check_dates
from determinations.parsing.compare import differences
from determinations.parsing.layouts import recognize_layout
from determinations.parsing.problems import OTHER_PROGRAM_CODES, PROBLEMS, needs_review
from determinations.parsing.rationale import conclusion_of
from determinations.parsing.results import ExpectedRecord, LetterRecord
from tests.parsing.letters import VALUES, text_of

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
    recognised = recognize_layout(text)
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
    assert parse_letter(text.replace("CM13-9900003", "CM13-19900003")).case_number == "CM13-19900003"


# Problems and comparison


def test_every_problem_kind_says_what_to_do() -> None:
    assert all(kind.code == code and kind.label and kind.remedy for code, kind in PROBLEMS.items())
    assert PROBLEMS.keys() >= OTHER_PROGRAM_CODES
    assert needs_review("decision_missing")
    assert not needs_review("item_cut_at_page")


def test_differences_name_gains_and_losses() -> None:
    item = {"request": "MRI", "decision": "upheld", "claims": [], "reviewer": []}
    values = {"file": "a.pdf", "age": 40, "sex": "male", "summary": "x-\nray", "items": [item], "problems": []}
    changed = {"age": 41, "sex": None, "summary": "x-ray", "items": [item | {"decision": "overturned"}]}
    before, after = cast(LetterRecord, values), cast(LetterRecord, values | changed)
    right = cast(ExpectedRecord, values | {"age": 41})
    assert [(d.path, d.verdict) for d in differences(before, after, right)] == [
        ("age", "gain"),
        ("items/1/decision", "loss"),
        ("sex", "loss"),
    ]
    assert {d.verdict for d in differences(before, after)} == {"change"}


def test_a_rationale_that_states_both_decisions_is_flagged_at_the_sentence() -> None:
    text = letter_with("MRI of the neck: Upheld")
    sentence = "For these reasons, the medical necessity of the study is established."
    text = text.replace("Decision rationale: ", f"Decision rationale: {sentence} ")
    (problem,) = [p for p in parse_letter(text).problems if p.code == "rationale_contradicts_itself"]
    assert problem.span
    assert text[slice(*problem.span)].split() == sentence.rstrip(".").split()


@pytest.mark.parametrize(
    "sentence",
    [
        "The medical necessity of the study is not established.",
        "The study would be medically necessary if therapy had failed.",
        "Imaging is medically necessary when red flags are present.",
        "The medical necessity of the study cannot be established.",
    ],
)
def test_a_rationale_that_weighs_conditions_does_not_contradict_itself(sentence: str) -> None:
    text = letter_with("MRI of the neck: Upheld").replace("Decision rationale: ", f"Decision rationale: {sentence} ")
    assert "rationale_contradicts_itself" not in {problem.code for problem in parse_letter(text).problems}


def test_a_guideline_line_that_breaks_early_before_its_pages_is_not_torn() -> None:
    line = "MAXIMUS guideline: Decision based on MTUS ACOEM Chapter 15 Stress \nRelated Conditions Page(s): 398B."
    text = re.sub(
        r"MAXIMUS guideline:[^\f]*?\.(?=\s*\n)", lambda _: line, letter_with("MRI of the neck: Upheld"), count=1
    )
    assert "lines_out_of_order" not in {problem.code for problem in parse_letter(text).problems}


@pytest.mark.parametrize(
    "ending",
    [
        ": Not Upheld",
        ": Partially Upheld",
        ": Partial - Upheld",
        ": Upheld / Overturned",
        ": Upheld, Overturned",
        " is not Upheld",
    ],
)
def test_a_decision_that_is_changed_or_that_is_one_of_two_is_missing(ending: str) -> None:
    letter = parse_letter(letter_with("MRI of the knee: Upheld", f"MRI of the neck{ending}"))
    assert letter.items[1].decision is None
    assert "decision_missing" in {problem.code for problem in letter.problems}


@pytest.mark.parametrize("request_", ["Meniscectomy, partial", "Brace for the body part", "Scan, contrast or not"])
def test_what_is_before_the_colon_does_not_change_the_decision(request_: str) -> None:
    letter = parse_letter(letter_with("MRI of the knee: Upheld", f"{request_}: Upheld"))
    assert (letter.items[1].request, letter.items[1].decision) == (request_, "upheld")


@pytest.mark.parametrize("ending", [": Decision: Upheld", ":: Upheld", "; Upheld", ". Final Determination: Upheld"])
def test_what_is_between_a_request_and_its_decision_is_no_part_of_the_request(ending: str) -> None:
    letter = parse_letter(letter_with("MRI of the knee: Upheld", f"MRI of the neck{ending}"))
    assert (letter.items[1].request, letter.items[1].decision) == ("MRI of the neck", "upheld")


@pytest.mark.parametrize(
    "form",
    ["{n}. ", "{n}) ", "({n}) ", "Issue {n}: ", "Item #{n}: ", "Disputed Item No. {n} - ", "* ", "- ", "{letter}. "],
)
def test_a_number_that_counts_the_items_is_no_part_of_requests(form: str) -> None:
    lines = [
        form.format(n=n, letter="ab"[n - 1]) + f"MRI of the {part}: Upheld"
        for n, part in enumerate(("knee", "neck"), 1)
    ]
    assert [item.request for item in parse_letter(letter_with(*lines)).items] == ["MRI of the knee", "MRI of the neck"]


@pytest.mark.parametrize(
    "lines",
    [
        ("6 monthly sessions: Upheld", "12 visits: Upheld"),
        ("(1) box of pads: Upheld", "(1) battery: Upheld"),
        ("1. MRI of the knee: Upheld", "3. MRI of the neck: Upheld"),
        ("1.5 mg of drug A: Upheld",),
        ("(1) box of pads: Upheld",),
        ("2) drug A: Upheld",),
    ],
)
def test_a_number_that_does_not_count_the_items_belongs_to_the_request(lines: tuple[str, ...]) -> None:
    requests = [item.request for item in parse_letter(letter_with(*lines)).items]
    assert requests == [line.removesuffix(": Upheld") for line in lines]


@pytest.mark.parametrize(
    ("label", "part"), [("MAXIMUS guideline", "claims_text"), ("Decision rationale", "reviewer_text")]
)
def test_the_text_above_a_label_that_is_missing_is_doubtful(label: str, part: str) -> None:
    text = letter_with("MRI of the neck: Upheld").replace(f"{label}:", "")
    doubtful = {problem.path for problem in parse_letter(text).problems if problem.code == "value_doubtful"}
    assert f"items/1/{part}" in doubtful

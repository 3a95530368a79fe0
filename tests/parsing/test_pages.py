"""What surrounds letters in real offices: lines at page edges, covers, records, bundles. All texts are synthetic."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from determinations.parsing import parse_file, parse_letter
from determinations.parsing.last_page import check_last_page
from determinations.parsing.pages.copies import without_copies
from determinations.parsing.results import LetterPart
from determinations.parsing.source import SourceText
from determinations.synthetic import write_letter, write_notice
from tests.parsing.letters import text_of
from tests.parsing.test_letters import squeezed, wrong_values

NAME = "synthetic_page_edges"
LETTER = text_of(NAME)
PAGES = LETTER.count("\f") + 1
RECORDS = (
    "PROGRESS REPORT\nPatient: Jane Roe     DOB: 01/02/1970\nSubjective complaints: The pain is constant.\n"
    "The treatment is medically necessary.\nPlan: Return in four weeks."
)
COVER = (
    "FACSIMILE COVER SHEET\nTO: Claims Examiner\nRE: IMR CM15-8888888\nCase Number: CM15-7777777\n"
    "Date of Injury: 01/02/2013\nPriority: Expedited\nDecision Date: 03/04/2015\nPlease handle on an expedited basis."
)


def parts_of(text: str) -> tuple[LetterPart, ...]:
    return parse_file(SourceText.from_text(text))


def codes(part: LetterPart) -> set[str]:
    return {problem.code for problem in part.letter.problems}


CLEAN = codes(parts_of(LETTER)[0])


def with_lines(text: str, top: str = "", bottom: str = "") -> str:
    """The text with a line at the edges of every page; ``{n}`` is the page's number."""
    pages = text.split("\f")
    return "\f".join(
        (top.format(n=n, total=len(pages)) + "\n" if top else "")
        + page.rstrip()
        + (" \n" + bottom.format(n=n, total=len(pages)) if bottom else "")
        for n, page in enumerate(pages, 1)
    )


EDGE_LINES = [
    "02/10/2017 FRI 14:05  FAX 555 010 0100  EXAMPLE OFFICE   @00{n}/00{total}",
    "Feb 10 2017 2:05PM  Example Office  5550100100  p.{n}",
    "10-Feb-17 14:05;Example Office ;5550100100 # {n}/ {total}",
    "To: Records  Page {n} of {total}   2017-02-10 22:05:33 (GMT)   15550100100   From: Example Office",
    "https://portal.example.com/view?id=12345   {n}/{total}",
    "ABC00012{n}",
    "Exhibit A - {n}",
    "CONFIDENTIAL - This document contains privileged and protected health information.",
    "This facsimile is intended only for the use of the addressee and may be privileged.",
    "RECEIVED FEB 10 2017",
    "Rec'd 02/10/17",
    "Example Claims Services, Inc.",
    "EXAMPLE LLP | 200 Elm Avenue | Fresno, CA 93721 | Tel (555) 010-0100",
]


@pytest.mark.parametrize("line", EDGE_LINES)
@pytest.mark.parametrize("edge", ["top", "bottom"])
def test_a_line_at_every_page_edge_is_part_of_no_value(edge: str, line: str) -> None:
    (part,) = parts_of(with_lines(LETTER, **{edge: line}))
    assert wrong_values(NAME, part.letter) == []
    assert codes(part) == CLEAN


def test_a_fax_line_that_a_scan_spaces_differently_on_one_page_is_part_of_no_value() -> None:
    line = "02/10/2017 FRI 14:05 FAX 5550100100 SYNTHETIC OFFICE @00{n}/00{total}"
    pages = with_lines(LETTER, top=line).split("\f")
    pages[1:] = [page.replace("5550100100", "555010 0100", 1) for page in pages[1:]]
    (part,) = parts_of("\f".join(pages))
    assert wrong_values(NAME, part.letter) == []
    assert codes(part) == CLEAN


def test_spans_point_into_the_stored_text_around_edge_lines() -> None:
    text = with_lines(LETTER, top=EDGE_LINES[0], bottom=EDGE_LINES[5])
    letter = parts_of(text)[0].letter
    for item in letter.items:
        assert text[slice(*item.spans["decision"])].lower() == item.decision
        place = item.spans["claims_text"]
        assert squeezed(text[slice(*place)]) == squeezed(item.claims_text or "")


def test_a_fax_line_that_shares_a_line_with_the_letter_is_taken_out_and_reported() -> None:
    head, _, tail = LETTER.rstrip().rpartition("\n")
    (part,) = parts_of(f"{head}\n{tail.rstrip()}   02/10/2017 FRI 14:05  FAX 555 010 0100  @002/003")
    assert wrong_values(NAME, part.letter) == []
    assert "page_line_doubtful" in codes(part)


MERGED_LINES = [
    "Feb. 10. 2017  2:05PM    No. 4312   P. {n}/{total}",
    "02/10/2017 14:05 5550100100 EXAMPLE OFFICE PAGE 0{n}/0{total}",
    "Sent by: Example Office, Inc.  5550100100;  02/10/17  2:05PM; #417; Page {n}/{total}",
    "2017-02-10 14:05 (GMT-08:00)   EXAMPLE OFFICE   p.{n}",
    "02/10/17  14:05  FAX 555 010 0100      EXAMPLE                [00{n}]",
]


def merged_with(text: str, line: str, at: int, *, before: bool) -> str:
    """The text with a fax line on the first (0) or last (-1) printed line of every page."""
    pages = text.split("\f")
    merged = []
    for n, page in enumerate(pages, 1):
        lines = page.split("\n")
        number = [number for number, printed in enumerate(lines) if printed.strip()][at]
        fax, own = line.format(n=n, total=len(pages)), lines[number].strip()
        lines[number] = f"{fax}  {own}" if before else f"{own}  {fax}"
        merged.append("\n".join(lines))
    return "\f".join(merged)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", [0, -1], ids=["first line", "last line"])
@pytest.mark.parametrize("line", MERGED_LINES)
def test_a_fax_line_on_a_line_of_every_page_is_told_by_what_the_pages_share(line: str, at: int, before: bool) -> None:
    (part,) = parts_of(merged_with(LETTER, line, at, before=before))
    assert wrong_values(NAME, part.letter) == []
    assert "page_line_doubtful" in codes(part)


@pytest.mark.parametrize(
    "line",
    ["FEB 10 2017", "Example Claims", "*02102017-IMG-88*", "Rcvd. Feb 10, 2017", "OFFICE - IMAGED 02-10-2017 14:05"],
)
@pytest.mark.parametrize("page", range(PAGES - 1))
def test_a_line_that_interrupts_the_text_at_one_page_edge_is_part_of_no_value(page: int, line: str) -> None:
    pages = LETTER.split("\f")
    pages[page] = f"{pages[page].rstrip()} \n{line}"
    (part,) = parts_of("\f".join(pages))
    assert wrong_values(NAME, part.letter) == []


def test_a_line_of_running_text_that_interrupts_a_sentence_is_reported() -> None:
    above, below = LETTER.split("\f")[:2]
    assert below.lstrip()[0].islower()
    text = LETTER.replace(above, f"{above.rstrip()} \nKeep with the rest of this file", 1)
    assert "page_line_doubtful" in codes(parts_of(text)[0])


BEFORE: dict[str, Callable[[str], str]] = {
    "a cover page": lambda letter: f"{COVER}\f{letter}",
    "a cover without a page break": lambda letter: f"{COVER}\n\n{letter}",
    "records of ten pages": lambda letter: "\f".join([*[RECORDS] * 10, letter]),
}


@pytest.mark.parametrize("kind", BEFORE)
def test_what_precedes_the_letter_is_part_of_no_value(kind: str) -> None:
    (part,) = parts_of(BEFORE[kind](LETTER))
    assert wrong_values(NAME, part.letter) == []
    assert codes(part) == CLEAN


@pytest.mark.parametrize("kind", BEFORE)
def test_a_letter_without_a_header_block_takes_none_from_what_precedes_it(kind: str) -> None:
    letter = text_of("synthetic_no_header")
    (part,) = parts_of(BEFORE[kind](letter))
    assert wrong_values("synthetic_no_header", part.letter) == []
    assert part.letter.case_number is None


AFTER = {
    "records": f"\f{RECORDS}",
    "records of many pages": f"\f{RECORDS}" * 12,
    "an appeal notice": "\n\nIf you disagree with this determination, you may file an appeal with the Workers' "
    "Compensation Appeals\nBoard within 30 days.",
    "copies": "\ncc: Claims Administrator\ncc: Applicant's attorney",
    "a mail signature": "\n\nSent from my phone",
    "a greeting": "\nSincerely,\nJane Roe",
}


@pytest.mark.parametrize("kind", AFTER)
def test_what_follows_the_letter_is_part_of_no_value(kind: str) -> None:
    text = LETTER.rstrip() + AFTER[kind]
    (part,) = parts_of(text)
    assert wrong_values(NAME, part.letter) == []
    assert part.pages == (1, PAGES)
    assert text[part.extent.end :].strip() == AFTER[kind].strip()


def test_several_letters_in_one_file_are_several_parts_with_their_own_pages() -> None:
    letters = [write_letter(number) for number in range(3)]
    text = "\f".join([COVER, letters[0].text, RECORDS, letters[1].text, letters[2].text])
    parts = parts_of(text)
    assert [part.letter.case_number for part in parts] == [letter.expected["case_number"] for letter in letters]
    first = 2 + letters[0].text.count("\f")
    assert parts[0].pages == (2, first)
    assert parts[1].pages[0] == first + 2
    assert parts[2].pages[1] == text.count("\f") + 1


#: A file of several documents, by their initials: letter, notice of 2013, records, cover page.
BUNDLES = ["LN", "NL", "LNL", "NRL", "CLRN", "NN", "NRN"]


@pytest.mark.parametrize("fax_line", ["", EDGE_LINES[0]], ids=["plain", "with fax lines"])
@pytest.mark.parametrize("bundle", BUNDLES)
def test_notices_among_letters_are_parts_of_their_own(bundle: str, fax_line: str) -> None:
    documents = {"R": RECORDS, "C": f"{COVER}\nEncl.: Notice of Independent Medical Review Determination"}
    texts, expected = [], []
    for number, kind in enumerate(bundle):
        letter = {"L": write_letter, "N": write_notice}.get(kind, lambda _: None)(number)
        texts.append(letter.text.rstrip() if letter else documents[kind])
        if letter:
            expected.append(
                (letter.expected["case_number"], letter.expected["summary"], len(letter.expected["items"]))
            )
    parts = parts_of(with_lines("\f".join(texts), top=fax_line))
    assert [(part.letter.case_number, part.letter.summary, len(part.letter.items)) for part in parts] == expected
    layouts = {"L": "determination", "N": "notice-2013"}
    assert [part.letter.layout for part in parts] == [layouts[kind] for kind in bundle if kind in layouts]


def test_a_review_of_2013_behind_a_letter_is_named_as_not_read() -> None:
    review = "MEDICAL PROFESSIONAL REVIEW\nISSUE AT DISPUTE:\nMRI\nDOCUMENTS REVIEWED FOR DETERMINATION:\nNone."
    letter, unread = parts_of(f"{LETTER.rstrip()}\f{review}")
    assert wrong_values(NAME, letter.letter) == []
    assert codes(unread) == {"layout_not_read"}


def test_two_letters_can_meet_within_a_page() -> None:
    letters = [write_letter(number) for number in range(2)]
    parts = parts_of("\n \n".join(letter.text.rstrip() for letter in letters))
    assert [part.letter.case_number for part in parts] == [letter.expected["case_number"] for letter in letters]
    assert parts[0].letter.items[-1].rationale == letters[0].expected["items"][-1]["rationale"]


def test_the_same_letter_twice_in_a_file_is_two_parts() -> None:
    first, second = parts_of(f"{LETTER}\f{LETTER}")
    assert first.letter.case_number == second.letter.case_number
    assert wrong_values(NAME, first.letter) == wrong_values(NAME, second.letter) == []
    assert second.pages == (PAGES + 1, 2 * PAGES)


def test_a_missing_last_page_is_reported() -> None:
    cut = LETTER[: LETTER.rindex("\f")]
    (part,) = parts_of(cut)
    assert codes(part) & {"text_breaks_off", "value_missing", "no_items", "page_missing", "decision_left_over"}


def test_pages_out_of_order_are_read_in_order_and_reported() -> None:
    pages = LETTER.rstrip().split("\f")
    (part,) = parts_of("\f".join([*pages[1:], pages[0]]))
    assert wrong_values(NAME, part.letter) == []
    assert "pages_out_of_order" in codes(part)


def test_pages_in_reverse_order_are_read_in_order_even_when_the_last_has_no_label() -> None:
    head, _, tail = LETTER.rstrip().rpartition(" ")
    pages = [*head.split("\f"), f"{tail.lower()} this is said once more. The request is not medically necessary."]
    (part,) = parts_of("\f".join(reversed(pages)))
    (whole,) = parts_of("\f".join(pages))
    assert part.letter.items[-1].rationale == whole.letter.items[-1].rationale
    assert part.pages == (1, len(pages))
    assert "pages_out_of_order" in codes(part)


def upside_down(page: str) -> str:
    return "\n".join(reversed(page.rstrip().split("\n")))


@pytest.mark.parametrize("turned", [{0}, {1}, set(range(PAGES))], ids=["first", "second", "all"])
def test_pages_upside_down_are_read_from_the_bottom_up_and_named(turned: set[int]) -> None:
    pages = LETTER.rstrip().split("\f")
    text = "\f".join(upside_down(page) if number in turned else page for number, page in enumerate(pages))
    (part,) = parts_of(text)
    assert wrong_values(NAME, part.letter) == []
    named = [problem.message for problem in part.letter.problems if problem.code == "page_turned"]
    assert [f"page {number + 1} " in message for number, message in zip(sorted(turned), named, strict=True)]
    for item in part.letter.items:
        assert text[slice(*item.spans["decision"])].lower() == item.decision


@pytest.mark.parametrize("turned", [{1}, set(range(PAGES))], ids=["one page", "all"])
def test_a_page_that_is_sideways_is_named(turned: set[int]) -> None:
    pages = LETTER.rstrip().split("\f")
    sideways = ("\n".join(page.replace("\n", " ")) if n in turned else page for n, page in enumerate(pages))
    named = {
        problem.message
        for part in parts_of("\f".join(sideways))
        for problem in part.letter.problems
        if problem.code == "page_turned"
    }
    assert len(named) == len(turned)
    assert all("one character per line" in message for message in named)


@pytest.mark.parametrize("number", range(PAGES))
def test_a_page_without_text_is_named(number: int) -> None:
    pages = LETTER.rstrip().split("\f")
    pages[number] = ""
    methods: Any = tuple("none" if n == number + 1 else "text" for n in range(len(pages) + 1))
    source = SourceText("\f".join(["A cover.", *pages]), _offsets(["A cover.", *pages]), methods)
    (part,) = parse_file(source)
    (problem,) = [problem for problem in part.letter.problems if problem.code == "page_without_text"]
    assert problem.message.startswith(f"Page {number + 2} of {len(pages) + 1} is an image")


def _offsets(pages: list[str]) -> tuple[int, ...]:
    return tuple(sum(len(page) + 1 for page in pages[:number]) for number in range(len(pages)))


def test_a_page_without_text_behind_a_complete_letter_is_none_of_its_problems() -> None:
    pages = [*LETTER.rstrip().split("\f"), ""]
    whole = SourceText.from_text("\f".join(pages[:-1]))
    (part,) = parse_file(SourceText(whole.text + "\f", _offsets(pages), (*whole.page_methods, "none")))
    assert part.pages == (1, PAGES)
    assert codes(part) == CLEAN


def test_a_full_last_page_and_a_denied_treatment_without_an_item_mean_a_missing_page() -> None:
    prose = "The worker reports pain in the low back that has not changed since the visit before this one.\n"
    first, rationale = f"HOW THE IMR\n{prose * 36}", f"Decision rationale: {prose * 42}"
    letter = parse_letter(LETTER)
    for summary, expected in (("The request for an MRI of the left knee was denied.", 0), ("Norco was denied.", 1)):
        problems = list(check_last_page(f"{first}\f{rationale}", letter.items, summary))
        assert [problem.code for problem in problems] == ["page_missing"] * expected
        assert list(check_last_page(f"{first}\f{rationale[:900]}", letter.items, summary)) == []


def test_a_full_last_page_and_a_treatment_for_one_side_only_mean_a_missing_page() -> None:
    prose = "The worker reports pain in the low back that has not changed since the visit before this one.\n"
    text = f"HOW THE IMR\n{prose * 36}\fDecision rationale: {prose * 42}"
    item = parse_letter(LETTER).items[0]
    requests = ("EMG of the left arm", "EMG of the right arm", "NCS of the left arm", "NCS of the right arm")
    items = tuple(replace(item, disputed=request) for request in requests)
    assert [problem.code for problem in check_last_page(text, items[:3], "The pain goes on.")] == ["page_missing"]
    assert list(check_last_page(text, items, "The pain goes on.")) == []


def test_a_bracket_that_the_next_page_does_not_close_means_a_missing_page() -> None:
    def pages(below: str) -> str:
        head, _, tail = LETTER.rstrip().rpartition("Decision rationale:")
        return f"{head}Decision rationale:{tail.rstrip('.')} (see the guideline of 2016,\f{below}"

    assert "page_missing" in codes(parts_of(pages("which says so. The request is not medically necessary."))[0])
    assert "page_missing" not in codes(parts_of(pages("page 12). The request is not medically necessary."))[0])


def test_guidelines_of_another_treatment_below_an_items_line_mean_a_missing_page() -> None:
    line, lines = LETTER.split("\f")[3:5]
    assert line.strip().endswith("Overturned")
    of_another = lines.replace("Special Studies", "Acupuncture").replace("knee", "neck").replace("MRI", "treatment")
    gap = LETTER.replace(lines, of_another.replace("Criteria, ", ""))
    assert "page_missing" in codes(parts_of(gap)[0])
    assert "page_missing" not in CLEAN


def misread(text: str) -> str:
    """The text with every fortieth letter wrong, as a recognizing program gives it."""
    return "".join("e" if number % 40 == 7 and letter.isalpha() else letter for number, letter in enumerate(text))


@pytest.mark.parametrize("copy", [str, misread], ids=["the same", "misread"])
@pytest.mark.parametrize("copy_is_first", [False, True], ids=["after", "before"])
def test_a_page_with_its_text_twice_is_read_once(copy: Callable[[str], str], copy_is_first: bool) -> None:
    letter = write_letter(0).text
    pages = [page.rstrip() for page in letter.split("\f")]
    text = "\f".join("\n".join([copy(page), page] if copy_is_first else [page, copy(page)]) for page in pages)
    assert text.split("\f")[0].count("\n") > 60
    (part,) = parts_of(text)
    whole = parse_letter(letter)
    assert [item.decision for item in part.letter.items] == [item.decision for item in whole.items]
    assert [item.rationale for item in part.letter.items] == [item.rationale for item in whole.items]
    assert (part.letter.summary, part.letter.case_number) == (whole.summary, whole.case_number)
    assert "text_twice" in codes(part)
    for item in part.letter.items:
        assert text[slice(*item.spans["decision"])].lower() == item.decision


@pytest.mark.parametrize("dash", ["\u2013", "\u2010", "\u2212", " - "])
def test_a_case_number_is_read_with_any_dash_and_eight_digits(dash: str) -> None:
    number = parse_letter(LETTER).case_number or ""
    text = LETTER.replace(number, f"CM16{dash}10000001")
    assert parse_letter(text).case_number == "CM16-10000001"


@pytest.mark.parametrize("label", ["Case No.:", "Case #", "IMR Case:", "Case"])
def test_a_case_number_is_read_under_another_label(label: str) -> None:
    assert wrong_values(NAME, parse_letter(LETTER.replace("Case Number:", label))) == []


def test_a_date_of_injury_that_the_header_block_hides_is_the_summarys_with_a_doubt() -> None:
    text = text_of("synthetic_header").replace("Injury:  11/14/2016", "Injury:  XX/XX/XXXX")
    letter = parse_letter(text)
    assert str(letter.date_of_injury) == "2016-11-14"
    assert ("value_doubtful", "date_of_injury") in {(problem.code, problem.path) for problem in letter.problems}


@pytest.mark.parametrize("character", ["\u00ad", "\u200b", "\u200d", "\u2060", "\u200e", "\ufeff"])
def test_invisible_characters_inside_words_labels_and_numbers_are_read_over(character: str) -> None:
    text = LETTER
    for word in ("Number:", "9900002", "Upheld", "CLINICAL", "guideline:", "rationale:", "Standard"):
        text = text.replace(word, word[:3] + character + word[3:])
    letter = parse_letter(text)
    assert wrong_values(NAME, letter) == []
    assert text[slice(*letter.spans["case_number"])].replace(character, "") == letter.case_number


@pytest.mark.parametrize(
    "form",
    [
        *("{y}-{m:02d}-{d:02d}", "{name} {d}, {y}", "{m}-{d}-{yy}", "{d} {name} {y}", "{m}/{d}/{y}", "{m}.{d}.{y}"),
        *("{capitals} {d}, {y}", "{d} {capitals} {y}"),
    ],
)
def test_header_dates_are_read_in_other_forms(form: str) -> None:
    whole = parse_letter(LETTER)
    header, heading, rest = LETTER.partition("HOW THE IMR")
    for field in ("date_assigned", "date_of_injury", "decision_date", "ur_denial_date", "application_received"):
        day = getattr(whole, field)
        name = day.strftime("%B")
        printed = form.format(
            y=day.year, yy=day.strftime("%y"), m=day.month, d=day.day, name=name, capitals=name.upper()
        )
        header = header.replace(day.strftime("%m/%d/%Y"), printed)
    assert wrong_values(NAME, parse_letter(header + heading + rest)) == []


def _with_lines_changed(change: Callable[[list[str]], list[str]]) -> str:
    """The letter with the lines of its first rationale changed."""
    start = LETTER.index("Decision rationale:")
    end = LETTER.index("\n \n", start)
    lines = LETTER[start:end].split("\n")
    assert len(lines) > 2
    return LETTER[:start] + "\n".join(change(lines)) + LETTER[end:]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0], lines[1], *lines[1:]],
        lambda lines: [lines[0].rstrip() + " evidence.", *lines[1:]],
        lambda lines: [lines[0].rstrip(" .") + " evidence", "The guideline is not met. " + lines[1], *lines[2:]],
    ],
    ids=["printed twice", "goes on after a full stop", "begins another sentence"],
)
def test_a_line_that_cannot_follow_the_one_above_is_reported(change: Callable[[list[str]], list[str]]) -> None:
    (part,) = parts_of(_with_lines_changed(change))
    (problem,) = [problem for problem in part.letter.problems if problem.code == "lines_out_of_order"]
    assert problem.path == "items/1/rationale"
    assert "lines_out_of_order" not in CLEAN


@pytest.mark.parametrize("number", range(PAGES))
def test_a_page_that_is_there_twice_in_a_row_is_read_once(number: int) -> None:
    pages = LETTER.split("\f")
    parts = parts_of("\f".join([*pages[: number + 1], *pages[number:]]))
    assert len(parts) == 1
    if len("".join(pages[number].split())) >= 300:  # a page with less text may be a separator sheet
        assert not wrong_values(NAME, parts[0].letter)
        assert codes(parts[0]) == CLEAN


def test_a_page_that_is_there_twice_under_a_fax_machines_count_is_read_once() -> None:
    pages = LETTER.split("\f")
    sheets = [pages[0], *pages]
    text = "\f".join(
        f"02/10/2017 FRI 14:05 FAX 555 010 0100 OFFICE @00{n}/006\n{page}" for n, page in enumerate(sheets, 1)
    )
    parts = parts_of(text)
    assert len(parts) == 1
    assert not wrong_values(NAME, parts[0].letter)


#: A short letter on a page of its own: only its outermost lines tell it from the next one.
SHEET = "{first}\n{second}\n" + "\n".join(LETTER.split("\f")[1].split("\n")[:40])


@pytest.mark.parametrize(
    ("lines", "others"),
    [
        (("Case Number:  CM17-0000051", "x"), ("Case Number:  CM17-0000052", "x")),
        (("x", "RE: CM17-0000051, Claim 17"), ("x", "RE: CM17-0000052, Claim 17")),
        (("January 11, 2017", "x"), ("January 12, 2017", "x")),
        (("x", "Issued 01/11/2017 by mail"), ("x", "Issued 01/12/2017 by mail")),
        (("Decision Date: 01/11/2017", "x"), ("Decision Date: 01/12/2017", "x")),
    ],
)
def test_a_page_with_another_case_number_or_date_is_no_copy(lines: tuple[str, str], others: tuple[str, str]) -> None:
    text = "\f".join(SHEET.format(first=first, second=second) for first, second in (lines, others))
    assert without_copies(text).text == text
    assert without_copies(f"{text.partition(chr(12))[0]}\f{text.partition(chr(12))[0]}").text != text


def test_a_letter_that_was_issued_again_is_no_copy() -> None:
    letter = LETTER.replace("\f", "\n")
    again = letter.replace("Decision Date: 01/11/2017", "Decision Date: 01/12/2017")
    assert again != letter
    assert [str(part.letter.decision_date) for part in parts_of(f"{letter}\f{again}")] == ["2017-01-11", "2017-01-12"]


@pytest.mark.parametrize("note", ["This page intentionally left blank", "[Intentionally blank]", "BLANK PAGE"])
def test_a_page_that_says_it_is_blank_is_part_of_no_value(note: str) -> None:
    parts = parts_of(f"\f{note}\f".join(LETTER.split("\f")))
    assert not wrong_values(NAME, parts[0].letter)


def _long_letter() -> tuple[str, list[str]]:
    """A letter of more lines than a page has, and its lines."""
    sentence = "The record of that week has nothing that would change this, and no other test was made then."
    text = text_of("synthetic_header").replace(
        "when a pallet tipped over in an invented warehouse.",
        "\n".join(["here."] + [f"{n} {sentence}" for n in range(30)]),
    )
    return text, text.split("\n")


@pytest.mark.parametrize("line", ["EXAMPLE OFFICE - PRIVATE FILE", "Office of Example - IMR copies - sheet {n}"])
def test_a_header_that_comes_again_in_a_text_without_page_marks_is_part_of_no_value(line: str) -> None:
    text, lines = _long_letter()
    right = parse_letter(text)
    pages = [lines[:30], lines[30:58], lines[58:]]
    marked = "\n".join("\n".join([line.format(n=n), *page]) for n, page in enumerate(pages, 1))
    letter = parse_letter(marked)
    assert letter.summary == right.summary
    assert [item.request for item in letter.items] == [item.request for item in right.items]
    assert "page_line_doubtful" in {problem.code for problem in letter.problems}


@pytest.mark.parametrize("line", ["Page {n} of 3", "02/10/2017 FRI 14:05 FAX 555 010 0100 OFFICE @00{n}/003"])
def test_a_page_count_in_a_text_without_page_marks_is_no_doubt(line: str) -> None:
    text, lines = _long_letter()
    pages = [lines[:30], lines[30:58], lines[58:]]
    letter = parse_letter("\n".join("\n".join([line.format(n=n), *page]) for n, page in enumerate(pages, 1)))
    assert [problem.code for problem in letter.problems] == [problem.code for problem in parse_letter(text).problems]


def test_a_letter_that_is_there_twice_without_page_marks_keeps_its_lines() -> None:
    text, _ = _long_letter()
    assert parts_of(f"{text}\n{text}")[0].letter.summary == parse_letter(text).summary


@pytest.mark.parametrize("stamp", ["COPY", "RECEIVED EXAMPLE OFFICE"])
def test_a_stamp_that_interrupts_a_sentence_is_reported(stamp: str) -> None:
    text = text_of("synthetic_header").replace("Medical records show", f"Medical\n{stamp}\nrecords show")
    letter = parse_letter(text)
    assert "lines_out_of_order" in {problem.code for problem in letter.problems}


@pytest.mark.parametrize(
    "after",
    [
        "Jane Roe, M.D.\nMedical Director",
        "MAXIMUS is providing an independent review service under contract.",
        "PROOF OF SERVICE\nI am employed in an invented county.",
    ],
)
def test_a_signature_or_a_title_right_below_the_conclusion_is_part_of_no_value(after: str) -> None:
    parts = parts_of(f"{LETTER.rstrip()}\n{after}\n")
    assert not wrong_values(NAME, parts[0].letter)


@pytest.mark.parametrize("mark", ["> ", ">", ">> ", "{n:>2} ", "{n} "])
def test_what_is_before_every_line_is_part_of_no_value(mark: str) -> None:
    pages = [
        "\n".join(mark.format(n=n) + line for n, line in enumerate(page.split("\n"), 1)) for page in LETTER.split("\f")
    ]
    text = "\f".join(pages)
    letter = parse_letter(text)
    assert wrong_values(NAME, letter) == []
    assert text[slice(*letter.spans["case_number"])] == letter.case_number


def test_the_first_words_of_lines_that_are_no_line_numbers_stay() -> None:
    rows = "\n".join(f"{n * 7 % 40} sessions of an invented treatment, which did not help." for n in range(1, 40))
    letter = parse_letter(LETTER.replace("\f", "\n") + "\n" + rows)
    assert wrong_values(NAME, letter) == []

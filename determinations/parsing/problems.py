"""Every kind of problem that reading a letter can raise: what it is called, how grave it is, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["missing", "contradiction", "doubt", "note"]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem. ``label`` names it in lists; ``remedy`` says what it means and what to do about it."""

    code: str
    label: str
    severity: Severity
    remedy: str


_KINDS = (
    # The letter as a whole
    ProblemKind(
        "file_unreadable",
        "file not readable",
        "missing",
        "The file gives no text: it is damaged, locked by a password, a scan, or too large. The message says which.",
    ),
    ProblemKind(
        "not_a_determination",
        "not a determination letter",
        "missing",
        "Nothing in the text is a mark of an Independent Medical Review determination. Look at the file: if it is one "
        "after all, its text may be damaged, and the fields are to be entered by hand.",
    ),
    ProblemKind(
        "health_plan_review",
        "a health plan's review",
        "missing",
        "An Independent Medical Review of a health plan (Department of Managed Health Care or Department of "
        "Insurance), which is another program. It does not belong in this collection.",
    ),
    ProblemKind(
        "bill_review",
        "an independent bill review",
        "missing",
        "An Independent Bill Review decides what is paid, not what is medically necessary. It does not belong here.",
    ),
    ProblemKind(
        "provider_network_review",
        "a provider network's review",
        "missing",
        "A review inside a Medical Provider Network (8 CCR 9768.1 and following) about diagnosis or treatment by a "
        "network doctor, which is another procedure. It does not belong here.",
    ),
    ProblemKind(
        "layout_not_read",
        "layout known but not read",
        "missing",
        "The letter is in a layout of 2013 or 2014 that is recognized but not read yet. Enter its fields by hand.",
    ),
    ProblemKind(
        "layout_read_in_part",
        "layout read in part",
        "note",
        "The 2013 notice is read as far as its wording is known: items, decisions, some dates, reviewer. The rest is "
        "to be entered by hand.",
    ),
    ProblemKind(
        "layout_not_known",
        "layout not known",
        "missing",
        "The text speaks of an Independent Medical Review determination, but stands in no layout that is known. "
        "Enter its fields by hand.",
    ),
    # Values that should be there
    ProblemKind(
        "header_missing",
        "no header block",
        "missing",
        "The case number, the dates and the priority stand on the first page's header block, which this text lacks. "
        "Look for the first page, or enter the values by hand.",
    ),
    ProblemKind(
        "value_missing",
        "value missing",
        "missing",
        "A letter of this layout always has this value, and it was not found. Enter it if the letter shows it.",
    ),
    ProblemKind(
        "no_items",
        "no disputed items",
        "missing",
        "No disputed item was found, though every determination decides at least one. Enter the items by hand.",
    ),
    ProblemKind(
        "decision_missing",
        "decision missing",
        "missing",
        "The item's line does not end in Upheld or Overturned. Read the letter and enter the decision.",
    ),
    # Readings in doubt
    ProblemKind(
        "header_doubtful",
        "header block in doubt",
        "doubt",
        "Labels and values of the header block could not be paired for certain. Compare the values with the letter.",
    ),
    ProblemKind(
        "value_doubtful",
        "value in doubt",
        "doubt",
        "The value was read, but its wording is unusual. Compare it with the letter.",
    ),
    ProblemKind(
        "wording_unknown",
        "wording not known",
        "doubt",
        "A fixed sentence of this layout reads differently here, so the text beside it may begin at the wrong word.",
    ),
    ProblemKind(
        "lines_out_of_order",
        "lines out of order",
        "doubt",
        "A line breaks off in mid-sentence: the text reader has put its end elsewhere. It was put back where it was "
        "found. Compare the text there with the letter.",
    ),
    ProblemKind(
        "page_line_doubtful",
        "line at a page edge",
        "doubt",
        "A line at the edge of a page may be a fax line, stamp or footer rather than the letter's text. Compare the "
        "value there with the page.",
    ),
    ProblemKind(
        "text_breaks_off",
        "text breaks off",
        "doubt",
        "A text that always ends in a sentence does not: its end may be on a missing page, or a line that is not the "
        "letter's was read into it. Compare with the pages.",
    ),
    ProblemKind(
        "page_without_text",
        "page without text",
        "missing",
        "A page of this letter is a picture, and none of its text was read. Enter what it says by hand, or "
        "upload a copy with text.",
    ),
    ProblemKind(
        "page_missing",
        "page missing",
        "missing",
        "A page of this letter seems to be missing, or the pages are out of order. Compare with the original.",
    ),
    ProblemKind(
        "pages_out_of_order",
        "pages out of order",
        "doubt",
        "The pages were read in the order in which their text continues, not as the file has them. Compare the values "
        "with the pages.",
    ),
    ProblemKind(
        "letter_end_doubtful",
        "end of the letter in doubt",
        "doubt",
        "Where the last rationale ends and other papers begin could not be told for certain. Compare with the pages.",
    ),
    ProblemKind(
        "item_start_doubtful",
        "start of an item in doubt",
        "doubt",
        "Where the rationale before ends and this item begins could not be told for certain. Compare with the letter.",
    ),
    ProblemKind(
        "item_cut_at_page",
        "item cut at a page edge",
        "note",
        "The item's line begins on one page and ends on the next. Check that both halves were read.",
    ),
    ProblemKind(
        "partial_approval_doubtful",
        "partial approval in doubt",
        "doubt",
        "The item speaks of an original request and what was authorised, but not in a wording that is known. Check "
        "which part is in dispute.",
    ),
    ProblemKind(
        "decision_left_over",
        "a decision that belongs to no item",
        "doubt",
        "A line ends in Upheld or Overturned outside every item that was found. An item may have been missed.",
    ),
    ProblemKind(
        "category_unknown",
        "treatment category not known",
        "doubt",
        "No rule knows what kind of treatment the disputed item is, so it counts under Other. Choose its category.",
    ),
    ProblemKind(
        "ocr_doubt",
        "unclear on the scan",
        "doubt",
        "The letter was read from a scan, and a word of this value was not clear. Compare it with the page.",
    ),
    ProblemKind(
        "grounds_not_found",
        "grounds of the decision not found",
        "doubt",
        "No sentence of the rationale was recognized as the reason for the decision. Read the rationale and choose "
        "the grounds.",
    ),
    # Contradictions inside the letter
    ProblemKind(
        "rationale_contradicts_decision",
        "rationale against the decision",
        "contradiction",
        "The rationale concludes the opposite of the decision on the item's line. The item's line counts; check that "
        "rationale and item belong together.",
    ),
    ProblemKind(
        "rationale_contradicts_itself",
        "rationale states both decisions",
        "contradiction",
        "The end of the rationale states that the request is medically necessary and that it is not. The item's line "
        "counts; read the rationale.",
    ),
    ProblemKind(
        "guideline_contradicts_summary",
        "guideline line against the summary",
        "contradiction",
        "The summary says that utilization review relied on a guideline which the claims administrator's line denies. "
        "Both are printed so; decide which to trust.",
    ),
    ProblemKind(
        "dates_contradict",
        "dates in an impossible order",
        "contradiction",
        "Two dates stand in an order that cannot be, such as a decision before the injury. Compare with the letter.",
    ),
    # Citations
    ProblemKind(
        "unknown_authority",
        "guideline not recognized",
        "doubt",
        "The cited source is not among the known authorities. Choose one, or add its printed form as an alias.",
    ),
    ProblemKind(
        "chapter_mismatch",
        "chapter number against its title",
        "contradiction",
        "The chapter's number and its title name different chapters. Decide which one was meant.",
    ),
    ProblemKind(
        "citation_unread",
        "citation read in part",
        "doubt",
        "Part of the guideline line fits no known form of citation. Compare the citations with the printed line.",
    ),
)

#: Every kind of problem by its code.
PROBLEMS: Mapping[str, ProblemKind] = {kind.code: kind for kind in _KINDS}

#: The text is no determination letter at all.
NOT_A_DETERMINATION = "not_a_determination"
#: The text is a review of another program, which this collection does not hold.
OTHER_PROGRAMME_CODES = frozenset({"health_plan_review", "bill_review", "provider_network_review"})


def needs_review(code: str) -> bool:
    """Whether a person should look at a letter with this problem: any kind but a note, and any code not known."""
    kind = PROBLEMS.get(code)
    return kind is None or kind.severity != "note"

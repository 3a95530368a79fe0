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
        "No text could be read from the file: it is damaged, password-protected, a scan, or too large. The message "
        "says which.",
    ),
    ProblemKind(
        "not_a_determination",
        "not a determination letter",
        "missing",
        "Nothing in the text identifies it as an Independent Medical Review determination. Check the file: if it is "
        "one, its text may be damaged. Enter its fields by hand.",
    ),
    ProblemKind(
        "health_plan_review",
        "a health plan's review",
        "missing",
        "An Independent Medical Review of a health plan (Department of Managed Health Care or Department of "
        "Insurance), which is a different program. It does not belong in this collection.",
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
        "network doctor, which is a different procedure. It does not belong here.",
    ),
    ProblemKind(
        "layout_not_read",
        "layout not supported yet",
        "missing",
        "The letter has a layout of 2013 or 2014 that cannot be read yet. Enter its fields by hand.",
    ),
    ProblemKind(
        "layout_read_in_part",
        "layout partly read",
        "note",
        "The 2013 notice is read only in part: items, decisions, some dates, reviewer. Enter the rest by hand.",
    ),
    ProblemKind(
        "layout_not_known",
        "unknown layout",
        "missing",
        "The text mentions an Independent Medical Review determination, but its layout is unknown. Enter its fields "
        "by hand.",
    ),
    ProblemKind(
        "too_many_pages",
        "too many pages",
        "missing",
        "The file has more pages than are read. Split it, and upload the parts that hold determination letters.",
    ),
    ProblemKind(
        "too_many_letters",
        "too many letters",
        "missing",
        "The file has more letters than are read from one file. Split it, and upload the parts.",
    ),
    ProblemKind(
        "too_many_items",
        "too many disputed items",
        "missing",
        "The text lists more disputed items than are read from one letter. Check that it is one letter, and enter "
        "the items that are missing.",
    ),
    # Values that should be there
    ProblemKind(
        "header_missing",
        "no header block",
        "missing",
        "The case number, dates and priority are in the header block on the first page, which this text lacks. Look "
        "for the first page, or enter the values by hand.",
    ),
    ProblemKind(
        "value_missing",
        "value missing",
        "missing",
        "Letters in this layout always have this value, but it was not found. Enter it if the letter shows it.",
    ),
    ProblemKind(
        "no_items",
        "no disputed items",
        "missing",
        "No disputed item was found, but every determination decides at least one. Enter the items by hand.",
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
        "uncertain header block",
        "doubt",
        "The labels and values in the header block could not be matched with certainty. Compare the values with the "
        "letter.",
    ),
    ProblemKind(
        "value_doubtful",
        "uncertain value",
        "doubt",
        "The value was read, but its wording is unusual. Compare it with the letter.",
    ),
    ProblemKind(
        "wording_unknown",
        "unfamiliar wording",
        "doubt",
        "A standard sentence of this layout is worded differently here, so the text next to it may begin at the "
        "wrong word.",
    ),
    ProblemKind(
        "lines_out_of_order",
        "lines out of order",
        "doubt",
        "A line breaks off in mid-sentence because its end was extracted elsewhere. The end was moved back where it "
        "was found. Compare the text there with the letter.",
    ),
    ProblemKind(
        "text_twice",
        "text there twice",
        "doubt",
        "A page has its text twice, as when a scanning program adds its own reading to a page with text. The copy "
        "with fewer unreadable words was read. Compare the values with the page.",
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
        "The text ends in mid-sentence. Its end may be on a missing page, or it may include a line that is not part "
        "of the letter. Compare with the pages.",
    ),
    ProblemKind(
        "page_without_text",
        "page without text",
        "missing",
        "A page of this letter is an image without readable text. Enter its values by hand, or upload a copy with "
        "text.",
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
        "The pages were read in the order in which their text continues, not in the file's order. Compare the values "
        "with the pages.",
    ),
    ProblemKind(
        "page_turned",
        "page turned",
        "missing",
        "The text of a page was taken from a page that is sideways or upside down. Compare the values with the pages, "
        "or upload a copy whose pages are upright.",
    ),
    ProblemKind(
        "letter_end_doubtful",
        "uncertain end of the letter",
        "doubt",
        "It is uncertain where the last rationale ends and other documents begin. Compare with the pages.",
    ),
    ProblemKind(
        "item_start_doubtful",
        "uncertain start of an item",
        "doubt",
        "It is uncertain where the previous rationale ends and this item begins. Compare with the letter.",
    ),
    ProblemKind(
        "item_cut_at_page",
        "item split across pages",
        "note",
        "The item's line begins on one page and ends on the next. Check that both halves were read.",
    ),
    ProblemKind(
        "partial_approval_doubtful",
        "uncertain partial approval",
        "doubt",
        "The item mentions an original request and what was authorized, in unfamiliar wording. Check which part is "
        "in dispute.",
    ),
    ProblemKind(
        "decision_left_over",
        "decision outside every item",
        "doubt",
        "A line outside every item ends in Upheld or Overturned. An item may have been missed; check the letter.",
    ),
    ProblemKind(
        "category_unknown",
        "unknown treatment category",
        "doubt",
        "No rule matches the disputed item's treatment, so it counts as Other. Choose its category.",
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
        "rationale contradicts the decision",
        "contradiction",
        "The rationale concludes the opposite of the decision on the item's line. The item's line is used; check that "
        "the rationale belongs to this item.",
    ),
    ProblemKind(
        "rationale_contradicts_itself",
        "rationale states both decisions",
        "contradiction",
        "The end of the rationale states both that the request is medically necessary and that it is not. The item's "
        "line is used; read the rationale.",
    ),
    ProblemKind(
        "guideline_contradicts_summary",
        "guideline line contradicts the summary",
        "contradiction",
        "The summary says that utilization review relied on a guideline, and the claims administrator's line says it "
        "did not. The letter prints both; decide which to trust.",
    ),
    ProblemKind(
        "dates_contradict",
        "dates in an impossible order",
        "contradiction",
        "Two dates are in an impossible order, such as a decision before the injury. Compare with the letter.",
    ),
    # Citations
    ProblemKind(
        "unknown_authority",
        "unknown guideline",
        "doubt",
        "The cited source is not among the known authorities. Choose one, or add its printed form as an alias.",
    ),
    ProblemKind(
        "chapter_mismatch",
        "chapter number contradicts its title",
        "contradiction",
        "The chapter number and its title refer to different chapters. Decide which one was meant.",
    ),
    ProblemKind(
        "citation_unread",
        "citation partly read",
        "doubt",
        "Part of the guideline line does not match any known form of citation. Compare the citations with the "
        "printed line.",
    ),
)

#: Every kind of problem by its code.
PROBLEMS: Mapping[str, ProblemKind] = {kind.code: kind for kind in _KINDS}

#: The text is a review of another program, which this collection does not hold.
OTHER_PROGRAM_CODES = frozenset({"health_plan_review", "bill_review", "provider_network_review"})


def needs_review(code: str) -> bool:
    """Whether a person should look at a letter with this problem: any kind but a note, and any code not known."""
    kind = PROBLEMS.get(code)
    return kind is None or kind.severity != "note"

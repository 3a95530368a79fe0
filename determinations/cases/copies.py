"""Whether two letters of one case are copies of the same letter or versions of it, and which copy is more complete.

The same letter often arrives again as another file: resaved, printed, scanned, or in a bundle. A copy may be less
complete, because a page is missing or words were misread. An amended letter has a different decision or date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from determinations.cases.fields import EffectiveRecord
from determinations.cases.item_keys import folded
from determinations.parsing.problems import needs_review
from determinations.parsing.results import ItemRecord, LetterRecord

#: Requests at least this similar are the same request, misread in one of the copies.
_SAME_REQUEST = 0.8
#: Items of longer letters are compared by their order only.
_MOST_COMPARED = 60


@dataclass(frozen=True, slots=True)
class ReadLetter:
    """What is compared of a letter: its parsed record, the record with its corrections, its pages and their kind."""

    letter_id: int
    parsed: LetterRecord
    corrected: EffectiveRecord
    pages: int
    says_amended: bool = False
    is_scan: bool = False

    @property
    def decision_date(self) -> str:
        """The decision date as an ISO string, empty if unknown."""
        return self.corrected["decision_date"] or ""


def are_copies(one: ReadLetter, other: ReadLetter) -> bool:
    """Whether two letters of one case are the same letter, either as parsed or as corrected by staff."""
    if one.says_amended != other.says_amended and one.decision_date and other.decision_date:
        return False
    is_same = one.parsed is other.parsed  # letters that say the very same share their document
    return is_same or _agree(one.parsed, other.parsed) or _agree(one.corrected, other.corrected)


def how_much_it_says(letter: ReadLetter) -> tuple[int, ...]:
    """Larger for the more complete copy: decisions, items, values; then an original before a scan of it, whose words
    may be misread; then fewer doubts, then more pages."""
    items = letter.parsed["items"]
    values = [letter.parsed["case_number"], letter.parsed["decision_date"], letter.parsed["date_of_injury"]]
    values += [letter.parsed["ur_denial_date"], letter.parsed["application_received"], letter.parsed["priority"]]
    values += [letter.parsed["summary"], letter.parsed["date_assigned"], *(item["rationale"] for item in items)]
    return (
        sum(item["decision"] is not None for item in items),
        len(items),
        sum(bool(value) for value in values),
        not letter.is_scan,
        -sum(needs_review(problem["code"]) for problem in letter.parsed["problems"]),
        letter.pages,
    )


def _agree(one: LetterRecord | EffectiveRecord, other: LetterRecord | EffectiveRecord) -> bool:
    """Whether two records do not contradict each other; a missing value is not a contradiction."""
    dates = (one["decision_date"], other["decision_date"])
    if all(dates) and dates[0] != dates[1]:
        return False
    fewer, more = sorted((one["items"], other["items"]), key=len)
    return _decisions_agree(fewer, more)


def _decisions_agree(fewer: Sequence[ItemRecord], more: Sequence[ItemRecord]) -> bool:
    """Whether every item of the shorter letter is in the longer one with the same decision."""
    if len(more) > _MOST_COMPARED:
        return all(_same_decision(item, there) for item, there in zip(fewer, more, strict=False))
    remaining = list(more)
    for item in fewer:
        same = next((there for there in remaining if _is_equal(item, there)), None)
        same = same or max(remaining, key=lambda there: _likeness(item, there), default=None)
        if same is None or _likeness(item, same) < _SAME_REQUEST or not _same_decision(item, same):
            return False
        remaining.remove(same)
    return True


def _is_equal(one: ItemRecord, other: ItemRecord) -> bool:
    """Whether nothing can be more like the one, so that other wordings need not be compared."""
    return one["decision"] == other["decision"] and folded(one["request"]) == folded(other["request"])


def _same_decision(one: ItemRecord, other: ItemRecord) -> bool:
    return one["decision"] is None or other["decision"] is None or one["decision"] == other["decision"]


def _likeness(one: ItemRecord, other: ItemRecord) -> float:
    """How similar two requests are, 0 to 1; for equal wording, a matching decision ranks first."""
    left, right = folded(one["request"]), folded(other["request"])
    bonus = 0.001 * (one["decision"] == other["decision"])
    if left == right:
        return 1.0 + bonus
    if not left or not right:
        return 0.0
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.ratio() + bonus if matcher.quick_ratio() >= _SAME_REQUEST else 0.0

"""The demo files: letters as PDF and text, and examples of everything else that users upload."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice

from determinations.synthetic.letters import SyntheticLetter, write_letter
from determinations.synthetic.notice import write_notice
from determinations.synthetic.pdf import damaged_pdf, letter_pdf, locked_pdf, pages_pdf, scanned_pdf
from determinations.synthetic.scans import SCAN_KINDS, scanned
from determinations.synthetic.typesetting import paginate, wrap

File = tuple[str, bytes]

#: A guideline that some demo letters cite and that no list of guidelines includes.
UNLISTED = "Harrow on stiff joints (synthetic)"

#: Special files use letters from this number on, so that they never repeat an ordinary letter by accident.
_FIRST_SPECIAL = 900_000
#: One in this many files is special.
_ONE_IN = 12
#: Recent letters have an overturned item; they are looked for from this number on.
_FIRST_RECENT = 800_000
#: One in this many letters is recent, and they were issued within this many days.
_RECENT_ONE_IN, _RECENT_DAYS = 12, 16

_INVOICE = (
    "This synthetic page is no determination letter.",
    "Invoice 2017-0042. Two boxes of printer paper, one stapler. Please pay within thirty days.",
)
_HEALTH_PLAN = (
    "California Department of Managed Health Care",
    "Independent Medical Review: Decision of the Reviewers (synthetic)",
    "Nature of statutory criteria and case summary: an enrollee of an invented health plan asked for a wheelchair "
    "with a raised seat. The reviewers find that the requested equipment is medically necessary. The plan's denial "
    "should be overturned. Every fact in this letter is invented.",
)
_BILL_REVIEW = (
    "Independent Bill Review Final Determination (synthetic)",
    "A provider of medical treatment asked for a second look at what was paid for an office visit. The claims "
    "administrator is to pay an additional sum of one invented dollar.",
)
_OLD_LAYOUT = (
    "MEDICAL PROFESSIONAL REVIEW",
    "ISSUE AT DISPUTE: Synthetic: is a walker medically necessary?",
    "CASE SUMMARY: An invented worker of 61 years fell from an invented ladder.",
    "DOCUMENTS REVIEWED FOR DETERMINATION: none that exist.",
    "MEDICAL REVIEWER QUALIFICATIONS: a reviewer who does not exist.",
)
_LATER_LAYOUT = (
    "Independent Medical Review Final Determination, form of 2019 (synthetic)",
    "Disputed item 1 of 1: a shower chair. The determination of the invented reviewer: the denial is upheld.",
    "No letter of this form was at hand when this program was written, so it knows none of its headings.",
)


def demo_files(count: int, seed: int = 0, today: date | None = None) -> Iterator[File]:
    """``count`` files as (name, bytes): 70% of letters are PDF, the rest text; one file in twelve is special.

    With ``today``, one letter in twelve was issued in the days before it and overturns an item, so that there is
    something to do. The result depends only on the arguments. Special files come after the letters that they repeat.
    """
    special = [make(seed) for make in _SPECIAL[: count // _ONE_IN]]
    letters = count - len(special)
    gap = max(1, letters // (len(special) + 1))
    for number in range(letters):
        letter = _recent(number, seed, today) if today and _is_recent(number) else write_letter(number, seed)
        yield as_file(letter, as_pdf=_is_pdf(number))
        if number % gap == gap - 1 and special:
            yield special.pop(0)
    yield from special


def as_file(letter: SyntheticLetter, *, as_pdf: bool) -> File:
    """The letter as a file under its own name."""
    if as_pdf:
        return letter.file_name.replace(".txt", ".pdf"), letter_pdf(letter)
    return letter.file_name, letter.text.encode()


def _is_recent(number: int) -> bool:
    return number % _RECENT_ONE_IN == _RECENT_ONE_IN - 1


def _recent(number: int, seed: int, today: date) -> SyntheticLetter:
    """A letter with a header and an overturned item, issued on a working day shortly before ``today``."""
    issued = today - timedelta(days=1 + number * 5 % _RECENT_DAYS)
    issued -= timedelta(days=max(0, issued.weekday() - 4))
    candidates = (write_letter(_FIRST_RECENT + 100 * number + attempt, seed, decided=issued) for attempt in range(100))
    letters = list(islice(filter(_obliges, candidates), 1))
    return letters[0] if letters else write_letter(number, seed, decided=issued)


def _obliges(letter: SyntheticLetter) -> bool:
    decisions = {item["decision"] for item in letter.expected["items"]}
    return bool(letter.expected["case_number"]) and "overturned" in decisions


def _is_pdf(number: int) -> bool:
    return number % 10 not in (2, 5, 8)


def _extra(number: int, seed: int) -> SyntheticLetter:
    return write_letter(_FIRST_SPECIAL + number, seed)


def _named(letter: SyntheticLetter, kind: str) -> str:
    return letter.file_name.replace("synthetic-", f"synthetic-{kind}-").replace(".txt", ".pdf")


def _copy_of(number: int, name: str) -> Callable[[int], File]:
    """The same bytes as letter ``number``, under another name."""
    return lambda seed: (name, as_file(write_letter(number, seed), as_pdf=_is_pdf(number))[1])


def _amended(number: int) -> Callable[[int], File]:
    """An amended version of letter ``number``, or of the next letter with a case number."""

    def make(seed: int) -> File:
        later = (write_letter(n, seed, amended=True) for n in range(number, number + 50))
        return as_file(next(letter for letter in later if letter.expected["case_number"]), as_pdf=_is_pdf(number))

    return make


def _page(name: str, paragraphs: tuple[str, ...]) -> Callable[[int], File]:
    """A file with a few paragraphs, as PDF or text depending on its name."""
    lines = [line for paragraph in paragraphs for line in (*wrap(paragraph), " ")]

    def make(seed: int) -> File:
        return name, pages_pdf(paginate(lines)) if name.endswith(".pdf") else "\n".join(lines).encode()

    return make


def _unreadable(number: int, kind: str, damage: Callable[[SyntheticLetter], bytes]) -> Callable[[int], File]:
    """A letter that cannot be read."""

    def make(seed: int) -> File:
        letter = _extra(number, seed)
        return _named(letter, kind), damage(letter)

    return make


def faxed_pdf(letter: SyntheticLetter) -> bytes:
    """The letter as a fax machine gives it: pictures that can be read, with the sender's line above."""
    return scanned(letter_pdf(letter), SCAN_KINDS["fax-line"])


def _notice(number: int, *, as_pdf: bool) -> Callable[[int], File]:
    return lambda seed: as_file(write_notice(number, seed), as_pdf=as_pdf)


def _citing_unlisted(number: int) -> Callable[[int], File]:
    """A letter whose reviewer cites an unlisted guideline, for administrators to map."""
    return lambda seed: as_file(
        write_letter(_FIRST_SPECIAL + number, seed, relies_on=UNLISTED), as_pdf=_is_pdf(number)
    )


#: All special files, most instructive first; a small demo has only the first few.
_SPECIAL: tuple[Callable[[int], File], ...] = (
    _copy_of(0, "copy of a synthetic letter.pdf"),
    _unreadable(1, "fax", faxed_pdf),
    _page("synthetic invoice.pdf", _INVOICE),
    _amended(1),
    _unreadable(2, "locked", locked_pdf),
    _notice(1, as_pdf=True),
    _unreadable(3, "cut-short", damaged_pdf),
    _page("synthetic health plan review.pdf", _HEALTH_PLAN),
    _page("synthetic professional review of 2013.txt", _OLD_LAYOUT),
    _copy_of(2, "the same synthetic letter again.txt"),
    _page("synthetic letter in a later form.pdf", _LATER_LAYOUT),
    _unreadable(4, "scan", scanned_pdf),
    _notice(2, as_pdf=False),
    _page("synthetic bill review.pdf", _BILL_REVIEW),
    _amended(3),
    *(_citing_unlisted(number) for number in range(10, 14)),
)

"""The files of the demo: letters as PDF and as text, and some of all else that people drop on an upload page."""

from collections.abc import Callable, Iterator

from determinations.synthetic.letters import SyntheticLetter, write_letter
from determinations.synthetic.notice import write_notice
from determinations.synthetic.pdf import damaged_pdf, letter_pdf, locked_pdf, pages_pdf, scanned_pdf
from determinations.synthetic.typesetting import paginate, wrap

File = tuple[str, bytes]

#: A guideline that some letters of the demo go by, and no list of guidelines holds.
UNLISTED = "Harrow on stiff joints (synthetic)"

#: Letters beyond those of the demo itself, so that special files repeat none of them by chance.
_FAR = 900_000
#: One special file for so many files.
_ONE_IN = 12

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


def demo_files(count: int, seed: int = 0) -> Iterator[File]:
    """``count`` files, name and bytes: seven letters in ten as PDF, the rest as text, one file in twelve special.

    The same for the same count and seed. Special files stand between the letters, each after what it repeats.
    """
    special = [make(seed) for make in _SPECIAL[: count // _ONE_IN]]
    letters = count - len(special)
    gap = max(1, letters // (len(special) + 1))
    for number in range(letters):
        yield as_file(write_letter(number, seed), as_pdf=_is_pdf(number))
        if number % gap == gap - 1 and special:
            yield special.pop(0)
    yield from special


def as_file(letter: SyntheticLetter, *, as_pdf: bool) -> File:
    """The letter as a file of its own name."""
    if as_pdf:
        return letter.file_name.replace(".txt", ".pdf"), letter_pdf(letter)
    return letter.file_name, letter.text.encode()


def _is_pdf(number: int) -> bool:
    return number % 10 not in (2, 5, 8)


def _extra(number: int, seed: int) -> SyntheticLetter:
    return write_letter(_FAR + number, seed)


def _named(letter: SyntheticLetter, kind: str) -> str:
    return letter.file_name.replace("synthetic-", f"synthetic-{kind}-").replace(".txt", ".pdf")


def _again(number: int, name: str) -> Callable[[int], File]:
    """The very bytes of letter ``number`` under another name."""
    return lambda seed: (name, as_file(write_letter(number, seed), as_pdf=_is_pdf(number))[1])


def _amended(number: int) -> Callable[[int], File]:
    """A later letter in the case of letter ``number``, or of the next one that prints its case number."""

    def make(seed: int) -> File:
        later = (write_letter(n, seed, amended=True) for n in range(number, number + 50))
        return as_file(next(letter for letter in later if letter.expected["case_number"]), as_pdf=_is_pdf(number))

    return make


def _page(name: str, paragraphs: tuple[str, ...]) -> Callable[[int], File]:
    """A file with a few paragraphs, as PDF or as text by its name."""
    lines = [line for paragraph in paragraphs for line in (*wrap(paragraph), " ")]

    def make(seed: int) -> File:
        return name, pages_pdf(paginate(lines)) if name.endswith(".pdf") else "\n".join(lines).encode()

    return make


def _spoilt(number: int, kind: str, spoil: Callable[[SyntheticLetter], bytes]) -> Callable[[int], File]:
    """A letter that cannot simply be read."""

    def make(seed: int) -> File:
        letter = _extra(number, seed)
        return _named(letter, kind), spoil(letter)

    return make


def _notice(number: int, *, as_pdf: bool) -> Callable[[int], File]:
    return lambda seed: as_file(write_notice(number, seed), as_pdf=as_pdf)


def _relying(number: int) -> Callable[[int], File]:
    """A letter whose reviewer relies on a guideline that no list holds: something to map in the administration."""
    return lambda seed: as_file(write_letter(_FAR + number, seed, relies_on=UNLISTED), as_pdf=_is_pdf(number))


#: Every special file, the most telling first: a small demo has the first few.
_SPECIAL: tuple[Callable[[int], File], ...] = (
    _again(0, "copy of a synthetic letter.pdf"),
    _spoilt(1, "scan", scanned_pdf),
    _page("synthetic invoice.pdf", _INVOICE),
    _amended(1),
    _spoilt(2, "locked", locked_pdf),
    _notice(1, as_pdf=True),
    _spoilt(3, "cut-short", damaged_pdf),
    _page("synthetic health plan review.pdf", _HEALTH_PLAN),
    _page("synthetic professional review of 2013.txt", _OLD_LAYOUT),
    _again(2, "the same synthetic letter again.txt"),
    _page("synthetic letter in a later form.pdf", _LATER_LAYOUT),
    _spoilt(4, "scan", scanned_pdf),
    _notice(2, as_pdf=False),
    _page("synthetic bill review.pdf", _BILL_REVIEW),
    _amended(3),
    *(_relying(number) for number in range(10, 14)),
)

"""Fixed phrases of the letters that a scan blurred, corrected word by word before the text is stored.

Only what carries the letter's structure is corrected: headings, labels, the decision at the end of an item's line, the
first words of a guideline line, dates and case numbers. Ordinary words and the names of guidelines stay as they were
recognized. Every correction is reported, since it hides what the parser would have complained about.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class RecognizedRow:
    """The words of one printed row, from left to right, and the number of line ends before it."""

    words: tuple[str, ...]
    gap: int = 1


class Correction(NamedTuple):
    """Words ``start`` to ``end`` (exclusive) of a row and what they are to be read as, word by word."""

    row: int
    start: int
    end: int
    words: tuple[str, ...]
    is_phrase: bool = True  #: a phrase or a number of the letter; else a mark or a blurred letter in running text


#: What begins a printed row. The longer phrase comes first where one begins like another.
ROW_STARTS = tuple(
    phrase.split()
    for phrase in (
        "HOW THE IMR FINAL DETERMINATION WAS MADE",
        "The Expert Reviewer has the following credentials:",
        "State(s) of Licensure:",
        "The expert reviewer developed the following clinical case summary",
        "Certification(s)/Specialty:",
        "CLINICAL CASE SUMMARY",
        "IMR ISSUES, DECISIONS AND RATIONALES",
        "The Final Determination was based on decisions for the disputed items/services set forth below:",
        "Claims Administrator guideline:",
        "MAXIMUS guideline:",
        "Decision rationale:",
    )
)
#: The labels of the header block, wherever in the rows above the first heading.
HEADER_LABELS = tuple(
    phrase.split()
    for phrase in (
        "Case Number:",
        "Date Assigned:",
        "Date of Injury:",
        "Decision Date:",
        "UR Denial Date:",
        "Priority: Standard",
        "Priority: Expedited",
        "Priority:",
        "Application",
        "Received:",
    )
)
#: Fixed words of guideline lines and of partial approvals; one of the words may be blurred, two of a long phrase.
_FIXED_WORDS = tuple(
    phrase.split()
    for phrase in (
        "Decision based on MTUS",
        "Decision based on Non-MTUS Citation",
        "did not base their decision on the MTUS.",
        "did not cite any medical evidence for its decision.",
        "summary based on a review of the case",
        "including all medical records:",
        "Official Disability Guidelines (ODG)",
        "Disability Guidelines (ODG)",
        "Guidelines (ODG)",
        "was the original request.",
        "the Claims Administrator. The remaining",
        "remaining IMR eligible portion of the original request,",
    )
)
_LONG_PHRASE = 5
#: Labels inside a guideline's line, and how many of their characters may be wrong before a colon or a semicolon.
_LONE_LABELS = {"Section(s):": 2, "Page(s):": 1}
#: Each decision, and how many of its characters may be wrong: nothing else is where it is.
DECISIONS = {"Upheld": 2, "Overturned": 3}
_HEADING = ROW_STARTS[0]
#: Of so many characters one may be wrong, and of a phrase no more than these: a word too few is no blur.
_ONE_IN, _MOST_WRONG = 6, 5
#: What digits are read as.
_DIGITS = str.maketrans({"O": "0", "o": "0", "Q": "0", "D": "0", "l": "1", "I": "1", "|": "1", "i": "1", "[": "1",
                         "]": "1", "!": "1", "Z": "2", "z": "2", "S": "5", "s": "5", "B": "8", "g": "9"})  # fmt: skip
_CASE_NUMBER = re.compile(r"CM\d\d-\d{7,8}")
_LOOSE_CASE_NUMBER = re.compile(r"[CGO(][MN].{2}[-–—~.]?.{7,9}")
_DATE = re.compile(r"\d\d/\d\d/(?:19|20)\d\d")
_SHORT_DATE = re.compile(r"\d{1,2}([-/])\d{1,2}\1(?:(?:19|20)\d\d|\d\d)")
_LOOSE_DATE = re.compile(
    r"[\dOoQDlI|i\[\]!ZzSsBg]{1,2}([-/])[\dOoQDlI|i\[\]!ZzSsBg]{1,2}\1[\dOoQDlI|i\[\]!ZzSsBg]{2,4}"
)
#: A one that is alone is often read as a rule.
_RULE = frozenset("|¦")
#: Words that begin a sentence when they have a capital; none of them is a name.
SENTENCE_STARTS = frozenset(
    "A All An As At Based Because Both Current Currently Decision Due During Examination Following For From Further "
    "Furthermore Given He Her His However If In It Moreover No Objective On Per Previous Prior She Since Subjective "
    "Such That The There Therefore They This Thus Treatment Under Upon When While With".split()
)
#: ``2004.`` before the sections of a guideline.
_EDITION = re.compile(r"((?:19|20)\d\d)[.;:]")
_PUNCTUATION = ".,;:)"
#: ``lcc``, ``[percent``, ``Scc``: a one or a five before a unit.
_DIGIT_BEFORE_UNIT = re.compile(r"([(\"]?)([lI|\[S])(cc|ml|mg|mcg|percent|%)\b(.*)")
#: Units, decimal points and digits: ``300my/g``, ``0,025%``, ``7-L0``, ``Sth``, ``10mg/Iml``; also ``(c.g.`` and the
#: level ``LI-2``.
_BLURRED_NUMBERS = (
    (re.compile(r"(\d)my\b"), r"\1mg"),
    (re.compile(r"^Sm[gy]\b"), "5mg"),
    (re.compile(r"^(\(?)[c\u00a2]\.[gy]\b"), r"\1e.g"),
    (re.compile(r"\bL[Il](?=-[2-5]\b)"), "L1"),
    (re.compile(r"(?<!\d)0,(?=\d)"), "0."),
    (re.compile(r"(\d),(?=\d{1,2}%)"), r"\1."),
    (re.compile(r"(?<![\w.])(\d{1,3}-)[LlI](?=\d(?!\d))"), r"\g<1>1"),
    (re.compile(r"\bSth\b"), "5th"),
    (re.compile(r"(?<=\d(?:mg|ml|cc)/)[lI|](?=(?:ml|mg|cc)\b)|(?<=\dmcg/)[lI|](?=ml\b)"), "1"),
)
#: ``[0`` for "10", where no bracket closes.
_BRACKET_ONE = re.compile(r"\[(?=\d{1,2}(?!\d))(?!.*\])")
#: What the first letter of "The" is read as on a coarse fax.
_BLURRED_THE = re.compile(r"(?:[‘'`]?I['’]|[‘`])he")
#: ``'The``: a speck before a word that begins no quotation.
_QUOTE = re.compile(r"['\u2019]")
_SPECK_BEFORE = re.compile(r"['\u2018`]([A-Za-z].*)")


def corrections(rows: Sequence[RecognizedRow]) -> Iterator[Correction]:
    """What is to be corrected in the rows of one page; the corrections of a row do not overlap."""
    heading = next((number for number, row in enumerate(rows) if _begins(row.words, _HEADING)), None)
    for number, row in enumerate(rows):
        in_header = heading is not None and number < heading
        taken: set[int] = set()
        for correction in (
            *(Correction(number, *place) for place in _phrases(row.words, in_header)),
            *(Correction(number, at, at + 1, (word,), is_phrase=False) for at, word in _blurred_words(row.words)),
        ):
            if taken.isdisjoint(range(correction.start, correction.end)):
                taken.update(range(correction.start, correction.end))
                if row.words[correction.start : correction.end] != correction.words:
                    yield correction


def starts_section(words: Sequence[str]) -> bool:
    """Whether a row begins with a heading or a label of the letter."""
    return any(_begins(tuple(words), phrase) for phrase in ROW_STARTS)


def _begins(words: tuple[str, ...], phrase: list[str]) -> bool:
    return _matched(words, 0, phrase) is not None


def _phrases(words: tuple[str, ...], in_header: bool) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    for phrase in ROW_STARTS:
        if (end := _matched(words, 0, phrase)) is not None:
            yield 0, end, tuple(phrase)
            break
    if in_header:
        yield from _header_labels(words)
    yield from _fixed_words(words)
    yield from _decision(words)
    for at, word in enumerate(words):
        for label, most in _LONE_LABELS.items():
            if distance(word, label, most if word[-1] in ":;" else 1) is None:
                continue
            if word != label:
                yield at, at + 1, (label,)
            if at and (edition := _EDITION.fullmatch(words[at - 1])):
                yield at - 1, at, (edition[1] + ",",)
    yield from _numbers(words, in_header)


def _matched(words: tuple[str, ...], start: int, phrase: Sequence[str]) -> int | None:
    """Where the words that read like the phrase end; None when they do not."""
    wanted = "".join(phrase)
    best: tuple[int, int] | None = None
    for count in (len(phrase), len(phrase) - 1, len(phrase) + 1):
        end = start + count
        if count < 1 or end > len(words):
            continue
        wrong = distance("".join(words[start:end]), wanted, most_wrong(wanted))
        if wrong is not None and (best is None or wrong < best[0]):
            best = wrong, end
    return best[1] if best else None


def _header_labels(words: tuple[str, ...]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    for at in range(len(words)):
        for label in HEADER_LABELS:
            if (end := _matched(words, at, label)) is not None:
                yield at, end, tuple(label)
                break


def _fixed_words(words: tuple[str, ...]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Phrases of which all words but one or two are as usual, and those nearly; marks behind the last word stay."""
    for phrase in _FIXED_WORDS:
        for at in range(len(words) - len(phrase) + 1):
            piece = [*words[at : at + len(phrase)]]
            marks = piece[-1][len(piece[-1].rstrip(_PUNCTUATION)) :] if phrase[-1][-1] not in ".,:" else ""
            piece[-1] = piece[-1][: len(piece[-1]) - len(marks)] + (")" if marks.startswith(")") else "")
            unlike = [n for n, (word, usual) in enumerate(zip(piece, phrase, strict=True)) if word != usual]
            most = 1 + (len(phrase) >= _LONG_PHRASE)
            if not 0 < len(unlike) <= most or not all(_is_near(piece[place], phrase[place]) for place in unlike):
                continue
            for place in unlike:
                right = phrase[place] + (marks.removeprefix(")") if place == len(phrase) - 1 else "")
                yield at + place, at + place + 1, (right,)


def _decision(words: tuple[str, ...]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """``X; Upheld``, ``X: Overtumed``: the row's last word, after a word that ends in a mark, or alone."""
    if not words:
        return
    last = len(words) - 1
    printed = words[last].strip(".,")
    before = words[last - 1] if last else ""
    for decision, most in DECISIONS.items():
        if distance(printed, decision, most) is not None:
            if before.endswith((";", ".", ",", "'")) and not before.endswith("..") and len(before) > 1:
                yield last - 1, last + 1, (before[:-1] + ":", decision)
            elif printed != decision and (not before or before.endswith(":")):
                yield last, last + 1, (decision,)


def _blurred_words(words: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """A one that was read as a rule or as a letter before a unit, and ``(o`` for ``to``."""
    for at, word in enumerate(words):
        if word in _RULE:
            yield at, "1"
        elif word == "(o":
            yield at, "to"
        elif unit := _DIGIT_BEFORE_UNIT.fullmatch(word):
            yield at, f"{unit[1]}{'5' if unit[2] == 'S' else '1'}{unit[3]}{unit[4]}"
        elif _BLURRED_THE.fullmatch(word):
            yield at, "The"
        elif _BRACKET_ONE.match(" ".join(words[at:])):
            yield at, _right_number("1" + word[1:])
        elif (number := _right_number(word)) != word:
            yield at, number
        elif "\u00a2" in word:
            yield at, word.replace("\u00a2", "c")
        elif (speck := _SPECK_BEFORE.fullmatch(word)) and not _QUOTE.search(" ".join((speck[1], *words[at + 1 :]))):
            yield at, speck[1]


def _right_number(word: str) -> str:
    for pattern, right in _BLURRED_NUMBERS:
        word = pattern.sub(right, word)
    return word


def _numbers(words: tuple[str, ...], in_header: bool) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Dates and case numbers with letters read for digits, or divided by a gap that is none."""
    for at, word in enumerate(words):
        for end in (at + 1, at + 2):
            piece = "".join(words[at:end])
            if end > len(words) or (end == at + 1 and (_CASE_NUMBER.fullmatch(piece) or _DATE.fullmatch(piece))):
                continue
            if in_header and (number := misread_case_number(piece)):
                yield at, end, (number,)
                break
            if date := misread_date(piece, whole_year=in_header, joined=end > at + 1, first=word):
                yield at, end, (date,)
                break


def misread_case_number(piece: str) -> str | None:
    if not _LOOSE_CASE_NUMBER.fullmatch(piece):
        return None
    digits = re.sub(r"[-–—~.]", "", piece[2:]).translate(_DIGITS)
    number = f"CM{digits[:2]}-{digits[2:]}"
    return number if _CASE_NUMBER.fullmatch(number) else None


def misread_date(piece: str, *, whole_year: bool, joined: bool, first: str) -> str | None:
    """The date that the piece is meant for; None when it reads as a date already, or as none."""
    bare = piece.rstrip(_PUNCTUATION)
    tail = piece[len(bare) :]
    if not _LOOSE_DATE.fullmatch(bare):
        return None
    if joined and not (len(first) == 1 or whole_year):
        return None
    date = bare.translate(_DIGITS)
    pattern = _DATE if whole_year else _SHORT_DATE
    if not pattern.fullmatch(date) or (date == bare and not joined):
        return None
    month, day = (int(part) for part in re.split("[-/]", date)[:2])
    return date + tail if 1 <= month <= 12 and 1 <= day <= 31 else None


def _is_near(word: str, usual: str) -> bool:
    return abs(len(word) - len(usual)) <= 2 and distance(word, usual, max(1, most_wrong(usual))) is not None


def most_wrong(phrase: str) -> int:
    return min(_MOST_WRONG, len(phrase) // _ONE_IN)


def distance(one: str, other: str, most: int) -> int | None:
    """How many characters differ (changed, missing or too many); None when it is more than ``most``."""
    if abs(len(one) - len(other)) > most:
        return None
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        above, row[0] = row[0], number
        for at, wanted in enumerate(other, 1):
            above, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, above + (character != wanted))
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None

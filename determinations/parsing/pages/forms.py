"""What single lines at a page's edge look like that do not belong to the letter's text.

Fax machines, browsers, document systems and offices add them. No form is known by its exact layout: each is told by
the kinds of things in it (a clock time, a telephone number, a page count), because every machine arranges them its
own way.
"""

import re
from typing import Literal, NamedTuple

from determinations.parsing.spans import Span

#: ``transmission``: a fax line; ``browser``: title, address and page count; ``notice``: a confidentiality sentence;
#: ``stamp``: received, scanned, filed; ``count``: a page or production number.
Form = Literal["transmission", "browser", "notice", "stamp", "count", "letterhead"]

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
#: ``02/10/2017``, ``2017-02-10``, ``Feb 10 2017``, ``FEB-10-2017``, ``10-Feb-17``, ``JAN/31/2017``.
_DAY = (
    rf"(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|{_MONTH}\.?[-/ ]\s?\d{{1,2}}[-/,. ]\s{{0,2}}(?:\d{{4}}|'?\d\d)"
    rf"|\d{{1,2}}[- ]{_MONTH}[- ]\d{{2,4}})"
)
_TIME = r"\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\b\.?)?"
_PHONE = r"(?<![\d/.-])\+?(?:1[-. ]?)?\(?\d{3}\)?[-. ]{0,2}\d{3}[-. ]?\d{4}(?!\d)"
#: ``Page 2 of 3``, ``P. 001``, ``p.1/3``, ``Pg: 1/3``, ``@001/003``, ``# 1/ 3``, ``#0001``, ``1/3``, ``2 of 5``.
_PAGE_COUNT = (
    r"(?:\b(?:pages?|pg|p)\b\s?[.:#]?\s?\d{1,4}(?:\s?(?:of|/)\s?\d{1,4})?|[@#]\s?\d{1,4}(?:\s?/\s?\d{1,4})?"
    r"|(?<![\w/.-])\d{1,3}\s?(?:/|of)\s?\d{1,3}(?![\w/.-]))"
)
_FAX_WORD = r"\b(?:fax(?:ed|es)?|facsimile|rightfax|efax|tel|telephone|phone)\b(?:\s+(?:no|server|sent\s+by)\b\.?)?|>>"
_PARTY = r"\b(?:to|from|recipient|sender|sent\s+by)\s?:"
_ZONE = r"\((?:gmt|utc|est|cst|mst|pst|edt|cdt|mdt|pdt)[^)]{0,6}\)|\b(?:mon|tue|wed|thu|fri|sat|sun)(?:day)?\b"
_TOKEN = re.compile(
    rf"(?P<url>(?:https?|file)://\S+|\bwww\.\S+|\babout:blank\b)|(?P<phone>{_PHONE})|(?P<day>(?<![\d/]){_DAY}(?!\d))"
    rf"|(?P<time>\b{_TIME})|(?P<count>{_PAGE_COUNT})|(?P<fax>{_FAX_WORD})|(?P<party>{_PARTY})|(?P<zone>{_ZONE})",
    re.IGNORECASE,
)
#: Some text readers give a page on one line; a longer line is none of a page.
LONGEST_LINE = 20_000
_STRONG = frozenset({"phone", "day", "time", "fax", "party", "url"})
_WIDEST_GAP = 45

_NOTICE = re.compile(
    r"\b(confidential(?:ity|ly)?|privileged|attorneys?'?\s+eyes\s+only|protective\s+order|hipaa|phi\b|protected\s+health"
    r"|intended\s+(?:only|solely)|(?:sole|only\s+for\s+the)\s+use\s+of|unauthori[sz]ed\s+(?:use|review|distribution|"
    r"disclosure|access)|internal\s+use\s+only|civil\s+code\s+(?:section\s+|§\s*)?56|do\s+not\s+(?:disclose|copy|"
    r"distribute|forward)|protected\s+from\s+disclosure|prohibited\s+from\s+disclos\w+|work\s+product|received\s+this\s+"
    r"(?:communication|fax|facsimile|transmission|message|e-?mail)\s+in\s+error|this\s+(?:facsimile|transmission|"
    r"communication|e-?mail|fax)\b)",
    re.IGNORECASE,
)
#: ``RECEIVED FEB 10 2017``, ``Rec'd 02/10/17``, ``E-FILED 02/10/2017 14:05``, ``SCANNED``; a verb of prose is none.
_STAMP = re.compile(
    r"\W*(?:(?:DATE|TIME)\s+(?:RECEIVED|STAMP(?:ED)?|FILED|SCANNED)|RECEIVED|REC['\u2019]?D|SCANNED|(?:E-?)?FILED|ENTERED|IMAGED"
    r"|INDEXED|MAIL\s?ROOM|IN\s?BOX|COPY|ORIGINAL|POSTMARKED|DOCKETED|PROCESSED|UPLOADED|PRINTED)\b(?P<rest>.*)"
)
_STAMP_TITLE = re.compile(
    r"\W*(?:Date\s+Received|Received|Rec['\u2019]?d|Scanned|(?:E-)?Filed|Printed|Uploaded|Imaged|Date\s+Stamped)\b(?:\s+(?:by|on|at|from)\b)?\s*:?"
    rf"\s*(?:{_DAY}).{{0,40}}",
    re.IGNORECASE,
)
#: ``Rcvd. Feb 14, 2017``, ``OFFICE NAME - IMAGED 02-14-2017``: a stamp's word and a day anywhere in a short line.
_STAMP_WORD = re.compile(
    r"\b(?:RECEIVED|Received|RC?V'?D\b|Rc?v'?d\b|REC['\u2019]?D\b|Rec['\u2019]?d\b|SCANNED|Scanned|IMAGED|Imaged|FILED|Filed"
    r"|STAMPED|Stamped|PRINTED|Printed|UPLOADED|Uploaded|INDEXED|Indexed|ENTERED|LOGGED|Logged|PROCESSED|Processed)\b"
)
_ANY_DAY = re.compile(_DAY, re.IGNORECASE)
_LONGEST_STAMP = 80
_DAY_ALONE = re.compile(rf"\W*{_DAY}\W*(?:{_TIME})?\W*", re.IGNORECASE)
#: ``ABC000123``, ``DEF-MED 000045``, ``CLM_0001234``, ``PLTF.0045``: letters, and a number padded or of many digits.
_PRODUCTION_NUMBER = re.compile(r"[A-Z][A-Z&/._ -]{0,24}[-_. ]?(?:0\d{2,8}|\d{5,9})|0\d{4,8}")
#: ``Final Determination Letter   Page 2 of 5``; at a page's edge only.
_PAGE_OF = re.compile(r"\W*[A-Z\d].{0,100}?\s(?:Page|PAGE)\s+\d{1,2}(?:\s*(?:of|/)\s*\d{1,2})?\W*")
_PAGE_ALONE = re.compile(r"\W*(?:Page|PAGE)\s+\d{1,2}(?:\s*(?:of|/)\s*\d{1,2})?\W*")
_BLANK = re.compile(
    r"\W*(?:this\s+)?page\s+(?:is\s+|was\s+)?(?:intentionally\s+)?(?:left\s+)?blank(?:\s+intentionally)?\W*"
    r"|\W*(?:intentionally\s+)?(?:left\s+)?blank(?:\s+page)?\W*",
    re.IGNORECASE,
)
_FORM = re.compile(r".{0,120}\bForm\s+Effective\s+\d\d[./-]\d\d[./-]\d\d.{0,40}", re.IGNORECASE)
#: The sender's name and the letter's, alone on a line.
_LETTERHEAD = re.compile(
    r"\W*(?:MAXIMUS\s+FEDERAL\s+SERVICES(?:,?\s+INC\.?)?|CONFIDENTIAL"
    r"|(?:NOTICE\s+OF\s+)?(?:IMR|INDEPENDENT\s+MEDICAL\s+REVIEW)\s+(?:FINAL\s+)?DETERMINATION(?:\s+LETTER)?"
    r"|FINAL\s+(?:LETTER\s+OF\s+)?DETERMINATION(?:\s+LETTER)?)\W*",
    re.IGNORECASE,
)
_MAY_END = "0123456789-) "
_MAY_END_BLANK = "kKeEyY.])*-"

#: A line that is the letter's own wherever it is: its labels, headings, fixed sentences, and a decision.
OWN_LINE = re.compile(
    r"(?:Case\s+Number|Date\s+Assigned|Date\s+of\s+Injury|Decision\s+Date|UR\s+Denial\s+Date|Priority|Application)\s*:"
    r"|Application$|HOW\s+THE\s+IMR|The\s+Expert\s+Reviewer\s+has|State\(s\)\s+of|Certification\(s\)|CLINICAL\s+CASE|"
    r"IMR\s+ISSUES|The\s+Final\s+Determination\s+was|Claims\s+Administrator|MAXIMUS\s+guideline|Decision\s+rationale"
    r"|Section\(s\):|(?:.*[:\s])?(?:Upheld|Overturned)\s*\.?$|case\s+file,\s+including|set\s+forth\s+below"
    r"|Notice\s+of\s+Independent\s+Medical\s+Review\s+Determination$|Dated:|\d+\s?\)\s+MAXIMUS"
    r"|MEDICAL\s+PROFESSIONAL\s+REVIEW$",
    re.IGNORECASE,
)
#: The same labels and decisions inside a line that they share with a fax machine's.
_OWN_LABEL = re.compile(
    r"Case\s+Number\s*:|Date\s+Assigned\s*:|HOW\s+THE\s+IMR|CLINICAL\s+CASE|IMR\s+ISSUES|Claims\s+Administrator\s+g"
    r"|MAXIMUS\s+guideline|Decision\s+rationale|\b(?:Upheld|Overturned)\b"
)
_DECISIONS = ("Upheld", "Overturned")
_LOWER_WORD = re.compile(r"(?<![\w/.:@-])[a-z]{2,}(?![\w/@-])")
#: An office's name or a document's title has hardly more words in small letters.
_MOST_TITLE_WORDS = 2
#: A quick look before ``_TOKEN``: a clock time, a telephone number, an address.
_CLOCK_OR_TEN_DIGITS = re.compile(r"\d(?::\d\d|\d\d\D{0,2}\d{3}\D?\d{4})")
_ADDRESS_WORDS = ("://", "about:", "www.")
#: Words of the forms above, for a quick look at lines that are not all in capitals.
_FORM_WORDS = (
    "Rcvd", "RCVD", "Recd", "RECD", "IMAGED", "LOGGED", "Logged", "Indexed", "Processed",
    "Received", "Rec'd", "Rec\u2019d", "Scanned", "Filed", "Printed", "Uploaded", "Imaged", "Stamped", "RECEIVED",
    "FILED", "SCANNED", "ntionally", "lank", "Form Eff", "Services, Inc", "etermination Letter", "etter of Determ",
)  # fmt: skip
_MOST_STAMP_WORDS = 5
#: A quick look before ``_NOTICE``, which is slow and nearly always finds nothing.
_NOTICE_WORDS = (
    "confidential", "privileged", "hipaa", "phi", "protected h", "protected from", "protective ord", "intended only",
    "intended solely", "sole use", "only for the use", "unauthori", "internal use", "civil code", "not disclose",
    "not copy", "not distribute", "not forward", "prohibited from", " eyes", "work product", "received this",
    "this fa", "this comm", "this trans", "this e",
)  # fmt: skip


class Match(NamedTuple):
    """What a line is, and which part of it: all of it, or what is merged with the letter's text.

    ``is_doubtful``: the line holds more than its form explains, which may be the letter's.
    """

    form: Form
    start: int
    end: int
    is_whole: bool
    is_doubtful: bool = False


def may_have_forms(lines: list[str]) -> bool:
    """Whether any of these lines may be more than running text; a quick look before each is looked at."""
    for line in lines:
        if line[-1] != "." and line.upper() == line and not OWN_LINE.match(line):
            return True
        if ("Page " in line or "page " in line) and _whole_form(line):
            return True
    text = "\n".join(lines)
    return may_have_transmission(text) or any([word in text for word in _FORM_WORDS]) or _may_be_notice(text)


def may_have_transmission(text: str) -> bool:
    """Whether a text may have a fax machine's or a browser's line at all; a quick look before ``transmission``."""
    return bool(_CLOCK_OR_TEN_DIGITS.search(text)) or any([word in text for word in _ADDRESS_WORDS])


def match_line(text: str) -> Match | None:
    """What a stripped line is by its own form; None when it may be the letter's."""
    if len(text) > LONGEST_LINE:
        return None
    if found := transmission(text):
        return found
    form = _whole_form(text)
    return Match(form, 0, len(text), is_whole=True) if form else None


def _whole_form(text: str) -> Form | None:
    if text[0].islower():
        return "notice" if _speaks_twice_of_confidence(text) else None
    if OWN_LINE.match(text):
        return None
    if _LETTERHEAD.fullmatch(text):
        return "letterhead"
    if counts_pages(text) or (text[-1] in _MAY_END_BLANK and _BLANK.fullmatch(text)):
        return "count"
    if text[-1] in _MAY_END and _PAGE_OF.fullmatch(text):
        return "count"
    if _PRODUCTION_NUMBER.fullmatch(text):
        return "count"
    if (stamp := _STAMP.fullmatch(text)) and prose_words(stamp["rest"]) < 2:
        return "stamp"
    if _STAMP_TITLE.fullmatch(text) or _has_stamp_word(text):
        return "stamp"
    return "notice" if _speaks_twice_of_confidence(text) else None


def _has_stamp_word(text: str) -> bool:
    return (
        len(text) <= _LONGEST_STAMP
        and text[-1] not in ".,:;"
        and bool(_STAMP_WORD.search(text) and _ANY_DAY.search(text))
        and prose_words(text) < 2
    )


def _speaks_twice_of_confidence(text: str) -> bool:
    return is_notice(text) and len({match.lower() for match in _NOTICE.findall(text)}) > 1


def counts_pages(text: str) -> bool:
    """Whether a line is a page count without anything else, wherever it is."""
    return bool(_PAGE_ALONE.fullmatch(text) or _FORM.fullmatch(text))


def is_stamp_part(text: str) -> bool:
    """Whether a line beside a stamp is part of it: a day alone, or a few capitals."""
    return bool(_DAY_ALONE.fullmatch(text)) or (
        text.isupper() and text.count(" ") < _MOST_STAMP_WORDS and not OWN_LINE.match(text) and text[-1] not in ".,"
    )


def is_notice(text: str) -> bool:
    """Whether a line speaks of confidentiality at all; by itself that is a doubt, repeated it is certain."""
    return _may_be_notice(text) and bool(_NOTICE.search(text))


def _may_be_notice(text: str) -> bool:
    lower = text.lower()
    return any([word in lower for word in _NOTICE_WORDS])


def prose_words(text: str) -> int:
    """How many words in small letters: running text has many."""
    return len(_LOWER_WORD.findall(text))


def transmission(text: str) -> Match | None:
    """A fax machine's or a browser's line, or the part of a line that is one."""
    if len(text) > LONGEST_LINE or not may_have_transmission(text):
        return None
    tokens = [(match.lastgroup or "", match.start(), match.end()) for match in _TOKEN.finditer(text)]
    if len(tokens) < 2:
        return None
    for cluster in _clusters(tokens):
        kinds = [kind for kind, _, _ in cluster]
        form = _form_of(kinds)
        if form is None:
            continue
        start, end = cluster[0][1], cluster[-1][2]
        if label := _OWN_LABEL.search(text, end):
            own_from = end if label.group() in _DECISIONS else label.start()
            return Match(form, start if _is_own(text[:start]) else 0, own_from, is_whole=False)
        before, after = text[:start], text[end:]
        own_before, own_after = _is_own(before), _is_own(after)
        if own_before and own_after:
            continue
        if not own_before and not own_after:
            more = any(map(str.isalpha, before)) or any(map(str.isalpha, after))
            return Match(form, 0, len(text), is_whole=True, is_doubtful=more)
        return Match(form, start if own_before else 0, len(text) if own_before else end, is_whole=False)
    return None


def begins_own_label(text: str, position: int) -> bool:
    """Whether one of the letter's labels or headings begins at the position."""
    return bool(_OWN_LABEL.match(text, position))


def strong_tokens(text: str) -> list[tuple[int, int]]:
    """Where a fax machine's day, time, numbers, counts and words are in the text."""
    return [match.span() for match in _TOKEN.finditer(text)]


def is_transmission(text: str) -> bool:
    """Whether a text that several pages share is a fax machine's: two of a day, a time, a number, a page count."""
    kinds = {match.lastgroup for match in _TOKEN.finditer(text)}
    return len(kinds - {"zone", "party"}) > 1 and bool(kinds & {"day", "time", "phone"})


def _is_own(piece: str) -> bool:
    """Whether what is next to a transmission line is the letter's text rather than an office's name."""
    piece = piece.strip()
    if not piece:
        return False
    return (
        piece[0].islower()
        or piece[-1] in '.,;:)"'
        or prose_words(piece) > _MOST_TITLE_WORDS
        or bool(OWN_LINE.match(piece) or _OWN_LABEL.search(piece))
    )


def _clusters(tokens: list[tuple[str, int, int]]) -> list[list[tuple[str, int, int]]]:
    """Runs of tokens with little between them; each begins with a strong one, since counts alone are everywhere."""
    clusters: list[list[tuple[str, int, int]]] = []
    for token in tokens:
        if clusters and token[1] - clusters[-1][-1][2] <= _WIDEST_GAP:
            clusters[-1].append(token)
        else:
            clusters.append([token])
    trimmed = []
    for cluster in clusters:
        first = next((n for n, token in enumerate(cluster) if token[0] in _STRONG), None)
        if first is not None:
            trimmed.append(cluster[first:])
    return trimmed


def _form_of(kinds: list[str]) -> Form | None:
    """What a run of tokens is: an address with a page count, or enough of what fax machines print."""
    present = set(kinds)
    if "url" in present:
        return "browser" if "count" in present or "time" in present else None
    score = (
        2 * ("time" in present and "day" in present)
        + ("phone" in present) * min(2, kinds.count("phone"))
        + ("count" in present)
        + ("fax" in present)
        + ("party" in present)
    )
    return "transmission" if score >= 3 else None


def blanked(source: str, spans: list[Span]) -> str:
    """The same text, of the same length, with the spans as spaces."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        if end <= at:
            continue
        start = max(start, at)
        pieces += [source[at:start], " " * (end - start)]
        at = end
    return "".join([*pieces, source[at:]]) if pieces else source

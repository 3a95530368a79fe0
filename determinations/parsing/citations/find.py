"""Splits a guideline sentence into its statements and reads each.

``MTUS ...`` and ``Non-MTUS Citation ...`` name documents; "outside of the MTUS Guidelines" and "did not cite any
medical evidence" name none.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from determinations.parsing.citations.mentions import Doubt, Found, Mention, merged
from determinations.parsing.citations.mtus import read_mtus
from determinations.parsing.citations.non_mtus import read_non_mtus
from determinations.parsing.citations.odg import ODG
from determinations.parsing.spans import make

_THEIR = r"(?:their|its|it's|his/her|his|her|the)"
_BASED = re.compile(
    r"[Dd]ecision\s+(?:is\s+|was\s+)?based\s+on\b(?:\s+the\b)?"
    r"(?:\s+(?:(?P<non_mtus>[Nn]on[\s-]*(?i:MTUS)\b(?:\s+[Cc]itations?\b)?)"
    r"|(?P<mtus>(?:CA\s+|[Cc]alifornia\s+)?(?i:MTUS)\b)))?"
)
_BARE_NON_MTUS = re.compile(r"[Nn]on-?\s?MTUS\s*[Cc]itations?\b")
# "The Claims Administrator ...": the search begins at the second word, which is rare, and goes back (_WHO).
_SAID = re.compile(
    rf"(?:[Aa]dministrator|[Rr]eviewer)\s+(?:(?P<outside>(?:based\s+{_THEIR}\s+decision\s+on\s+recommendations?\s*(?:\(s\))?"
    rf"\s+outside\s+(?:of\s+)?the\s+MTUS|did\s+not\s+base\s+{_THEIR}\s+decision\s+on\s+the\s+MTUS)(?:\s+[Gg]uidelines?)?)"
    r"|(?P<nothing>did\s+not\s+(?:cite|provide|reference|use|rely\s+on|identify|specify)\b[^.]*))\s*\.?"
)
_DID = re.compile(r"did\s+not|based\s+(?!on)")
_WHO = re.compile(r"(?:[Tt]he\s+)?(?:[Cc]laims?|[Ee]xpert|[Pp]hysician|[Mm]edical|[Pp]rofessional|MAXIMUS|IMR)?\s+$|$")
_NONE = re.compile(
    r"(?P<nothing>[Nn]o(?:ne\b|t\s+applicable\b|(?:\s+(?:medical|clinical|specific|evidence[\s-]based))*\s+"
    r"(?:evidence|guidelines?|citations?)\s+(?:was|were|is|are)\s+(?:cited|provided|used|referenced|given))[^.]*\.?)"
)
_ODG = re.compile(rf"(?<!\w){ODG}(?!\w)")
_MAY_BE_ODG = re.compile("[Oo][DdFfGg.]")
_SEE_ALSO = re.compile(r"[\s,;.(]*(?:\b(?:and|see\s+also|see)\s+)?$")
_LONGEST_LINE = 8000
_OUTER_FILLER = re.compile(r"[\s.,;:]*")
_REMEMBERED_STATEMENTS = 8192


class Statement(NamedTuple):
    """One statement; its opening words are at start:body.

    ``kind``: mtus, non_mtus, outside, nothing, or misprinted (plain, bare_non_mtus).
    """

    kind: str
    start: int
    body: int


class Reading(NamedTuple):
    """What one folded guideline sentence says, in places of that line."""

    mentions: tuple[Mention, ...]
    doubts: tuple[Doubt, ...]
    cites_nothing: bool
    outside_mtus: bool


def read_line(line: str) -> Reading:
    """Reads one folded guideline sentence."""
    found = Found()
    if len(line) > _LONGEST_LINE:
        found.doubt("citation_unread", "Too long for a guideline sentence: only its beginning was read", 0, len(line))
        line = line[:_LONGEST_LINE]
    statements = _statements(line)
    first = statements[0].start if statements else len(line)
    if not _OUTER_FILLER.fullmatch(line, 0, first):
        found.doubt("citation_unread", "The guideline sentence begins in an unfamiliar way", 0, first)
    for number, statement in enumerate(statements):
        end = statements[number + 1].start if number + 1 < len(statements) else len(line)
        _add_statement(line, statement, _trimmed_end(line, statement.body, end), found)
    mentions = tuple(merged(found.mentions))
    kinds = {statement.kind for statement in statements}
    cites_nothing = "nothing" in kinds and not mentions
    if not mentions and not cites_nothing and line and not found.doubts:
        found.doubt("citation_unread", "No guideline and no statement that none was cited", 0, len(line))
    return Reading(mentions, tuple(found.doubts), cites_nothing, "outside" in kinds)


def _statements(line: str) -> list[Statement]:
    statements = [Statement(m.lastgroup or "plain", m.start(), m.end()) for m in _BASED.finditer(line)]
    statements += [
        Statement("bare_non_mtus", bare.start(), bare.end())
        for bare in _BARE_NON_MTUS.finditer(line)
        if not any(based.start <= bare.start() < based.body for based in statements)
    ]
    for said in _SAID.finditer(line) if _DID.search(line) else ():
        who = _WHO.search(line[max(0, said.start() - 40) : said.start()])
        start = said.start() - (len(who.group()) if who else 0)
        statements.append(Statement(said.lastgroup or "", start, said.end()))
    if not statements and (none := _NONE.match(line)):
        statements.append(Statement("nothing", 0, none.end()))
    return sorted(statements, key=_place) if len(statements) > 1 else statements


def _place(statement: Statement) -> int:
    return statement.start


def _add_statement(line: str, statement: Statement, end: int, found: Found) -> None:
    """Add what the statement says, which ends at ``end``, to what those before it said."""
    start = statement.start
    read = _statement_by_itself(line[start:end], statement.kind, statement.body - start, found.names_odg())
    found.mentions += [
        make(Mention, (key, edition, sections, pages, begin + start, stop + start))
        for key, edition, sections, pages, begin, stop in read.mentions
    ]
    found.doubts += [Doubt(code, message, begin + start, stop + start) for code, message, begin, stop in read.doubts]


@lru_cache(maxsize=_REMEMBERED_STATEMENTS)
def _statement_by_itself(text: str, kind: str, body: int, odg_before: bool) -> Found:
    """What a statement says, in places of its own text. Sentences differ, but most of their statements come again.

    ``odg_before``: whether a statement before it cites the ODG, which is all that it depends on. What comes back is
    shared, and must not be changed.
    """
    found = Found(odg_before=odg_before)
    _read_statement(text, Statement(kind, 0, body), len(text), found)
    return found


def _read_statement(line: str, statement: Statement, end: int, found: Found) -> None:
    start = statement.body
    match statement.kind:
        case "mtus":
            odg = _ODG.search(line, start, end) if _MAY_BE_ODG.search(line, start, end) else None
            if odg is None:
                read_mtus(line, start, end, found)
                return
            joiner = _SEE_ALSO.search(line, start, odg.start())
            read_mtus(line, start, joiner.start() if joiner else odg.start(), found)
            mtus_mentions = len(found.mentions)
            read_non_mtus(line, odg.start(), end, found)
            _give_pages_back(found, mtus_mentions)
        case "non_mtus" | "bare_non_mtus" | "plain":
            if _OUTER_FILLER.fullmatch(line, start, end):
                found.doubt("citation_unread", "A guideline is announced, but none is named", statement.start, start)
            else:
                read_non_mtus(line, start, end, found)
                if statement.kind != "non_mtus":
                    found.doubt(
                        "citation_unread", "This statement begins in an unfamiliar way", statement.start, start
                    )
        case _:
            if not _OUTER_FILLER.fullmatch(line, start, end):
                found.doubt("citation_unread", "This part of the guideline sentence could not be read", start, end)


def _give_pages_back(found: Found, odg_from: int) -> None:
    """The ODG has no pages: those after "see also ODG ..." belong to the MTUS document before it."""
    document = found.mentions[odg_from - 1]
    pages = tuple(page for mention in found.mentions[odg_from:] for page in mention.pages)
    if pages and not document.pages:
        found.mentions[odg_from - 1] = document._replace(pages=pages)
        found.mentions[odg_from:] = [mention._replace(pages=()) for mention in found.mentions[odg_from:]]


def _trimmed_end(line: str, start: int, end: int) -> int:
    return start + len(line[start:end].rstrip(" .,;"))

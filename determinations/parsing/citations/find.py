"""Splits a guideline sentence into its statements and reads each.

``MTUS ...`` and ``Non-MTUS Citation ...`` name documents; "outside of the MTUS Guidelines" and "did not cite any
medical evidence" name none.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from determinations.parsing.citations.mentions import Doubt, Found, Mention, merged
from determinations.parsing.citations.mtus import read_mtus
from determinations.parsing.citations.non_mtus import read_non_mtus
from determinations.parsing.citations.odg import ODG

_WHO = (
    r"(?:[Tt]he\s+)?(?:[Cc]laims?\s+[Aa]dministrator"
    r"|(?:(?:[Ee]xpert|[Pp]hysician|[Mm]edical|[Pp]rofessional|MAXIMUS|IMR)\s+)?[Rr]eviewer)"
)
_THEIR = r"(?:their|its|it's|his/her|his|her|the)"
_STATEMENT = re.compile(
    "|".join(
        (
            r"(?P<non_mtus>[Dd]ecision\s+(?:is\s+|was\s+)?based\s+on\s+(?:the\s+)?[Nn]on[\s-]*MTUS\b(?:\s+[Cc]itations?\b)?)",
            r"(?P<mtus>[Dd]ecision\s+(?:is\s+|was\s+)?based\s+on\s+(?:the\s+)?(?:CA\s+|[Cc]alifornia\s+)?MTUS\b)",
            r"(?P<plain>[Dd]ecision\s+(?:is\s+|was\s+)?based\s+on\b)",
            rf"(?P<outside>{_WHO}\s+(?:based\s+{_THEIR}\s+decision\s+on\s+recommendations?\s*(?:\(s\))?\s+outside\s+(?:of\s+)?the\s+MTUS"
            rf"(?:\s+[Gg]uidelines?)?|did\s+not\s+base\s+{_THEIR}\s+decision\s+on\s+the\s+MTUS(?:\s+[Gg]uidelines?)?)\s*\.?)",
            rf"(?P<nothing>(?:{_WHO}\s+did\s+not\s+(?:cite|provide|reference|use|rely\s+on|identify|specify)\b[^.]*\.?"
            r"|[Nn]o(?:ne|t\s+applicable|(?:\s+(?:medical|clinical|specific|evidence[\s-]based))*\s+(?:evidence|guidelines?|citations?)\s+(?:was|were|is|are)\s+"
            r"(?:cited|provided|used|referenced|given)[^.]*)\.?))",
        )
    )
)
_SEE_ALSO_ODG = re.compile(rf"(?:[,;.(\s]*\b(?:and|see\s+also|see)?\s*)(?<!\w){ODG}(?!\w)")
_OUTER_FILLER = re.compile(r"[\s.,;:]*")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one folded guideline sentence says, in places of that line."""

    mentions: tuple[Mention, ...]
    doubts: tuple[Doubt, ...]
    cites_nothing: bool
    outside_mtus: bool


@lru_cache(maxsize=4096)
def read_line(line: str) -> Reading:
    """Reads one folded guideline sentence. Many letters print the same one: what was read is kept."""
    found = Found()
    statements = list(_STATEMENT.finditer(line))
    kinds = {statement.lastgroup for statement in statements}
    first = statements[0].start() if statements else len(line)
    if not _OUTER_FILLER.fullmatch(line, 0, first):
        found.doubt("citation_unread", "The guideline sentence does not begin as such sentences do", 0, first)
    for number, statement in enumerate(statements):
        end = statements[number + 1].start() if number + 1 < len(statements) else len(line)
        _read_statement(line, statement, _trimmed_end(line, statement.end(), end), found)
    mentions = tuple(merged(found.mentions))
    cites_nothing = "nothing" in kinds and not mentions
    if not mentions and not cites_nothing and line:
        found.doubt("citation_unread", "No guideline and no statement that none was cited", 0, len(line))
    return Reading(mentions, tuple(found.doubts), cites_nothing, "outside" in kinds)


def _read_statement(line: str, statement: re.Match[str], end: int, found: Found) -> None:
    start = statement.end()
    match statement.lastgroup:
        case "mtus":
            other = _SEE_ALSO_ODG.search(line, start, end)
            read_mtus(line, start, other.start() if other else end, found)
            if other:
                read_non_mtus(line, other.start(), end, found)
        case "non_mtus" | "plain":
            if _OUTER_FILLER.fullmatch(line, start, end):
                found.doubt(
                    "citation_unread",
                    "A guideline is announced, but none is named",
                    statement.start(),
                    statement.end(),
                )
            else:
                read_non_mtus(line, start, end, found)
        case _:
            if not _OUTER_FILLER.fullmatch(line, start, end):
                found.doubt("citation_unread", "Not understood in the guideline sentence", start, end)


def _trimmed_end(line: str, start: int, end: int) -> int:
    return start + len(line[start:end].rstrip(" .,;"))

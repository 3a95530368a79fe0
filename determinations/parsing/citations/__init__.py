"""Reads the guideline sentence of one side of a disputed item into citations of known authorities.

``read_guideline`` finds the statements (``find``), each is read by its grammar (``mtus``, ``non_mtus``, ``odg``), and
names are matched to the authorities of the data files (``printed_names``).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from determinations.parsing.citations.find import read_line
from determinations.parsing.citations.mentions import Mention, merged
from determinations.parsing.citations.printed_names import Authority, authorities, normalized_form
from determinations.parsing.citations.spellings import section_label
from determinations.parsing.results import Citation, Problem
from determinations.parsing.spans import Folded, Span, fold, make

__all__ = ["Authority", "GuidelineReading", "authorities", "normalized_form", "read_guideline", "section_label"]

# A damaged sentence can run on for pages; no guideline has a heading of this length.
_LONGEST_SECTION = 300
_YEAR_AT_END = re.compile(r"[\s,(]*(?:19|20)\d\d\W*$")
_NO_ALIASES: Mapping[str, str] = {}


class GuidelineReading(NamedTuple):
    """What one side's guideline sentence says. Problems carry no path: the caller knows the item and the side.

    ``cites_nothing``: it says that no evidence was cited. ``outside_mtus``: it says that the MTUS was not relied on.
    """

    citations: tuple[Citation, ...]
    problems: tuple[Problem, ...]
    cites_nothing: bool
    outside_mtus: bool


def read_guideline(source: str, start: int, end: int, aliases: Mapping[str, str] = _NO_ALIASES) -> GuidelineReading:
    """Read the guideline sentence ``source[start:end]``; every span points into ``source``.

    ``aliases`` maps the ``normalized_form`` of a printed name to an authority's key, for names the data do not know.
    """
    reading = _read(source[start:end])
    if not reading.citations and not reading.problems:
        return reading
    if aliases and any(_may_be_aliased(citation.authority) for citation in reading.citations):
        reading = _read_aliased(source[start:end], aliases)
    return GuidelineReading(
        citations=tuple([_moved_citation(citation, start) for citation in reading.citations]),
        problems=tuple([_moved_problem(problem, start) for problem in reading.problems]),
        cites_nothing=reading.cites_nothing,
        outside_mtus=reading.outside_mtus,
    )


def _moved_citation(citation: Citation, by: int) -> Citation:
    c = citation
    return Citation(c.family, c.authority, c.edition, c.sections, c.pages, c.text, _moved(c.span, by))


def _moved_problem(problem: Problem, by: int) -> Problem:
    return Problem(problem.code, problem.message, _moved(problem.span, by)) if problem.span else problem


def _moved(span: Span, by: int) -> Span:
    start, end = span
    return make(Span, (start + by, end + by))


@lru_cache(maxsize=4096)
def _read(printed: str) -> GuidelineReading:
    """The reading of a sentence that stands by itself. Many letters print the same one: what was read is kept."""
    return _read_aliased(printed, _NO_ALIASES)


def _read_aliased(printed: str, aliases: Mapping[str, str]) -> GuidelineReading:
    line = fold(printed)
    reading = read_line(line.text)
    mentions = reading.mentions
    aliased: list[tuple[int, int]] = []
    if aliases:
        mentions, aliased = _with_aliases(line.text, mentions, aliases)
    return GuidelineReading(
        citations=tuple([_citation(line, mention) for mention in mentions]),
        problems=tuple(
            Problem(doubt.code, doubt.message, line.span(doubt.start, doubt.end) if doubt.end > doubt.start else None)
            for doubt in reading.doubts
            if not any(start <= doubt.start and doubt.end <= end for start, end in aliased)
        ),
        cites_nothing=reading.cites_nothing,
        outside_mtus=reading.outside_mtus,
    )


def _with_aliases(
    line: str, mentions: tuple[Mention, ...], aliases: Mapping[str, str]
) -> tuple[tuple[Mention, ...], list[tuple[int, int]]]:
    """The mentions with aliases put in place of unknown and other sources, and the places where that was done."""
    result, places = [], []
    for mention in mentions:
        if key := _may_be_aliased(mention.key) and _alias_of(line, mention, aliases):
            places.append((mention.start, mention.end))
            mention = mention._replace(key=key, sections=())
        result.append(mention)
    return tuple(merged(result)), places


def _may_be_aliased(key: str) -> bool:
    return key.startswith("other/") or key.endswith("/unspecified")


def _alias_of(line: str, mention: Mention, aliases: Mapping[str, str]) -> str | None:
    """The authority that an alias gives to the citation as printed, to it without its year, or to its topic."""
    printed = line[mention.start : mention.end]
    forms = (normalized_form(form) for form in (printed, _YEAR_AT_END.sub("", printed), *mention.sections))
    return next((aliases[form] for form in forms if form in aliases), None)


def _citation(line: Folded, mention: Mention) -> Citation:
    text = line.text[mention.start : mention.end]
    start, end = mention.start, mention.end
    if text.strip(" ,;:.("):
        start += len(text) - len(text.lstrip(" ,;:.("))
        end -= len(text) - len(text.rstrip(" ,;:."))
    return Citation(
        family=mention.key.partition("/")[0],
        authority=mention.key,
        edition=mention.edition,
        sections=tuple([name[:_LONGEST_SECTION] for name in mention.sections]),
        pages=mention.pages,
        text=line.text[start:end],
        span=line.span(start, end),
    )

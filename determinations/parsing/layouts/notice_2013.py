"""The notice of determination of 2013, as far as its wording is known (one letter's opening, dated 9/26/2013).

Each determination is printed twice, in the notice and again in the decision; the word ``not`` can be glued to what
follows.
"""

import re
from collections.abc import Mapping
from datetime import date

from determinations.parsing.categories import categorize
from determinations.parsing.checks import check_dates
from determinations.parsing.dates import DATE, read_date
from determinations.parsing.results import ParsedItem, ParsedLetter, Problem
from determinations.parsing.spans import Span, fold, fold_text, trimmed

#: ``1) MAXIMUS Federal Services, Inc. has determined the request for X is notmedically necessary and appropriate.``
_ITEM = re.compile(
    r"(?P<number>\d+)\s?\)\s+MAXIMUS\s+Federal\s+Services,\s+Inc\.?\s+has\s+determined\s+(?:that\s+)?the\s+requests?"
    r"\s+for\s+(?P<request>(?:(?!MAXIMUS\s+Federal).)+?)"
    r"\s+(?:is|are)\s+(?P<not>not\s*)?medically\s+necessary(?:\s+and\s+appropriate)?",
    re.DOTALL,
)
_DATES = {
    "decision_date": re.compile(r"\bDated:\s*" + DATE),
    "application_received": re.compile(r"Independent\s+Medical\s+Review\s+was\s+filed\s+on\s+" + DATE),
    "ur_denial_date": re.compile(r"Utilization\s+Review\s+(?:Denial|Decision)\s+dated\s+" + DATE),
    "date_of_injury": re.compile(r"\bDate\s+of\s+Injury:\s*" + DATE),
}
_CASE_NUMBER = re.compile(r"\bCM\s?(\d\d)\s?-\s?(\d{7,8})\b")
_QUALIFICATIONS = re.compile(
    r"Board\s+Certified\s+in\s+(?P<specialties>[^.]+?)(?:,?\s+and)?\s+(?:is\s+)?licensed\s+to\s+practice\s+in\s+"
    r"(?P<licensure>[^.]+)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(r"Case\s+Summary:\s*(?:Disclaimer:[^.]*?\bdated\s+[^.]*?\.\s*)?", re.DOTALL)
_SUMMARY_END = re.compile(r"\n\s*(?:Documents\s+Reviewed|\d+\s?\)\s+Regarding\s+the\s+request)")
#: The summary is a quotation in curly quotes; what follows it is another section, or another document.
_QUOTATION_END = re.compile(r"\u201d[ \t]*(?=\n\s*\n|\s*\f|\s*\Z)")
_LIST = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+")


def read_notice(source: str, aliases: Mapping[str, str]) -> ParsedLetter:
    """The notice in a cleaned text: items, decisions, dates and reviewer; a problem says that the rest is not read."""
    heading = source.find("Notice")
    place = Span(max(0, heading), max(0, heading) + 6)
    problems = [Problem("layout_read_in_part", "The 2013 notice is read only in part.", place, "layout")]
    spans: dict[str, Span] = {}
    dates = _read_dates(source, spans)
    case = _CASE_NUMBER.search(source)
    if case:
        spans["case_number"] = Span(case.start(), case.end())
    names = _read_reviewer(source, spans)
    summary = _read_summary(source, spans)
    items = _read_items(source)
    if not items:
        problems.append(Problem("no_items", "No disputed item was found.", None, "items"))
    for name, found in (("case_number", case), ("decision_date", dates.get("decision_date"))):
        if not found:
            problems.append(Problem("value_missing", f"No {name.replace('_', ' ')} was found.", None, name))
    return ParsedLetter(
        layout="notice-2013",
        case_number=f"CM{case[1]}-{case[2]}" if case else None,
        date_of_injury=dates.get("date_of_injury"),
        decision_date=dates.get("decision_date"),
        ur_denial_date=dates.get("ur_denial_date"),
        application_received=dates.get("application_received"),
        licensure=names["licensure"],
        specialties=names["specialties"],
        summary=summary,
        items=items,
        problems=(*problems, *check_dates(dates, spans)),
        spans=spans,
    )


def _read_dates(source: str, spans: dict[str, Span]) -> dict[str, date]:
    dates = {}
    for name, pattern in _DATES.items():
        match = pattern.search(source)
        day = read_date(match) if match else None
        if match and day:
            dates[name] = day
            first, last = ("month", "year") if match["month"] else ("name", "named_year")
            spans[name] = Span(match.start(first), match.end(last))
    return dates


def _read_reviewer(source: str, spans: dict[str, Span]) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {"licensure": (), "specialties": ()}
    match = _QUALIFICATIONS.search(source)
    for name in names if match else ():
        if match:
            spans[name] = trimmed(source, match.start(name), match.end(name))
            names[name] = tuple(filter(None, _LIST.split(fold_text(match[name]))))
    return names


def _read_summary(source: str, spans: dict[str, Span]) -> str | None:
    opening = _SUMMARY.search(source)
    if not opening:
        return None
    closing = _SUMMARY_END.search(source, opening.end())
    place = trimmed(source, opening.end(), closing.start() if closing else len(source))
    if source.startswith("\u201c", place.start) and (end := _QUOTATION_END.search(source, *place)):
        place = Span(place.start, end.start() + 1)
    if place.start == place.end:
        return None
    spans["summary"] = place
    return fold(source, *place).text


def _read_items(source: str) -> tuple[ParsedItem, ...]:
    """Each determination once, in printed order: the second list repeats the first."""
    items: list[ParsedItem] = []
    seen = set()
    for match in _ITEM.finditer(source):
        place = trimmed(source, match.start("request"), match.end("request"))
        request = fold(source, *place).text
        if (match["number"], request) in seen:
            continue
        seen.add((match["number"], request))
        verb = Span(match.start("not") if match["not"] else match.end("request"), match.end())
        category = categorize(request)
        items.append(
            ParsedItem(
                number=len(items) + 1,
                request=request,
                disputed=request,
                partly_approved=False,
                decision="upheld" if match["not"] else "overturned",
                category=category.category,
                subcategory=category.subcategory,
                category_rule=category.rule,
                claims_text=None,
                reviewer_text=None,
                claims=(),
                reviewer=(),
                rationale=None,
                spans={"request": place, "disputed": place, "decision": trimmed(source, *verb)},
            )
        )
    return tuple(items)

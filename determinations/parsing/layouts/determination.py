"""The determination letter of 2014 to 2017, with and without its header block."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from determinations.parsing.categories import NO_RULE, Assignment, categorize
from determinations.parsing.checks import check_dates, check_endings, check_items
from determinations.parsing.grounds import Subject, read_grounds
from determinations.parsing.guidelines import read_guideline_line
from determinations.parsing.header import DATE_FIELDS, Header, read_header
from determinations.parsing.items import ItemText, read_items
from determinations.parsing.last_page import check_last_page
from determinations.parsing.line_breaks import check_line_breaks
from determinations.parsing.page_gaps import check_page_gaps
from determinations.parsing.results import Ground, ParsedItem, ParsedLetter, Problem
from determinations.parsing.reviewer import read_reviewer
from determinations.parsing.sections import Sections, find_sections
from determinations.parsing.spans import Folded, Span
from determinations.parsing.summary import Summary, read_injury_date, read_summary

_SAYS_THAT_PAGES_ARE_MISSING = frozenset({"text_breaks_off", "decision_left_over"})
_HEADER_FIELDS = ("case_number", *DATE_FIELDS, "priority")


def read_determination(source: str, aliases: Mapping[str, str]) -> ParsedLetter:
    """The letter in a cleaned text, stage by stage."""
    end = len(source)
    sections = find_sections(source)
    header = read_header(source, end if sections.start is None else sections.start)
    reviewer = read_reviewer(source, *_under(sections, sections.credentials or sections.how_made, end))
    summary = read_summary(source, *_under(sections, sections.summary, end))
    header = _with_injury_date(header, source, summary)
    issues = _under(sections, sections.issues, end) if sections.issues else Span(sections.start or 0, end)
    texts, item_problems = read_items(source, *issues, summary.span or issues)
    items = tuple(_item(source, text, aliases, item_problems) for text in texts)
    places = {
        name: place
        for name, place in (("summary", summary.span), ("age", summary.age_span), ("sex", summary.sex_span))
        if place
    }
    problems = [
        *header.problems,
        *_missing(header),
        *reviewer.problems,
        *summary.problems,
        *item_problems,
        *check_dates(header.dates, header.spans),
        *check_items(source, items, summary.text),
        *check_endings(items, summary.text, places),
        *check_page_gaps(source, items),
        *check_line_breaks(source, items, summary.span),
    ]
    if not any(problem.code in _SAYS_THAT_PAGES_ARE_MISSING for problem in problems):
        problems += check_last_page(source, items, summary.text)
    if not items:
        problems.append(Problem("no_items", "No disputed item was found.", None, "items"))
    return ParsedLetter(
        layout="determination",
        case_number=header.case_number,
        date_assigned=header.dates.get("date_assigned"),
        date_of_injury=header.dates.get("date_of_injury"),
        decision_date=header.dates.get("decision_date"),
        ur_denial_date=header.dates.get("ur_denial_date"),
        application_received=header.dates.get("application_received"),
        priority=header.priority,
        licensure=reviewer.licensure,
        specialties=reviewer.specialties,
        age=summary.age,
        sex=summary.sex,
        summary=summary.text,
        items=items,
        problems=tuple(problems),
        spans=header.spans | reviewer.spans | places,
    )


def _under(sections: Sections, heading: Span | None, end: int) -> Span:
    """The text under a heading; nothing where the letter lacks the heading."""
    return sections.after(heading, end) if heading else Span(end, end)


def _with_injury_date(header: Header, source: str, summary: Summary) -> Header:
    """Without a header block the injury date comes from the summary's prose; beside one that lacks it, doubtfully."""
    if "date_of_injury" in header.dates or not summary.span:
        return header
    day, place = read_injury_date(source, summary.span)
    if day is None or place is None:
        return header
    problems = header.problems
    if not any(problem.code == "header_missing" for problem in problems):
        message = "The header block has no readable date of injury; this one is the summary's."
        problems = (*problems, Problem("value_doubtful", message, place, "date_of_injury"))
    return replace(
        header,
        dates=header.dates | {"date_of_injury": day},
        spans=header.spans | {"date_of_injury": place},
        problems=problems,
    )


def _missing(header: Header) -> Iterable[Problem]:
    """One problem for each header value that a letter with a header block lacks."""
    if any(problem.code == "header_missing" for problem in header.problems):
        if "date_of_injury" not in header.dates:
            yield Problem("value_missing", "The summary does not state a date of injury.", None, "date_of_injury")
        return
    found = {"case_number": header.case_number, "priority": header.priority, **header.dates}
    for name in _HEADER_FIELDS:
        if not found.get(name):
            yield Problem("value_missing", f"The header block has no {name.replace('_', ' ')}.", None, name)


def _item(source: str, text: ItemText, aliases: Mapping[str, str], problems: list[Problem]) -> ParsedItem:
    """The item with its category and the citations of both sides; what was doubtful is added to ``problems``."""
    problems += text.problems
    sides = {}
    for side, part in (("claims", "claims_text"), ("reviewer", "reviewer_text")):
        reading = read_guideline_line(source, text.spans.get(part), aliases)
        problems += [replace(problem, path=f"items/{text.number}/{side}") for problem in reading.problems]
        sides[side] = reading.citations
    category = categorize(text.disputed)
    if category.rule == NO_RULE:
        category = categorize(text.request)
    if category.rule == NO_RULE:
        message = "No rule matches this treatment."
        problems.append(
            Problem("category_unknown", message, text.spans.get("disputed"), f"items/{text.number}/category")
        )
    return ParsedItem(
        number=text.number,
        request=text.request,
        disputed=text.disputed,
        partly_approved=text.partly_approved,
        decision=text.decision,
        category=category.category,
        subcategory=category.subcategory,
        category_rule=category.rule,
        claims_text=text.parts.get("claims_text"),
        reviewer_text=text.parts.get("reviewer_text"),
        claims=sides["claims"],
        reviewer=sides["reviewer"],
        rationale=text.parts.get("rationale"),
        grounds=_grounds(source, text, category, problems),
        spans=text.spans,
    )


def _grounds(source: str, text: ItemText, category: Assignment, problems: list[Problem]) -> tuple[Ground, ...]:
    """The grounds of the item's decision; a problem is added where the rationale states none that is known."""
    place, rationale = text.spans.get("rationale"), text.parts.get("rationale")
    if text.decision is None or place is None or not rationale:
        return ()
    subject = Subject(text.disputed, category.category, category.subcategory, text.decision)
    grounds = read_grounds(Folded(rationale, source, *place), subject)
    if not grounds:
        message = "No sentence of the rationale was recognized as a ground."
        problems.append(Problem("grounds_not_found", message, place, f"items/{text.number}/grounds"))
    return grounds

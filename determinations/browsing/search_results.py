"""Search results: cases with excerpts, newest or best match first, always bounded."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.search import SearchHeadline
from django.db import connection
from django.db.models import F
from django.db.models.functions import Left
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from determinations.browsing.lists import NEWEST
from determinations.filters.words import QueryWords
from determinations.models import Case, CaseText, ItemText
from determinations.paging.counts import Count
from determinations.paging.filtered import ListQuery, Nearest, tables_of

#: Only this many matches, the newest, are ranked.
RANKED = 1_000
PAGE = 20
#: For words that occur in very many cases, those near the top of the list are ranked, if there are enough.
_ENOUGH = 200
_RANK = """
WITH {tables}
SELECT case_id, count(*) OVER (), (SELECT number FROM number) FROM determinations_casetext
WHERE case_id = ANY(ARRAY(SELECT key FROM matching ORDER BY value DESC NULLS LAST, key DESC LIMIT %s))
ORDER BY ts_rank(search, {query}, 1) DESC, case_id DESC LIMIT %s OFFSET %s
"""
_READ_CHARACTERS = 20_000
_SNIPPETS = 3
# Private-use characters that no letter contains: the text is escaped first, then they become tags.
_START, _STOP = "\ue000", "\ue001"


@dataclass(slots=True)
class Snippet:
    """An excerpt that matches: from an item, or from the summary (then ``number`` is None)."""

    number: int | None
    decision: str
    request: SafeString
    context: SafeString | None


@dataclass(slots=True)
class SearchResult:
    """A matching case with its snippets."""

    case: Case
    snippets: list[Snippet] = field(default_factory=list)


def best_first(listed: ListQuery, words: QueryWords, page: int) -> tuple[list[Case], int, Count]:
    """One page (from 1) of the newest matches by rank, how many were ranked, and how many match. Two queries."""
    most = _ENOUGH if words.unpacked else RANKED  # each row's words have to be read, so no more rows than needed
    newest = Nearest.to(listed.everything, NEWEST, descending=True, enough=_ENOUGH, most=most)
    tables, parameters = tables_of(listed, newest)
    query, its_parameters = words.sql()
    with connection.cursor() as cursor:
        cursor.execute(
            _RANK.format(tables=tables, query=query),
            [*parameters, RANKED, *its_parameters, PAGE, (page - 1) * PAGE],
        )
        ranking = cursor.fetchall()
    cases = Case.objects.in_bulk([pk for pk, _ranked, _number in ranking])
    _pk, ranked, number = ranking[0] if ranking else (0, 0, 0)
    count = Count(min(number, listed.cap), capped=number > listed.cap)
    return [cases[pk] for pk, _ranked, _number in ranking if pk in cases], ranked, count


def with_snippets(cases: Sequence[Case], words: QueryWords) -> list[SearchResult]:
    """The cases with up to three snippets each. One query; two if some match only in the summary."""
    results = {case.pk: SearchResult(case) for case in cases}
    query = words.query()
    texts = (
        ItemText.objects.filter(item__case__in=list(results), search=query)
        .annotate(
            request=_headline(F("item__disputed"), query, fragments=0),
            context=_headline(Left("rationale", _READ_CHARACTERS), query, fragments=2),
        )
        .order_by("item__case", "item__number")
        .values_list("item__case", "item__number", "item__decision", "request", "context")
    )
    by_case: dict[int, int] = defaultdict(int)
    for case_id, number, decision, request, context in texts:
        by_case[case_id] += 1
        if by_case[case_id] <= _SNIPPETS:
            marked = _marked(context) if _START in context else None
            results[case_id].snippets.append(Snippet(number, decision, _marked(request), marked))
    bare = [pk for pk, result in results.items() if not result.snippets]
    if bare:
        summaries = CaseText.objects.filter(pk__in=bare).annotate(
            context=_headline(Left("summary", _READ_CHARACTERS), query, fragments=2)
        )
        for case_id, context in summaries.values_list("pk", "context"):
            if _START in context:
                results[case_id].snippets.append(Snippet(None, "", mark_safe(""), _marked(context)))
    return list(results.values())


def _headline(text: Any, query: Any, *, fragments: int) -> SearchHeadline:
    return SearchHeadline(
        text,
        query,
        config="english",
        start_sel=_START,
        stop_sel=_STOP,
        max_fragments=fragments or None,
        highlight_all=None if fragments else True,
        max_words=32 if fragments else None,
        min_words=12 if fragments else None,
        fragment_delimiter=" … " if fragments else None,
    )


def _marked(text: str) -> SafeString:
    """Escaped text with the matches in ``<mark>``."""
    return mark_safe(escape(text).replace(_START, "<mark>").replace(_STOP, "</mark>"))  # noqa: S308 - escaped first

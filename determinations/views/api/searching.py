"""Search: cases with excerpts that show where they match."""

from collections.abc import Sequence
from typing import Annotated

from django.http import HttpRequest, QueryDict
from ninja import Field, Query, Router

from determinations.access import audit
from determinations.access.roles import may_read_notes
from determinations.browsing.lists import CASES
from determinations.browsing.search import cases_numbered
from determinations.browsing.search_results import SearchResult, with_snippets
from determinations.filters.lookups import Lookups
from determinations.filters.words import QueryWords
from determinations.models import Case, TokenScope
from determinations.paging.filtered import list_page
from determinations.searching.matches import Piece
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.lists import (
    CountOut,
    Limit,
    PageOut,
    check_cursor,
    check_parameters,
    neighbors,
)
from determinations.views.api.writing import address
from determinations.views.requests import person_of

router = Router(tags=["Search"])


class ExcerptOut(Reply):
    """Where a text matches. Matching words stand between « and »."""

    field: str
    text: str


class HitOut(Reply):
    """A case that matches; ``item`` is null for what is said of the letter as a whole."""

    item: int | None
    decision: str
    request: str
    excerpts: list[ExcerptOut]


class FoundOut(Reply):
    """A case that was found."""

    case: int
    address: str
    case_number: str | None
    outcome: str
    hits: list[HitOut]


class FoundPage(PageOut):
    """A page of search results, newest decision first. ``numbered``: the words are a case number."""

    count: CountOut
    numbered: bool = Field(description="the search text is a case number; one with a wrong digit finds similar ones")
    results: list[FoundOut]


SearchText = Annotated[
    str, Query(min_length=1, max_length=300, description="as in the search box", pattern="^[^\\x00]*$")
]


@router.get("/search", response=FoundPage, url_name="api_search")
@needs(TokenScope.READ, "browse_cases")
def search(request: HttpRequest, q: SearchText, limit: Limit = 20, after: str = "", before: str = "") -> FoundPage:
    """Cases that match a search text, which may have fields, phrases and exclusions as in the search box."""
    check_parameters(request, ("q", "limit", "after", "before"))
    lookups = Lookups(user=person_of(request))
    words = QueryWords.read(q, office=(field.key for field in lookups.searched_fields))
    numbered, _exact = cases_numbered(q)
    if numbered or not words:
        count, results = (
            CountOut(number=len(numbered), capped=False),
            [_found(SearchResult(case)) for case in numbered],
        )
        found = FoundPage(count=count, numbered=bool(numbered), results=results, next=None, previous=None)
        shown = [case.pk for case in numbered]
    else:
        only_words = QueryDict(mutable=True)
        only_words["q"] = words.text
        filterset = CASES.filterset(only_words, lookups=lookups)
        listed = CASES.list_query(filterset, only_words)
        check_cursor(request, listed.rows, listed.order)
        page, number = list_page(listed, Case.objects.current(), request.GET, limit)
        matching = with_snippets(
            page.rows, words, notes=may_read_notes(person_of(request)), office=lookups.searched_fields
        )
        results = [_found(one) for one in matching]
        found = FoundPage(count=CountOut.of(number), numbered=False, results=results, **neighbors(request, page))
        shown = [case.pk for case in page.rows]
    query = request.GET.urlencode()[:2_000]
    audit.note(request, "search.made", letter_ids=shown, query=query, rows=len(shown))
    return found


def _found(result: SearchResult) -> FoundOut:
    hits = [
        HitOut(
            item=snippet.number, decision=snippet.decision, request=_marked(snippet.request),
            excerpts=[ExcerptOut(field=one.label, text=_marked(one.pieces)) for one in snippet.excerpts],
        )
        for snippet in result.snippets
    ]  # fmt: skip
    case = result.case
    return FoundOut(
        case=case.pk, address=address("api_case", case.pk), case_number=case.case_number, outcome=case.outcome,
        hits=hits,
    )  # fmt: skip


def _marked(pieces: Sequence[Piece]) -> str:
    return "".join(f"«{piece.text}»" if piece.marked else piece.text for piece in pieces)

"""Lists of the API: the filters, orders and cursors of the pages, and answers that lead to their next page."""

from collections.abc import Collection
from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query

from determinations.browsing.lists import ListKind, page_and_count
from determinations.filters import ListFilters, mistakes, unknown_parameters
from determinations.paging.addresses import CURSOR, changed
from determinations.paging.counts import Count
from determinations.paging.keyset import M, Order, Page, checked_cursor, page_of
from determinations.views.api.answers import Reply
from determinations.views.api.problems import Problem
from determinations.views.requests import person_of

MOST_ROWS = 100
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows of a page")]
_PAGED = (*CURSOR, "limit")


class CountOut(Reply):
    """How many rows the whole list has; ``capped``: at least so many."""

    number: int
    capped: bool

    @classmethod
    def of(cls, count: Count) -> "CountOut":
        """The count as an answer."""
        return cls(number=count.number, capped=count.capped)


class PageOut(Reply):
    """What all pages of lists have: the addresses of their neighbors, null at the ends."""

    next: str | None
    previous: str | None


def neighbors(request: HttpRequest, page: Page[M]) -> dict[str, str | None]:
    """The addresses of the pages around this one."""
    return {"next": _address(request, page.next_query), "previous": _address(request, page.previous_query)}


def _address(request: HttpRequest, query: str | None) -> str | None:
    return None if query is None else f"{request.path}{query}"


def filtered_page(request: HttpRequest, kind: ListKind, shown: QuerySet[M], limit: int) -> tuple[Page[M], Count]:
    """A page of one of the lists of cases and items. Raises :class:`Problem` for what the address has wrong."""
    filterset = checked_filters(request, kind)
    check_cursor(request, filterset.qs, kind.orders[kind.sort_of(request.GET)])
    return page_and_count(kind, filterset, request.GET, shown, size=limit)


def checked_filters(request: HttpRequest, kind: ListKind, more: Collection[str] = ("limit",)) -> ListFilters:
    """The filters of the address. Raises :class:`Problem` for unknown and invalid ones, which pages would ignore."""
    query = changed(request.GET, without=more)
    filterset = kind.filterset(query, by=person_of(request))
    wrong = [*mistakes(filterset), *unknown_parameters(query, kind.orders)]
    if wrong:
        raise Problem(422, "Some parameters are not valid.", errors=[("query", each) for each in wrong])
    return filterset


def keyset_page(
    request: HttpRequest, rows: QuerySet[M], order: Order, limit: int, parameters: Collection[str] = ()
) -> Page[M]:
    """A page of rows that are in an order of their own; ``parameters`` are those that the operation reads."""
    check_parameters(request, (*parameters, *_PAGED))
    check_cursor(request, rows, order)
    return page_of(rows, order, request.GET, size=limit)


def check_parameters(request: HttpRequest, known: Collection[str]) -> None:
    """Raises :class:`Problem` for a parameter that the operation does not read."""
    unknown = [name for name in request.GET if name not in known]
    if unknown:
        errors = [("query", f"There is no parameter named “{name[:40]}”.") for name in unknown[:5]]
        raise Problem(422, "Some parameters are not valid.", errors=errors)


def check_cursor(request: HttpRequest, rows: QuerySet[M], order: Order) -> None:
    """Raises :class:`Problem` for a cursor that is none, or of another order: its page would be the first again."""
    if any(name in request.GET for name in CURSOR) and checked_cursor(rows, order, request.GET) == (None, False):
        raise Problem(422, "The cursor is not one of this list.", errors=[("query", "Start again without a cursor.")])

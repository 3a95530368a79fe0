"""What all pages of statistics share: the selection and its chips, links from numbers to lists, tables."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from determinations.access.scope import current_scope
from determinations.browsing.selection import ListLinks, ParsedSelection, counted_table, parse_selection
from determinations.filters import active_filters, chips
from determinations.filters.lookups import Lookups
from determinations.models import StatisticsLimits
from determinations.paging.addresses import with_query
from determinations.statistics.definition import UNKNOWN, Filters, Statistic
from determinations.statistics.interface import Selection
from determinations.statistics.published import Published, PublishedFigures
from determinations.statistics.sql_engine import SqlEngine
from determinations.statistics.tabulate import Row, Table, Tally
from determinations.views.requests import open_url, person_of
from determinations.wording.labels import Labels

may_view = permission_required("determinations.view_statistics", raise_exception=True)
_VIEW, _BROWSE = "determinations.view_statistics", "determinations.browse_cases"


def may_read(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages that help before a decision: users who may browse cases read them too."""

    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not (request.user.has_perm(_VIEW) or request.user.has_perm(_BROWSE)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


#: Rows of a table shown on a page; exports have all rows.
MOST_ROWS = 200


@dataclass(frozen=True)
class Number:
    """A number and the list it counts. There is no link for 0, or if the user may not browse."""

    value: int
    link: str = ""


@dataclass(frozen=True)
class RowView:
    """A table row as shown on the page."""

    row: Row
    items: Number
    overturned: Number
    published_share: Published | None = None
    published_rate: Published | None = None
    page: str = ""  # the address of a page about the row's subject
    width: int = 0  # of the bar, as a percentage of the widest

    @property
    def label(self) -> str:
        return self.row.label

    @property
    def tally(self) -> Tally:
        return self.row.tally


@dataclass(frozen=True)
class Context:
    """The selection of a request, and everything needed to show it."""

    request: HttpRequest
    engine: SqlEngine
    parsed: ParsedSelection
    lookups: Lookups
    limits: StatisticsLimits
    may_browse: bool
    may_view: bool

    @classmethod
    def of(
        cls, request: HttpRequest, engine: SqlEngine, query: QueryDict | None = None, *, like: "Context | None" = None
    ) -> "Context":
        """The context of a request, or of ``query`` in place of its address; ``like`` lends its labels and limits."""
        lookups = like.lookups if like else Lookups(user=person_of(request))
        return cls(
            request=request,
            engine=engine,
            parsed=parse_selection(request.GET if query is None else query, lookups),
            lookups=lookups,
            limits=like.limits if like else StatisticsLimits.now(),
            may_browse=request.user.has_perm(_BROWSE),
            may_view=request.user.has_perm(_VIEW),
        )

    @property
    def labels(self) -> Labels:
        """Names and labels, with the fields of the office that the user sees."""
        return self.lookups.labels

    @property
    def query(self) -> QueryDict:
        """The filters of the address."""
        return self.parsed.query

    @property
    def selection(self) -> Selection:
        """The items that the address selects."""
        return self.parsed.selection

    @cached_property
    def lists(self) -> ListLinks:
        """The addresses of lists with items of the selection."""
        return ListLinks(self.query)

    def url(self, name: str, *args: str) -> str:
        """The address of a page with the filters of this one."""
        return with_query(reverse(name, args=args), self.query)

    def items(self, count: int, filters: Filters | None = None) -> Number:
        """A number of items, linked to their list."""
        return Number(count, self.lists.to("item_list", filters) if count and self.may_browse else "")

    def letters(self, count: int, filters: Filters | None = None) -> Number:
        """A number of letters, linked to their list."""
        return Number(count, self.lists.to_letters(filters) if count and self.may_browse else "")

    def row_views(
        self, table: Table, figures: PublishedFigures | None = None, year: int | None = None
    ) -> list[RowView]:
        """The rows of a table, with linked numbers."""
        widest = max((row.tally.items for row in table.rows), default=0)
        views = []
        for row in table.rows:
            filters = {**table.statistic.within, **table.statistic.filters(row.key)}
            benchmark = figures.for_row(table.statistic.benchmark, year, row.key) if figures else (None, None)
            views.append(
                RowView(
                    row=row,
                    items=self.items(row.tally.items, filters),
                    overturned=self.items(row.tally.overturned, {**filters, "decision": ["overturned"]}),
                    published_share=benchmark[0],
                    published_rate=benchmark[1],
                    page=self.page_of(table.statistic, row.key),
                    width=round(100 * row.tally.items / widest) if widest else 0,
                )
            )
        return views

    def page_of(self, statistic: Statistic, key: str) -> str:
        """The address of the page about a row's subject, if there is one that the user may see."""
        if statistic.key.endswith("-authority") and key != "none" and self.may_view:
            return self.url("citation_authority", key)
        if statistic.key != "subcategory" or current_scope().masked:  # treatments are told apart by grounds
            return ""
        return self.url("treatment", *key.split("/", 1))

    def frame(self, section: str, **more: object) -> dict[str, object]:
        """The template context that every page of statistics needs."""
        return {
            "section": section,
            "sections": section_tabs(self.request, self.query),
            "query_string": self.query.urlencode(),
            "export_query": with_query("", self.query),
            "chips": chips(self.query, self.labels),
            "ignored": self.parsed.ignored,
            "active_filters": list(active_filters(self.query)),
            "selection_url": selection_url(self.request, self.query),
            "limits": self.limits,
            "clear_url": self.request.path,
            "item_list_url": self.lists.to("item_list") if self.may_browse else "",
            **more,
        }


def table_of(context: Context, statistic: Statistic) -> Table:
    """The table of a statistic for the selection of the address."""
    return counted_table(context.engine, statistic, context.selection, context.labels, context.limits)


def export_base(name: str, *args: str) -> str:
    """The address of an export without its format, which the template adds."""
    return reverse(name, args=[*args, "csv"]).removesuffix("csv")


#: The tabs of the statistics pages: key, label, URL name, permission.
_TABS = (
    ("overview", "Overview", "statistics", _VIEW),
    ("breakdowns", "Breakdowns", "breakdowns", _VIEW),
    ("treatments", "Treatments", "treatments", ""),
    ("grounds", "Grounds", "grounds", _VIEW),
    ("citations", "Citations", "citations", _VIEW),
    ("editions", "Editions", "citation_editions", _VIEW),
    ("timeliness", "Timeliness", "timeliness", _VIEW),
    ("compare", "Compare", "statistics_compare", _VIEW),
    ("report", "Report", "statistics_report", _VIEW),
)
#: Tabs of pages about all letters, which have no filters.
_TABS_OF_ALL = (
    ("quality", "Quality", "quality", "determinations.view_quality"),
    ("accuracy", "Accuracy", "accuracy", ""),
    ("glossary", "Definitions", "glossary", ""),
)


def section_tabs(request: HttpRequest, query: QueryDict) -> list[dict[str, str]]:
    """The tabs that the user may open, with the filters of the address."""
    scope = current_scope()
    tabs = [(*tab, query) for tab in _TABS] + [(*tab, QueryDict()) for tab in _TABS_OF_ALL]
    return [
        {"key": key, "label": label, "url": with_query(url, filters)}
        for key, label, name, permission, filters in tabs
        if (not permission or request.user.has_perm(permission)) and (url := open_url(name, scope))
    ]


#: Parameters in addresses of statistics that are kept when the filters change.
KEPT_PARAMETERS = (
    "versus", "first", "by", "of", "unit", "question", "element", "sort", "step", "whole", "request", "treatment",
)  # fmt: skip


def selection_url(request: HttpRequest, query: QueryDict) -> str:
    """The page with all filters, which leads back to this page."""
    return selection_form_url(request.path, query, **kept_parameters(request))


def selection_form_url(path: str, query: QueryDict, **kept: str) -> str:
    """The page with all filters, which leads to the page at ``path`` with the filters chosen and what is ``kept``."""
    return with_query(reverse("statistics_selection"), query, **kept, **{"for": path})


def kept_parameters(request: HttpRequest) -> dict[str, str]:
    """The parameters of the request to keep when its filters change."""
    return {name: request.GET[name] for name in KEPT_PARAMETERS if name in request.GET}


#: The orders of a table.
SORTS = {
    "name": lambda view: view.row.label.casefold(),
    "items": lambda view: view.row.tally.items,
    "overturned": lambda view: view.row.tally.overturned,
    "rate": lambda view: -1.0 if view.row.tally.rate is None else view.row.tally.rate,
}


@dataclass(frozen=True)
class Head:
    """A column heading that sorts by its column."""

    label: str
    link: str
    state: str
    number: bool = True


def sorted_rows(views: list[RowView], sort: str) -> list[RowView]:
    """The rows in the requested order (``-rate`` is descending); an unknown order changes nothing."""
    sort_key = SORTS.get(sort.removeprefix("-"))
    if sort_key is None:
        return views
    known = [view for view in views if view.row.key != UNKNOWN]
    rest = [view for view in views if view.row.key == UNKNOWN]
    return sorted(known, key=sort_key, reverse=sort.startswith("-")) + rest


def heads(query: QueryDict, sort: str, first: str) -> dict[str, Head]:
    """The column headings of a statistic's table, by name."""
    by_name = {}
    for name, label in (("name", first), ("items", "Items"), ("overturned", "Overturned"), ("rate", "Overturn rate")):
        state = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
        descending = f"-{name}"
        target = name if sort == descending or (name == "name" and sort != name) else descending
        by_name[name] = Head(label, with_query("", query, sort=target), state, number=name != "name")
    return by_name

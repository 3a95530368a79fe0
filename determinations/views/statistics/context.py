"""What all pages of statistics share: the selection, its filters in words, links of every number, tables to show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from determinations.filters import active_filters, chips
from determinations.models import StatisticsLimits
from determinations.paging.addresses import with_query
from determinations.statistics.definition import UNKNOWN, Filters, Statistic
from determinations.statistics.published import Published, PublishedFigures
from determinations.statistics.sql_engine import SqlEngine
from determinations.statistics.tabulate import Row, Table, Tally, count, tabulate
from determinations.views.statistics.selection import Chosen, choose, letters_link, list_link, within
from determinations.wording.labels import Labels, read_labels

may_view = permission_required("determinations.view_statistics", raise_exception=True)
#: Rows of a table that are shown at once; the exports have all.
MOST_ROWS = 200


@dataclass(frozen=True)
class Number:
    """A number and the list it counts (no link where nothing is counted, or the reader may not browse)."""

    value: int
    link: str = ""


@dataclass(frozen=True)
class RowView:
    """A row as the page shows it."""

    row: Row
    items: Number
    overturned: Number
    published_share: Published | None = None
    published_rate: Published | None = None
    page: str = ""  # an own page of what the row is about
    width: int = 0  # of the bar, in percent of the widest

    @property
    def label(self) -> str:
        return self.row.label

    @property
    def tally(self) -> Tally:
        return self.row.tally


@dataclass(frozen=True)
class Context:
    """One request's selection and what it takes to show it."""

    request: HttpRequest
    engine: SqlEngine
    chosen: Chosen
    labels: Labels
    limits: StatisticsLimits
    may_browse: bool
    extra: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(
        cls, request: HttpRequest, engine: SqlEngine, query: QueryDict | None = None, *, like: "Context | None" = None
    ) -> "Context":
        """The context of a request; ``query`` instead of its own address; names and limits as in ``like``."""
        return cls(
            request=request,
            engine=engine,
            chosen=choose(request.GET if query is None else query),
            labels=like.labels if like else read_labels(),
            limits=like.limits if like else StatisticsLimits.now(),
            may_browse=request.user.has_perm("determinations.browse_cases"),
        )

    @property
    def query(self) -> QueryDict:
        """The filters of the address."""
        return self.chosen.query

    def items(self, count: int, filters: Filters | None = None) -> Number:
        """A number of items, with their list."""
        link = list_link("item_list", self.query, filters) if count and self.may_browse else ""
        return Number(count, link)

    def letters(self, count: int, filters: Filters | None = None) -> Number:
        """A number of letters, with their list."""
        return Number(count, letters_link(self.query, filters) if count and self.may_browse else "")

    def row_views(
        self, table: Table, figures: PublishedFigures | None = None, year: int | None = None
    ) -> list[RowView]:
        """The rows of a table with the links of their numbers."""
        widest = max((row.tally.items for row in table.rows), default=0)
        found = []
        for row in table.rows:
            filters = {**table.statistic.within, **table.statistic.filters(row.key)}
            benchmark = figures.beside(table.statistic.benchmark, year, row.key) if figures else (None, None)
            found.append(
                RowView(
                    row=row,
                    items=self.items(row.tally.items, filters),
                    overturned=self.items(row.tally.overturned, {**filters, "decision": ["overturned"]}),
                    published_share=benchmark[0],
                    published_rate=benchmark[1],
                    page=_own_page(table.statistic, row.key, self.query),
                    width=round(100 * row.tally.items / widest) if widest else 0,
                )
            )
        return found

    def frame(self, section: str, **more: object) -> dict[str, object]:
        """What the template of every page of statistics needs."""
        return {
            "section": section,
            "sections": sections_of(self.query),
            "query_string": self.query.urlencode(),
            "chips": chips(self.query, self.labels),
            "ignored": self.chosen.ignored,
            "asked": list(active_filters(self.query)),
            "selection_url": selection_url(self.request, self.query),
            "limits": self.limits,
            "clear_url": self.request.path,
            "item_list_url": list_link("item_list", self.query) if self.may_browse else "",
            **more,
        }


def table_of(context: Context, statistic: Statistic) -> Table:
    """A statistic over the selection of the address."""
    selection, categories = context.chosen.selection, context.labels.category_by_id
    if statistic.columns == ("category_id",) and set(statistic.within) == {"category"}:
        # What is grouped by category is counted once, whether for all categories or for some.
        groups = context.engine.count_items(selection, statistic.columns)
        its = [group for group in groups if categories[group.raw[0]].name in statistic.within["category"]]
        return tabulate(statistic, its, context.labels, context.limits)
    return count(context.engine, statistic, within(selection, statistic), context.labels, context.limits)


def _own_page(statistic: Statistic, key: str, query: QueryDict) -> str:
    if statistic.key.endswith("-authority") and key != "none":
        return with_query(reverse("citation_authority", args=[key]), query)
    return ""


def sections_of(query: QueryDict) -> list[dict[str, str]]:
    """The pages of statistics, each with the filters of the address."""
    named = (
        ("overview", "Overview", "statistics"), ("breakdowns", "Breakdowns", "breakdowns"),
        ("citations", "Citations", "citations"), ("editions", "Editions", "citation_editions"),
        ("compare", "Compare", "statistics_compare"), ("report", "Report", "statistics_report"),
    )  # fmt: skip
    pages = [{"key": key, "label": label, "url": with_query(reverse(name), query)} for key, label, name in named]
    pages.append({"key": "quality", "label": "Quality", "url": reverse("quality")})
    pages.append({"key": "glossary", "label": "Definitions", "url": reverse("glossary")})
    return pages


#: What stands in an address of statistics beside the filters, and stays when those are changed.
CARRIED = ("versus", "by", "sort", "whole")


def selection_url(request: HttpRequest, query: QueryDict) -> str:
    """The page that offers all filters, and leads back to this one."""
    return with_query(reverse("statistics_selection"), query, **carried(request), **{"for": request.path})


def carried(request: HttpRequest) -> dict[str, str]:
    """What the address of the request carries beside its filters."""
    return {name: request.GET[name] for name in CARRIED if name in request.GET}


#: What a table can be sorted by.
SORTS = {
    "name": lambda view: view.row.label.casefold(),
    "items": lambda view: view.row.tally.items,
    "overturned": lambda view: view.row.tally.overturned,
    "rate": lambda view: -1.0 if view.row.tally.rate is None else view.row.tally.rate,
}


@dataclass(frozen=True)
class Head:
    """A column's head that sorts by it."""

    label: str
    link: str
    state: str
    number: bool = True


def sorted_rows(views: list[RowView], sort: str) -> list[RowView]:
    """The rows in the order asked for, ``-rate`` downwards; unknown orders leave them as they are."""
    by = SORTS.get(sort.removeprefix("-"))
    if by is None:
        return views
    known = [view for view in views if view.row.key != UNKNOWN]
    rest = [view for view in views if view.row.key == UNKNOWN]
    return sorted(known, key=by, reverse=sort.startswith("-")) + rest


def heads(query: QueryDict, sort: str, first: str) -> dict[str, Head]:
    """The heads of a statistic's table by name."""
    found = {}
    for name, label in (("name", first), ("items", "Items"), ("overturned", "Overturned"), ("rate", "Overturn rate")):
        state = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
        downwards = f"-{name}"
        target = name if sort == downwards or (name == "name" and sort != name) else downwards
        found[name] = Head(label, with_query("", query, sort=target), state, number=name != "name")
    return found

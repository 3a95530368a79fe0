"""Statistics: every entry of the catalog, for every selection that filters of items make."""

from django.http import HttpRequest
from ninja import Field, Router

from determinations.access import audit
from determinations.browsing.lists import ITEMS
from determinations.filters.lookups import Lookups
from determinations.models import TokenScope
from determinations.statistics.office_catalog import all_statistics, is_open
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Row, Tally
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.document import filters_of
from determinations.views.api.lists import check_parameters, checked_filters
from determinations.views.requests import person_of
from determinations.views.statistics.context import Context, table_of
from determinations.views.statistics.overview import find_statistic

router = Router(tags=["Statistics"])
_FILTERS = {"parameters": list(filters_of(of_items=True))}


class StatisticOut(Reply):
    """An entry of the catalog."""

    key: str
    label: str
    group: str
    note: str
    several: bool = Field(description="an item can count in several rows")


class TallyOut(Reply):
    """Items, those with a decision, and those overturned. Rates are percentages, the interval is Wilson's of 95%."""

    items: int
    decided: int
    overturned: int
    overturned_percent: float | None
    interval: tuple[float, float] | None

    @classmethod
    def of(cls, tally: Tally) -> "TallyOut":
        """The tally as an answer."""
        return cls.model_validate(_counts(tally))


class RowOut(TallyOut):
    """A row. ``few_decided``: too few for its rate to mean much; ``small``: so few that one could be identified."""

    key: str
    label: str
    percent_of_items: float | None
    few_decided: bool
    small: bool


class TableOut(StatisticOut):
    """A statistic of a selection. ``total`` counts every item once."""

    rows: list[RowOut]
    total: TallyOut


def _counts(tally: Tally) -> dict[str, object]:
    return {
        "items": tally.items, "decided": tally.decided, "overturned": tally.overturned,
        "overturned_percent": tally.rate, "interval": tally.interval,
    }  # fmt: skip


def _row(row: Row) -> RowOut:
    return RowOut.model_validate(
        {
            **_counts(row.tally), "key": row.key, "label": row.label, "percent_of_items": row.share,
            "few_decided": not row.enough, "small": row.small,
        }
    )  # fmt: skip


@router.get("/statistics", response=list[StatisticOut], url_name="api_statistics")
@needs(TokenScope.READ, "view_statistics")
def list_statistics(request: HttpRequest) -> list[StatisticOut]:
    """The catalog."""
    check_parameters(request, ())
    labels = Lookups(user=person_of(request)).labels
    return [
        StatisticOut(key=one.key, label=one.label, group=one.group, note=one.note, several=one.several)
        for one in all_statistics(labels)
        if is_open(one)
    ]


@router.get("/statistics/{slug:key}", response=TableOut, url_name="api_statistic", openapi_extra=_FILTERS)
@needs(TokenScope.READ, "view_statistics")
def read_statistic(request: HttpRequest, key: str) -> TableOut:
    """One statistic, counted over the items that match all filters."""
    checked_filters(request, ITEMS, ())
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        found = find_statistic(context, key)
        table = table_of(context, found)
    query = request.GET.urlencode()[:2_000]
    audit.note(request, "statistics.exported", statistic=found.key, query=query, format="json")
    return TableOut(
        key=found.key, label=found.label, group=found.group, note=found.note, several=found.several,
        rows=[_row(row) for row in table.rows], total=TallyOut.of(table.total),
    )  # fmt: skip

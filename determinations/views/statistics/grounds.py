"""Grounds of decisions by treatment, guideline, side and time, and the questions that decisions turn on."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.cases.old_grounds import count_old_grounds
from determinations.paging.addresses import with_query
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.results import Decision
from determinations.statistics.definition import Filters
from determinations.statistics.ground_questions import QUESTIONS
from determinations.statistics.ground_tables import AXES, Axis, GroundRow, GroundTable, ground_table, with_decision
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Tally
from determinations.views.statistics.context import Context, Number, export_base, kept_parameters, may_view
from determinations.views.statistics.over_time import Steps, steps
from determinations.views.statistics.questions import QuestionRow, question_row, question_rows

_MOST_ROWS = 40
_MOST_PERIODS = 240
_MOST_QUESTIONS = 15
#: Rows to choose from: the address, and what the page calls them. ``time`` is months, quarters or years, by size.
_CHOICES = (
    ("category", "Category"), ("subcategory", "Treatment"), ("body-region", "Body region"),
    ("claims-family", "Family, claims administrator"), ("reviewer-family", "Family, reviewer"),
    ("claims-authority", "Guideline, claims administrator"), ("reviewer-authority", "Guideline, reviewer"),
    ("time", "Time"),
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """How many items of a row have a ground, and their share of the row's items with the decision."""

    number: Number
    share: float | None


@dataclass(frozen=True)
class RowOfGrounds:
    """A row: its items with the decision that the table is about, and a cell for each ground of the columns."""

    label: str
    page: str
    items: Number
    cells: tuple[Cell, ...]
    enough: bool


@dataclass(frozen=True)
class Choice:
    """A link that changes the table."""

    label: str
    url: str
    is_current: bool


@require_safe
@may_view
def grounds(request: HttpRequest) -> HttpResponse:
    """How often each ground is given, by rows to choose; and the questions that decisions turn on."""
    by, decision = requested_table(request)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        chosen = steps_for(context, decision) if by == "time" else None
        table = ground_table(engine, axis_for(by, chosen), context.selection, context.labels)
        codes = columns_of(table, decision)
        most = _MOST_PERIODS if chosen else _MOST_ROWS
        return render(
            request,
            "statistics/grounds.html",
            context.frame(
                "grounds",
                title=table.statistic.label,
                decision=decision,
                columns=[GROUNDS[code] for code in codes],
                total=_row(context, table, GroundRow("", "All", table.total, table.by_ground), decision, codes),
                rows=[_row(context, table, row, decision, codes) for row in table.rows[:most]],
                left_out=max(0, len(table.rows) - most),
                step_links=chosen["step_links"] if chosen else [],
                without_grounds=context.items(table.by_ground.get("unknown", Tally()).items, {"ground": ["unknown"]}),
                questions=question_rows(context, table.by_ground),
                overturned_most=[] if chosen else _overturned_most(context, table),
                ranks_rows=not chosen,
                by_choices=[Choice(label, _url(context, by=key), key == by) for key, label in _CHOICES],
                decision_choices=[
                    Choice("Upheld", _url(context, of="upheld"), decision == "upheld"),
                    Choice("Overturned", _url(context, of="overturned"), decision == "overturned"),
                ],
                old_grounds=count_old_grounds(),
                export_base=export_base("grounds_export"),
                export_query=with_query("", context.query, by=by, of=decision),
            ),
        )


def requested_table(request: HttpRequest) -> tuple[str, Decision]:
    """The rows and the decision that the address requests."""
    by = request.GET.get("by", "")
    known = {key for key, _label in _CHOICES}
    return (by if by in known else "category"), ("overturned" if request.GET.get("of") == "overturned" else "upheld")


def steps_for(context: Context, decision: Decision) -> Steps:
    """The step of a table over time: the one that the address requests, or that fits the items with the decision."""
    groups = context.engine.count_items(context.selection, ("decision_month",))
    return steps(
        context,
        {month: with_decision(Tally(*counts), decision) for (month,), *counts in groups},
    )


def axis_for(by: str, chosen: Steps | None) -> Axis:
    """The axis of the rows; ``chosen`` is the step of a table over time."""
    return AXES[chosen["step"] if chosen else by]


def columns_of(table: GroundTable, decision: Decision) -> list[str]:
    """The grounds of the decision that occur, most items first."""
    codes = [code for code, kind in GROUNDS.items() if kind.decision in (decision, None)]
    counts = {code: with_decision(table.by_ground.get(code, Tally()), decision) for code in codes}
    return sorted((code for code in codes if counts[code]), key=lambda code: -counts[code])


def _row(
    context: Context, table: GroundTable, row: GroundRow, decision: Decision, codes: Sequence[str]
) -> RowOfGrounds:
    filters: Filters = {**(table.statistic.filters(row.key) if row.key else {}), "decision": [decision]}
    items = with_decision(row.total, decision)
    cells = []
    for code in codes:
        count = with_decision(row.by_ground.get(code, Tally()), decision)
        number = context.items(count, {**filters, "ground": [code]})
        cells.append(Cell(number, 100 * count / items if items else None))
    page = context.page_of(table.statistic, row.key) if row.key else ""
    return RowOfGrounds(
        row.label, page, context.items(items, filters), tuple(cells), items >= context.limits.rate_needs
    )


def _overturned_most(context: Context, table: GroundTable) -> list[QuestionRow]:
    """Questions by row, those first whose interval begins highest; only with enough items."""
    rows = [
        entry
        for row in table.rows
        for question in QUESTIONS
        if (entry := question_row(context, question, row.by_ground, row.label, table.statistic.filters(row.key)))
        and entry.enough
        and entry.tally.overturned
    ]
    rows.sort(key=lambda entry: -(entry.tally.interval or (0.0, 0.0))[0])
    return rows[:_MOST_QUESTIONS]


def _url(context: Context, **changes: str) -> str:
    return with_query(context.request.path, context.query, **{**kept_parameters(context.request), **changes})

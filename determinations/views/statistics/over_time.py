"""Numbers over time: by month, quarter or year, whichever the size of the selection allows or the address requests."""

from collections.abc import Mapping
from datetime import date
from typing import TypedDict

from determinations.paging.addresses import with_query
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.tabulate import tabulate
from determinations.statistics.time_steps import STEPS, Step, fitting_step, requested_step
from determinations.views.statistics.context import Context, RowView, kept_parameters


class StepLink(TypedDict):
    """A step that the page offers; ``is_current`` marks the one shown."""

    label: str
    url: str
    is_current: bool


class Steps(TypedDict):
    """The step of a page, in lower case and as a heading, and those to choose from."""

    step: Step
    step_title: str
    step_links: list[StepLink]


def steps(context: Context, decided: Mapping[date | None, int]) -> Steps:
    """The step that the address requests, or the one that fits; ``decided`` counts decided items by month."""
    step = requested_step(context.request.GET.get("step")) or fitting_step(decided, context.limits.rate_needs)
    kept = kept_parameters(context.request)
    links = [
        StepLink(
            label=f"By {name}",
            url=with_query(context.request.path, context.query, **{**kept, "step": name}),
            is_current=name == step,
        )
        for name in STEPS
    ]
    return Steps(step=step, step_title=step.capitalize(), step_links=links)


def periods_of(context: Context) -> tuple[Steps, list[RowView]]:
    """Items of the selection by period."""
    groups = context.engine.count_items(context.selection, ("decision_month",))
    chosen = steps(context, {group.raw[0]: group.decided for group in groups})
    table = tabulate(BY_KEY[chosen["step"]], groups, context.labels, context.limits)
    return chosen, context.row_views(table)

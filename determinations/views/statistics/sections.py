"""Sections of guidelines that letters cite, whatever the authority: a section of the profile of a treatment."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from determinations.parsing.results import SIDES, Side
from determinations.statistics.interface import CitationGroup
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Tally
from determinations.views.statistics.context import Context, Number, may_read
from determinations.views.statistics.lazy_sections import show_section

_MOST_ROWS = 12
SECTIONS = ("Sections cited", "statistics/_cited_sections.html")


@dataclass(frozen=True)
class SectionRow:
    """A section of an authority, and the items for which one side cites it."""

    section: str
    authority: str
    items: Number
    overturned: Number
    tally: Tally
    enough: bool


@require_safe
@may_read
def cited_section_list(request: HttpRequest) -> HttpResponse:
    """The sections that each side cites most."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return show_section(request, "treatments", *SECTIONS, context.frame("", **cited_sections(context)))


def cited_sections(context: Context) -> dict[str, object]:
    """The sections that each side cites most."""
    groups = context.engine.count_sections(context.selection)
    rows: dict[Side, list[SectionRow]] = {side: [] for side in SIDES}
    for (side, authority_id, name), *counts in sorted(groups, key=_order):
        if len(rows[side]) < _MOST_ROWS:
            rows[side].append(_row(context, side, authority_id, name, Tally(*counts)))
    return {"cited_sections": [(title, rows[side]) for side, title in zip(SIDES, _TITLES, strict=True)]}


def _order(group: CitationGroup) -> tuple[int, str, int]:
    """Most items first; of sections with the same name, that of the authority added first."""
    _side, authority_id, name = group.raw
    return -group.items, name, authority_id


_TITLES = ("Claims administrators cite", "Reviewers cite")


def _row(context: Context, side: Side, authority_id: int, name: str, tally: Tally) -> SectionRow:
    authority = context.labels.authority_by_id[authority_id]
    filters = {f"{side}_cites": [f"{authority.key}@{name}"]}
    return SectionRow(
        section=name,
        authority=authority.short,
        items=context.items(tally.items, filters),
        overturned=context.items(tally.overturned, {**filters, "decision": ["overturned"]}),
        tally=tally,
        enough=tally.decided >= context.limits.rate_needs,
    )

"""A case as outside parties see it: what was requested and decided, by which guidelines, and when.

Everything shown comes from rows that a masked scope reads: summary, rationales, age, sex and the letter itself are not
among them (``access.row_rules``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from determinations.access import audit
from determinations.browsing.neighbors import place_in_list
from determinations.models import Case, Citation, DisputedItem
from determinations.paging.numbered import item_page
from determinations.parsing.results import SIDES
from determinations.views.cases.case_places import place_links
from determinations.wording.labels import Labels, read_labels

_SIDES = {"claims": "Claims administrator cites", "reviewer": "Reviewer cites"}


@dataclass(frozen=True, slots=True)
class CitedGuideline:
    """A guideline with the edition and sections that a side cites."""

    name: str
    edition: str
    sections: Sequence[str]


@dataclass(frozen=True, slots=True)
class MaskedItem:
    """An item with its category in words, and what each side cites."""

    item: DisputedItem
    category: str
    sides: Mapping[str, Sequence[CitedGuideline]]


def masked_case(request: HttpRequest, case: Case) -> HttpResponse:
    """The page of a case for a user who sees no narrative."""
    labels = read_labels()
    numbers = DisputedItem.objects.filter(case=case.pk).order_by("number")
    items_shown = item_page(case.item_count, request.GET)
    items = list(numbers[items_shown.shown])
    place = place_in_list(case.pk, request.GET)
    audit.note(request, "case.viewed", case.pk, masked=True)
    context = {
        "case": case,
        "dates": [
            ("Decided", case.decision_date),
            ("UR denial", case.ur_denial_date),
            ("Application received", case.application_received),
            ("Assigned", case.date_assigned),
        ],
        "items": _with_citations(items, labels),
        "items_shown": items_shown,
        "place": place and place_links(place, request.GET),
    }
    return render(request, "cases/masked_case.html", context)


def _with_citations(items: Sequence[DisputedItem], labels: Labels) -> list[MaskedItem]:
    cited: dict[tuple[int, str], list[CitedGuideline]] = {}
    for citation in Citation.objects.filter(item__in=items).order_by("item", "side", "position"):
        name = labels.authority_by_id.get(citation.authority_id)
        guideline = CitedGuideline(str(name or ""), citation.edition, citation.sections)
        cited.setdefault((citation.item_id, citation.side), []).append(guideline)
    return [
        MaskedItem(
            item,
            labels.category_by_id[item.category_id].name,
            {_SIDES[side]: cited.get((item.pk, side), []) for side in SIDES},
        )
        for item in items
    ]

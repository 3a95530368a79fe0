"""The sentences that state the grounds of recent decisions: what they speak of, and the sentences themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import get_args
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.access import audit
from determinations.cases.ground_sentences import ItemPlace, ground_sentences
from determinations.models import ItemFact
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.results import Decision
from determinations.statistics.documentation import ELEMENTS, ElementCount, count_elements, speaks_of
from determinations.statistics.ground_questions import QUESTION_BY_KEY, Question
from determinations.statistics.newest import newest_items
from determinations.statistics.sql_engine import one_snapshot
from determinations.views.statistics.context import Context, Number, may_read
from determinations.views.statistics.lazy_sections import show_section
from determinations.views.statistics.questions import sentences_url

#: Only the most recent items of each side are read, to limit the work.
RECENT = 100
#: As many are shown where no number says how many there are.
_SHOWN = 25
_DECISIONS: tuple[Decision, ...] = get_args(Decision)
DOCUMENTATION = ("What decisions speak of", "statistics/_documentation.html")


@dataclass(frozen=True)
class Quotation:
    """A sentence of a rationale, the ground that it states, and the address of its place in the letter."""

    ground: str
    sentence: str
    url: str


@dataclass(frozen=True)
class QuotedItem:
    """An item with the sentences that state its grounds."""

    fact: ItemFact
    url: str
    quotations: tuple[Quotation, ...]


@dataclass(frozen=True)
class ElementRow:
    """What sentences speak of: on how many items of each side, linked to these sentences."""

    count: ElementCount
    upheld: Number
    overturned: Number


@require_safe
@may_read
def grounds_documentation(request: HttpRequest) -> HttpResponse:
    """What the sentences speak of: a section of the profile of a treatment."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        content = context.frame("", **documentation(context))
        return show_section(request, "treatments", *DOCUMENTATION, content)


def documentation(context: Context) -> dict[str, object]:
    """What the sentences of recent upheld and overturned items speak of."""
    by_side = _sentences(context)
    counts = count_elements(*(by_side[decision] for decision in _DECISIONS))
    return {
        "elements": [
            ElementRow(
                count,
                _number(context, count.upheld, count.element.key),
                _number(context, count.overturned, count.element.key),
            )
            for count in counts
        ],
        "recent": RECENT,
        "enough": {d: len(by_side[d]) >= context.limits.rate_needs for d in _DECISIONS},
        "sizes": {d: len(by_side[d]) for d in _DECISIONS},
    }


def _sentences(context: Context) -> dict[Decision, list[list[str]]]:
    """The sentences of each recent item that states a ground, by decision."""
    places = {
        decision: [
            ItemPlace(*row)
            for row in _recent(context, decision, None, RECENT).values_list("item_id", "case_id", "item__number")
        ]
        for decision in _DECISIONS
    }
    by_item: dict[int, list[str]] = {}
    for stated in ground_sentences(chain.from_iterable(places.values()), GROUNDS):
        by_item.setdefault(stated.item_id, []).append(stated.sentence)
    return {
        decision: [by_item[place.item_id] for place in places[decision] if place.item_id in by_item]
        for decision in _DECISIONS
    }


def _number(context: Context, count: int, element: str) -> Number:
    return Number(count, sentences_url(context, element=element) if count and context.may_browse else "")


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def ground_sentence_list(request: HttpRequest) -> HttpResponse:
    """The sentences behind a number: ``question`` is what they answer, ``element`` what they speak of."""
    question = QUESTION_BY_KEY.get(request.GET.get("question", ""))
    element = next((element for element in ELEMENTS if element.key == request.GET.get("element")), None)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        most = RECENT if element else _SHOWN
        by_side = _quoted(context, most, question)
        if element:
            by_side = {decision: _speaking_of(items, element.key) for decision, items in by_side.items()}
        response = render(
            request,
            "statistics/ground_sentences.html",
            context.frame(
                "grounds" if request.user.has_perm("determinations.view_statistics") else "treatments",
                question=question,
                element=element,
                sides=[(decision, by_side[decision]) for decision in _DECISIONS],
                recent=most,
            ),
        )
    letters = [item.fact.case_id for items in by_side.values() for item in items]
    audit.note_list(request, "sentences of rationales", letters)
    return response


def _quoted(context: Context, most: int, question: Question | None = None) -> dict[Decision, list[QuotedItem]]:
    """Recent items of each side, with the sentences of their grounds, or of the one that answers the question."""
    shown = ("case_id", "decision_date", "item__case_id", "item__number", "item__disputed")
    codes: dict[Decision, list[str]] = {d: [getattr(question, d)] if question else list(GROUNDS) for d in _DECISIONS}
    facts = {
        decision: list(
            _recent(context, decision, codes[decision] if question else None, most).select_related("item").only(*shown)
        )
        for decision in _DECISIONS
    }
    sides = {fact.item_id: (fact.case_id, codes[decision]) for decision in _DECISIONS for fact in facts[decision]}
    places = (ItemPlace(fact.item_id, fact.case_id, fact.item.number) for fact in chain(*facts.values()))
    by_item: dict[int, list[Quotation]] = {}
    for stated in ground_sentences(places, set(chain(*codes.values()))):
        case_id, of_side = sides[stated.item_id]
        if stated.code in of_side:
            url = f"{reverse('case_detail', args=[case_id])}?{urlencode({'value': stated.path})}"
            quotation = Quotation(context.labels.of("ground", stated.code), stated.sentence, url)
            by_item.setdefault(stated.item_id, []).append(quotation)
    return {
        decision: [
            QuotedItem(
                fact,
                f"{reverse('case_detail', args=[fact.case_id])}?item={fact.item.number}#item-{fact.item.number}",
                tuple(quotations),
            )
            for fact in facts[decision]
            if (quotations := by_item.get(fact.item_id))
        ]
        for decision in _DECISIONS
    }


def _recent(context: Context, decision: Decision, codes: Sequence[str] | None, most: int) -> QuerySet[ItemFact]:
    """The items of the selection with this decision and one of the grounds, or with any; most recent first."""
    facts = context.selection.items.filter(overturned=decision == "overturned")
    facts = facts.exclude(grounds=[]) if codes is None else facts.filter(grounds__overlap=codes)
    return newest_items(context.engine, facts, most)


def _speaking_of(items: Sequence[QuotedItem], element: str) -> list[QuotedItem]:
    """The items that have a sentence which speaks of the element, with these sentences alone."""
    speaking = (
        replace(item, quotations=tuple(q for q in item.quotations if speaks_of(element, q.sentence))) for item in items
    )
    return [item for item in speaking if item.quotations]

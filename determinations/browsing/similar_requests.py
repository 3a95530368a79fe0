"""Requests like one request: how requests of the same kind and wording were decided, and on which guidelines.

Similarity is PostgreSQL's trigram similarity of the two texts in dispute: the share of groups of three letters that
they have in common, 0 to 1. Only the newest requests of the same subcategory are compared: the work is bounded.
"""

from dataclasses import dataclass

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import F

from determinations.models import DisputedItem, ItemFact

#: How many requests of the subcategory are compared, newest first.
COMPARED = 2_000
#: The least similarity that counts as alike.
LEAST = 0.3
#: How many of the most similar are shown and counted.
MOST = 100


@dataclass(frozen=True, slots=True)
class Alike:
    """One similar request."""

    fact: ItemFact
    similarity: float


@dataclass(frozen=True, slots=True)
class AlikeRequests:
    """The similar requests, most similar first; ``decided`` and ``overturned`` count those with a decision."""

    rows: tuple[Alike, ...]
    decided: int
    overturned: int


def requests_like(item: DisputedItem) -> AlikeRequests:
    """The requests most like an item, from other cases. One query."""
    newest = (
        ItemFact.objects.filter(category=item.category_id)
        .order_by(F("decision_date").desc(nulls_last=True), F("item").desc())
        .values("pk")[:COMPARED]
    )
    found = (
        ItemFact.objects.filter(pk__in=newest)
        .annotate(similarity=TrigramSimilarity("item__disputed", item.disputed[:500]))
        .filter(similarity__gte=LEAST)
        .exclude(case=item.case_id)
        .select_related("item", "case")
        .order_by("-similarity", F("decision_date").desc(nulls_last=True), "-pk")[:MOST]
    )
    rows = tuple(Alike(fact, fact.similarity) for fact in found)
    decided = [row.fact.overturned for row in rows if row.fact.overturned is not None]
    return AlikeRequests(rows, len(decided), sum(decided))

"""Similar requests: how requests of the same kind and wording were decided, and on which guidelines.

Similarity is PostgreSQL's trigram similarity of the two disputed requests: the share of three-letter groups they have
in common, 0 to 1. Only the newest requests in the same subcategory are compared, so that the work is bounded.
"""

from dataclasses import dataclass

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import F

from determinations.models import DisputedItem, ItemFact

#: How many requests of the subcategory are compared, newest first.
COMPARED = 2_000
#: The least similarity that counts.
LEAST = 0.3
#: How many of the most similar are shown and counted.
MOST = 100


@dataclass(frozen=True, slots=True)
class SimilarRequest:
    """One similar request."""

    fact: ItemFact
    similarity: float


@dataclass(frozen=True, slots=True)
class SimilarRequests:
    """The similar requests, most similar first; ``decided`` and ``overturned`` count those with a decision."""

    rows: tuple[SimilarRequest, ...]
    decided: int
    overturned: int


def similar_requests(item: DisputedItem) -> SimilarRequests:
    """The requests most similar to an item's, from other cases. One query."""
    newest = (
        ItemFact.objects.filter(category=item.category_id)
        .order_by(F("decision_date").desc(nulls_last=True), F("item").desc())
        .values("pk")[:COMPARED]
    )
    similar = (
        ItemFact.objects.filter(pk__in=newest)
        .annotate(similarity=TrigramSimilarity("item__disputed", item.disputed[:500]))
        .filter(similarity__gte=LEAST)
        .exclude(case=item.case_id)
        .select_related("item", "case")
        .order_by("-similarity", F("decision_date").desc(nulls_last=True), "-pk")[:MOST]
    )
    rows = tuple(SimilarRequest(fact, fact.similarity) for fact in similar)
    decided = [row.fact.overturned for row in rows if row.fact.overturned is not None]
    return SimilarRequests(rows, len(decided), sum(decided))

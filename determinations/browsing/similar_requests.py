"""Similar requests: how requests of the same kind and wording were decided, on which grounds and guidelines.

Similarity is PostgreSQL's trigram similarity of the two disputed requests: the share of three-letter groups they have
in common, 0 to 1. Only the newest requests in the same subcategory are compared, so that the work is bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import F, QuerySet
from django.http import QueryDict

from determinations.browsing.lists import ITEMS, NEWEST
from determinations.filters import ListFilters
from determinations.models import ItemFact
from determinations.paging.filtered import keys_from

#: How many requests of the subcategory are compared, newest first.
COMPARED = 2_000
#: The least similarity that counts.
LEAST = 0.3
#: How many of the most similar are shown and counted.
MOST = 100
#: Only the beginning of a longer request is compared.
LONGEST = 500
#: With filters, so many of the newest requests are looked through before all matches are gathered.
_LOOKED_THROUGH = 20_000
#: Similarity in words, from the least that earns them.
_LIKENESS = ((0.8, "nearly the same"), (0.55, "much the same"), (LEAST, "partly the same"))


@dataclass(frozen=True, slots=True)
class SimilarRequest:
    """One similar request."""

    fact: ItemFact
    similarity: float

    @property
    def likeness(self) -> str:
        """The similarity in words."""
        return next(words for least, words in _LIKENESS if self.similarity >= least)


@dataclass(frozen=True, slots=True)
class GroundCount:
    """How many similar requests were decided on a ground, and how many of these were overturned."""

    code: str
    requests: int
    overturned: int


@dataclass(frozen=True, slots=True)
class SimilarRequests:
    """Similar requests, most similar first."""

    rows: tuple[SimilarRequest, ...]

    @property
    def decided(self) -> int:
        """Those with a decision."""
        return sum(row.fact.overturned is not None for row in self.rows)

    @property
    def overturned(self) -> int:
        """Those overturned."""
        return sum(row.fact.overturned is True for row in self.rows)

    def by_ground(self) -> list[GroundCount]:
        """Grounds of the requests, most frequent first."""
        codes = dict.fromkeys(code for row in self.rows for code in row.fact.grounds)
        counts = [
            GroundCount(
                code,
                sum(code in row.fact.grounds for row in self.rows),
                sum(code in row.fact.grounds and row.fact.overturned is True for row in self.rows),
            )
            for code in codes
        ]
        return sorted(counts, key=lambda count: -count.requests)

    def with_grounds(self, codes: Sequence[str]) -> "SimilarRequests":
        """Those decided on at least one of these grounds."""
        return SimilarRequests(tuple(row for row in self.rows if not set(codes).isdisjoint(row.fact.grounds)))


def similar_requests(
    text: str, category_id: int, *, but_case: int | None = None, filters: ListFilters | None = None
) -> SimilarRequests:
    """The requests of the category that are worded most like ``text``, but for those of one case.

    ``filters`` are those of an item list, which then has to be of this category. One query; two with filters.
    """
    similar = (
        ItemFact.objects.filter(pk__in=_newest(category_id, filters))
        .annotate(similarity=TrigramSimilarity("item__disputed", text[:LONGEST]))
        .filter(similarity__gte=LEAST)
        .exclude(case=but_case)
        .select_related("item", "case")
        .order_by("-similarity", F("decision_date").desc(nulls_last=True), "-pk")[:MOST]
    )
    return SimilarRequests(tuple(SimilarRequest(fact, fact.similarity) for fact in similar))


def _newest(category_id: int, filters: ListFilters | None) -> list[int] | QuerySet[ItemFact, int]:
    """The newest items of a category, and of the filters: those that are compared."""
    if filters is None:
        rows = ItemFact.objects.filter(category=category_id)
        return rows.order_by(F("decision_date").desc(nulls_last=True), F("item").desc()).values_list("pk", flat=True)[
            :COMPARED
        ]
    listed = ITEMS.list_query(filters, QueryDict(), order=NEWEST)
    return keys_from(listed, None, COMPARED, forward=True, near=_LOOKED_THROUGH)[0]

"""Similar requests: how requests of the same kind and wording were decided, on which grounds and guidelines.

Similarity is PostgreSQL's trigram similarity of the two disputed requests: the share of three-letter groups they have
in common, 0 to 1. Only the newest requests in the same subcategory are compared, so that the work is bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F
from django.http import QueryDict

from determinations.browsing.lists import ITEMS, NEWEST
from determinations.filters import ListFilters
from determinations.models import ItemFact
from determinations.paging.filtered import keys_from, rows_of

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
#: Requests are read in the order of their index and nothing else of them is, until the most similar are known.
_MOST_SIMILAR = """
WITH asked AS (SELECT %s::text AS text),
newest AS MATERIALIZED (SELECT item_id, row_number() OVER () AS place FROM ({newest}) AS newest (item_id)),
compared AS (
    SELECT item.id, newest.place, similarity(item.disputed, asked.text) AS similarity
    FROM newest JOIN determinations_disputeditem AS item ON item.id = newest.item_id CROSS JOIN asked
    WHERE item.id = ANY(ARRAY(SELECT item_id FROM newest)) AND item.case_id IS DISTINCT FROM %s
)
SELECT id, similarity FROM compared WHERE similarity >= %s ORDER BY similarity DESC, place LIMIT %s
"""
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

    ``filters`` are those of an item list, which then has to be of this category. Two queries; three with filters.
    """
    newest, of_newest = _newest(category_id, filters)
    parameters = [text[:LONGEST], *of_newest, but_case, LEAST, MOST]
    similarities: dict[int, float] = dict(rows_of(_MOST_SIMILAR.format(newest=newest), parameters, of_words=False))
    facts = ItemFact.objects.select_related("item", "case").in_bulk(similarities)
    return SimilarRequests(
        tuple(SimilarRequest(facts[pk], similarity) for pk, similarity in similarities.items() if pk in facts)
    )


def _newest(category_id: int, filters: ListFilters | None) -> tuple[str, Sequence[object]]:
    """The statement of the items that are compared, newest first: of a category, and of the filters."""
    if filters is None:
        rows = ItemFact.objects.filter(category=category_id)
        ordered = rows.order_by(F("decision_date").desc(nulls_last=True), F("item").desc())
        return ordered.values_list("pk", flat=True)[:COMPARED].query.sql_with_params()
    listed = ITEMS.list_query(filters, QueryDict(), order=NEWEST)
    keys = keys_from(listed, None, COMPARED, forward=True, near=_LOOKED_THROUGH)[0]
    return "SELECT unnest(%s::bigint[])", [keys]

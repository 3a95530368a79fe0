"""The newest rows that match, where the texts of each row have to be read: of the newest candidates, and of no more.

An index finds the candidates, such as the rows with all words of a phrase. If they are too many to gather, the newest
rows of all are read instead.
"""

from dataclasses import dataclass

from django.core.exceptions import EmptyResultSet
from django.db.models import F, Model, QuerySet
from django.db.models.expressions import RawSQL

from determinations.paging.counts import COUNT_CAP, Count
from determinations.paging.filtered import Nearest, keys_near, rows_of, surely_many
from determinations.paging.keyset import Order, index_order
from determinations.paging.reach import Rest, keys_in_reach
from determinations.paging.sql import EqualsAny, among, expected

#: Candidates that are gathered before the newest of them are read.
_GATHERED = 25_000

_LOOK = """
WITH found (value, key) AS MATERIALIZED ({found}),
number AS MATERIALIZED (SELECT count(*) AS number FROM found),
few (value, key) AS MATERIALIZED ({few}),
near (value, key) AS MATERIALIZED (
    SELECT * FROM ({near}) AS near (value, key) WHERE (SELECT number FROM number) > {gathered}
)
SELECT number.number, matching.key
FROM number LEFT JOIN (SELECT * FROM few UNION ALL SELECT * FROM near) AS matching ON true
ORDER BY matching.value DESC NULLS LAST, matching.key DESC
"""
_NEWEST = (
    "ARRAY(SELECT key FROM found WHERE (SELECT number FROM number) <= {gathered} "
    "ORDER BY value DESC NULLS LAST, key DESC LIMIT {most})"
)


@dataclass(frozen=True, slots=True)
class Looked:
    """The keys of the rows that match, newest first, and how many candidates there are."""

    keys: list[int]
    candidates: Count
    #: The most rows that were read.
    most: int
    #: They were the newest candidates, though these are too many to gather.
    of_candidates: bool = False

    @property
    def all_read(self) -> bool:
        """Whether every candidate was read."""
        return not self.candidates.capped and self.candidates.number <= self.most

    @property
    def count(self) -> Count:
        """How many match, or more if not every candidate was read."""
        return Count(len(self.keys), capped=not self.all_read)


def look_through(
    everything: QuerySet[Model],
    candidates: QuerySet[Model],
    by_texts: QuerySet[Model],
    newest: Order,
    *,
    most: int,
) -> Looked:
    """Read the newest ``most`` of the candidates, or of everything if these are over ``gathered``. Two queries."""
    order, gathered = (newest.column, newest.key), _GATHERED
    wanted = by_texts.order_by().values_list(*order)
    try:
        nearest = Nearest.to(everything, newest, descending=True, enough=most, most=most, near=most)
        plan = expected(candidates)
        if surely_many(plan, gathered):  # even to stop after some of them, the index reads all of their places
            return Looked(keys_near(nearest, wanted), Count(gathered, capped=True), most)
        if plan.rows >= COUNT_CAP:
            rest = Rest(newest, None, forward=True)
            keys = keys_in_reach(candidates, rest, plan, counted=COUNT_CAP, size=most, enough=most)
            if keys is not None:
                matching = wanted.filter(pk__in=keys).order_by(*index_order(newest, True))
                keys = [key for _value, key in matching]
                return Looked(keys, Count(COUNT_CAP, capped=True), most, of_candidates=True)
        found, of_found = candidates.order_by().values_list(*order)[: gathered + 1].query.sql_with_params()
        ids = RawSQL(_NEWEST.format(gathered=gathered, most=most), [])  # noqa: S611 - numbers
        few, of_few = wanted.filter(EqualsAny(F("pk"), ids)).query.sql_with_params()
        near, of_near = among(nearest.rows, wanted)
    except EmptyResultSet:  # a value that no row can have
        return Looked([], Count(0, capped=False), most)
    statement = _LOOK.format(found=found, few=few, near=near, gathered=gathered)
    answer = rows_of(statement, [*of_found, *of_few, *of_near], of_words=True)
    number = answer[0][0]
    keys = [key for _number, key in answer if key is not None]
    return Looked(keys, Count(min(number, gathered), capped=number > gathered), most)

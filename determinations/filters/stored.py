"""Filters that are too long for an address: stored once, and named by a short key in it."""

import hashlib
from datetime import datetime

from django.http import QueryDict

from determinations.cases.fields import storable
from determinations.models import StoredFilter
from determinations.paging.addresses import CURSOR, changed

#: The parameter that names stored filters.
PARAMETER = "selection"
#: Characters of a query. Proxies and mail programs cut addresses of some thousand.
LONGEST = 3_500
#: Stored filters must fit into an address again, with one more: pages link to changes of their filters.
MOST_STORED = 48_000
_KEY_LENGTH = 20
#: These change from page to page of the same filters, and stay in the address.
_OF_ONE_PAGE = (*CURSOR, "sort", "show", "list", "item", "items", "value")


class TooManyFilters(Exception):
    """The filters are longer than an address of our own pages may be."""


def shortened(query: QueryDict, *, now: datetime) -> QueryDict:
    """A short query that stands for this one. Raises ``TooManyFilters``."""
    text = storable(changed(query, without=(*_OF_ONE_PAGE, PARAMETER)).urlencode())
    if len(text) > MOST_STORED:
        raise TooManyFilters
    key = hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]
    StoredFilter.objects.get_or_create(key=key, defaults={"query": text, "stored_at": now})
    others = {name: query.getlist(name) for name in _OF_ONE_PAGE if name in query}
    return changed(QueryDict(), {PARAMETER: key, **others})


def whole_query(query: QueryDict) -> QueryDict | None:
    """The query itself, or what it stands for; None if it names stored filters that do not exist."""
    return expanded(query) if PARAMETER in query else query


def expanded(query: QueryDict) -> QueryDict | None:
    """The query with the stored filters that it names; None if there are none of this key."""
    stored = StoredFilter.objects.filter(key=storable(str(query[PARAMETER]))[:_KEY_LENGTH]).first()
    if stored is None:
        return None
    whole = QueryDict(stored.query, mutable=True)
    for name, values in query.lists():
        if name != PARAMETER:
            whole.setlist(name, values)
    whole._mutable = False
    return whole

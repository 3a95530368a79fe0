"""The place of a case in the list that its user came from, as links."""

from typing import Any

from django.http import QueryDict
from django.urls import reverse

from determinations.browsing.neighbors import Place
from determinations.paging.addresses import changed, with_query


def place_links(place: Place, query: QueryDict) -> dict[str, object]:
    """The position of the case in its list, with the addresses of its neighbors and of the list."""
    came_from = changed(query, without=("item", "items", "value", "show"))
    return {
        "position": place.position,
        "title": place.kind.title,
        "previous": _neighbor_url(place, place.previous, came_from),
        "following": _neighbor_url(place, place.following, came_from),
        "back": with_query(reverse(place.kind.url_name), changed(came_from, without=("list",))),
    }


def _neighbor_url(place: Place, row: Any, came_from: QueryDict) -> str:
    if row is None:
        return ""
    if place.kind.of_items:
        number = row.item.number
        url = reverse("case_detail", args=[row.case_id])
        return f"{url}?{came_from.urlencode()}&item={number}#item-{number}"
    return f"{reverse('case_detail', args=[row.pk])}?{came_from.urlencode()}"

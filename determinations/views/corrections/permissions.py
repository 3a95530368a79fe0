"""What all pages for users who may correct share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS, storable


class StaffRequest(HttpRequest):
    """A request by a signed-in user, as ``may_correct`` ensures."""

    user: User


Page = Callable[..., HttpResponseBase]


def may_correct(page: Page) -> Page:
    """Requires permission to correct; strips characters that the database cannot store from what was sent."""

    @permission_required("determinations.correct_cases", raise_exception=True)
    @wraps(page)
    def answer(request: Any, *arguments: object, **named: object) -> HttpResponseBase:
        request.GET = storable_query(request.GET)
        if request.method == "POST":
            request.POST = storable_query(request.POST)
        return page(request, *arguments, **named)

    return answer


def label_of(field: str) -> str:
    """The label of a field of a letter or an item; any other name concerns the items themselves."""
    found = LETTER_FIELDS.get(field) or ITEM_FIELDS.get(field)
    return found.label if found else _("Items of the letter")


def storable_query(given: QueryDict) -> QueryDict:
    """Without the characters that the database cannot store."""
    kept = QueryDict(mutable=True)
    for name, values in given.lists():
        kept.setlist(name, [storable(value) for value in values])
    kept._mutable = False
    return kept

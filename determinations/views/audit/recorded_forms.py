"""Forms whose change and event stand or fall together."""

from collections.abc import Callable
from functools import wraps

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from determinations.access.audit import events_of_request
from determinations.views.audit.middleware import CHANGES_NOTHING, record_request

Page = Callable[..., HttpResponseBase]


def recorded_form(page: Page) -> Page:
    """Run what a form changes in one transaction with its events; one without an event of its own is ``form.sent``.

    For views that only write to the database: a change that could not be recorded is not made.
    """

    @wraps(page)
    def answer(request: HttpRequest, *arguments: object, **named: object) -> HttpResponseBase:
        if request.method in CHANGES_NOTHING:
            return page(request, *arguments, **named)
        with transaction.atomic():
            response = page(request, *arguments, **named)
            if not events_of_request() and response.status_code < 400:
                record_request(request, "form.sent")
        return response

    return answer

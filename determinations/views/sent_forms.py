"""Answers a form that was sent before as it was answered then, instead of doing twice what it says."""

import json
from collections.abc import Callable, Mapping, Sequence

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from determinations.access import sent_forms
from determinations.access.sent_forms import AtWork, Outcome
from determinations.models import SentForm
from determinations.views.audit.middleware import record_request
from determinations.views.requests import token_of

#: Seconds that a request waits for the one before it.
WAIT = 20.0
#: Forms that may be sent again as they are: they change nothing.
_REPEATABLE = frozenset({"store_filters", "review_read_line"})
_SENT_TWICE = "This form was sent before, and was carried out once. To do the same again, open its page anew."
_AT_WORK = "The same form is still being carried out. It was not started again. See its page in a minute."
_SHOWN_ONCE = (
    "This form was sent before, and was carried out once. What its page showed, such as a password or a token, cannot "
    "be shown again. If you did not see it, open the page anew, revoke what was made, and make another."
)


class CarryOutOnce:
    """The last of the middleware: the token of the page was checked, and the user may send forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        row: SentForm | None = getattr(request, "sent_form", None)
        if row is not None:
            sent_forms.end(row, _outcome(request, response))
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> HttpResponseBase | None:
        """The answer of the same form before; None if this is the first."""
        match = request.resolver_match
        if request.method != "POST" or not isinstance(request.user, User) or token_of(request) is not None:
            return None
        if match is not None and match.view_name in _REPEATABLE:
            return None
        key = sent_forms.key_of(request)
        if not key:
            return None
        try:
            begun = sent_forms.begin(request.user.pk, key, now=timezone.now(), wait=WAIT)
        except AtWork:
            return _told(request, "This is still being carried out", _AT_WORK)
        if isinstance(begun, SentForm):
            request.sent_form = begun  # type: ignore[attr-defined] # read above
            return None
        record_request(request, "form.repeated")
        if begun.body is not None:
            return JsonResponse(begun.body, status=begun.status)
        if not begun.location:
            return _told(request, "This was carried out before", _SHOWN_ONCE)
        messages.info(request, _SENT_TWICE)
        return HttpResponseRedirect(begun.location)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """The form was not carried out, also if the answer leads elsewhere: to a page that asks for a password."""
        request.sent_form_failed = True  # type: ignore[attr-defined] # read below


def _outcome(request: HttpRequest, response: HttpResponse) -> Outcome | None:
    """What is kept of the answer; None if the form was not carried out, or may be sent again as it is."""
    if hasattr(request, "sent_form_failed") or _refuses(request):
        return None
    if response.status_code in (302, 303):
        return Outcome(response.status_code, response.headers["Location"])
    if response.status_code != 201:
        return None
    body = json.loads(response.content) if isinstance(response, JsonResponse) else None
    return Outcome(response.status_code, body=body)


def _refuses(request: HttpRequest) -> bool:
    """Whether the next page tells of an error: nothing was done then."""
    queued = messages.get_messages(request)._queued_messages  # type: ignore[union-attr] # reading them would use them up
    return any(message.level >= messages.ERROR for message in queued)


def _told(request: HttpRequest, title: str, words: str) -> HttpResponse:
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"error": words}, status=409)
    return render(request, "409.html", {"title": title, "words": words}, status=409)

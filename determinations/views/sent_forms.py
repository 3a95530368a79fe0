"""Answers a form that was sent before as it was answered then, instead of doing twice what it says."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import deserialize_request
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from determinations.access import sent_forms
from determinations.access.sent_forms import AtWork, Outcome
from determinations.models import SentForm
from determinations.views.access.confirmation import is_resumed
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
        address = request.path
        response = self.get_response(request)
        rows: _Begun = getattr(request, "sent_forms", _Begun())
        outcome = _outcome(request, response)
        if rows.sent is not None:
            sent_forms.end(rows.sent, outcome)
        if rows.waiting is not None:
            sent_forms.end(rows.waiting, outcome if request.path != address else None)
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> HttpResponseBase | None:
        """The answer of the same form before; None if this is the first."""
        if not isinstance(request.user, User) or token_of(request) is not None:
            return None
        waiting, own = _waiting_form(request), _own_form(request)
        if waiting is None and own is None:
            return None
        rows = _Begun()
        request.sent_forms = rows  # type: ignore[attr-defined] # read above
        try:
            if own is not None:
                begun = _begin(request.user, own)
                if isinstance(begun, Outcome):
                    return _answer_again(request, begun)
                rows.sent = begun
            if waiting is not None:
                begun = _begin(request.user, waiting)
                if isinstance(begun, Outcome):
                    del request.session[STATE_SESSION_KEY]
                    return _answer_again(request, begun)
                rows.waiting = begun
        except AtWork:
            return _told(request, "This is still being carried out", _AT_WORK)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """The form was not carried out, also if the answer leads elsewhere: to a page that asks for a password."""
        request.sent_form_failed = True  # type: ignore[attr-defined] # read below


@dataclass(slots=True)
class _Begun:
    """The rows of the form that was sent, and of the one that waits until this one confirms who the user is."""

    sent: SentForm | None = None
    waiting: SentForm | None = None


def _own_form(request: HttpRequest) -> HttpRequest | None:
    match = request.resolver_match
    if request.method != "POST" or (match is not None and match.view_name in _REPEATABLE):
        return None
    return request


def _waiting_form(request: HttpRequest) -> HttpRequest | None:
    """The form that the page of this address carries out if the user confirms who they are (``access.confirmation``).

    Its own page may send it again afterwards: then it is the same form.
    """
    state = request.session.get(STATE_SESSION_KEY) if is_resumed(request) else None
    if not state or "request" not in state:
        return None
    form: HttpRequest = deserialize_request(state["request"], HttpRequest())
    return form if form.path == get_next_redirect_url(request) else None  # otherwise it is only led to


def _begin(user: User, form: HttpRequest) -> SentForm | Outcome | None:
    key = sent_forms.key_of(form)
    return sent_forms.begin(user.pk, key, now=timezone.now(), wait=WAIT) if key else None


def _answer_again(request: HttpRequest, ended: Outcome) -> HttpResponse:
    """The answer to a form that was carried out before."""
    record_request(request, "form.repeated")
    if ended.body is not None:
        return JsonResponse(ended.body, status=ended.status)
    if not ended.location:
        return _told(request, "This was carried out before", _SHOWN_ONCE)
    messages.info(request, _SENT_TWICE)
    return HttpResponseRedirect(ended.location)


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

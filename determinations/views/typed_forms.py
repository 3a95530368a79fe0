"""Forms that arrive after the session ended are kept, and the page shows them again after sign-in."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils.html import format_html
from django.views import csrf

from determinations.access import typed_forms

_RESTORED = "These values could not be saved when you sent them. They are shown as you typed them: check and save."
_KEPT = 'Values that you sent from this page could not be saved, and are kept for 24 hours. <a href="{}">Show them</a>'


class KeepTyped:
    """Middleware, before the one that asks to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 302 and _is_saved(request, response["Location"]):
            typed_forms.forget(request)
        return response

    def process_view(self, request: HttpRequest, view: object, *details: object) -> HttpResponseBase | None:
        """Keep the form of a user whose session has ended, and ask to sign in."""
        if request.method != "POST" or request.user.is_authenticated or typed_forms.FIELD not in request.POST:
            return None
        if not typed_forms.keep(request):
            return None
        messages.info(request, "Your session ended. What you typed is kept: sign in again to continue.")
        return redirect_to_login(typed_forms.address_of_kept(request))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A page from before the last sign-in: show what was typed on a fresh one. Nothing is saved."""
    if request.user.is_authenticated and typed_forms.FIELD in request.POST and typed_forms.keep(request):
        return redirect(typed_forms.address_of_kept(request))
    return csrf.csrf_failure(request, reason)


def restored(request: HttpRequest) -> QueryDict | None:
    """What the user typed on this page and could not save, with a message that says so.

    At the page's usual address it is not shown, but the message leads to it.
    """
    kept = typed_forms.kept_form(request)
    if kept is not None:
        messages.warning(request, _RESTORED)
    elif typed_forms.is_kept(request):
        messages.warning(request, format_html(_KEPT, typed_forms.address_of_kept(request)))
    return kept


def _is_saved(request: HttpRequest, leads_to: str) -> bool:
    """Whether the page has taken the form, and did not just lead back to what was kept."""
    was_sent = request.method == "POST" and request.user.is_authenticated and typed_forms.FIELD in request.POST
    return was_sent and f"{typed_forms.RESTORED}=1" not in leads_to

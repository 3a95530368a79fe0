"""Keeps addresses short: filters that are too long for one are stored under a key, and the address names the key."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from determinations.filters.stored import LONGEST, PARAMETER, TooManyFilters, expanded, shortened
from determinations.paging.addresses import changed, with_query
from determinations.views.audit.recorded_forms import recorded_form

#: Pages whose addresses hold filters, and everything below them.
_FILTERED = ("case_list", "item_list", "decision_list", "statistics", "citations")


@require_POST
@login_required
@recorded_form
def store_filters(request: HttpRequest) -> HttpResponse:
    """Store the filters of a form that are too long for an address; leads to the page that they are for."""
    page = request.POST.get("page", "")
    if not _holds_filters(page):
        return redirect("home")
    return _short(request, page, changed(request.POST, without=("csrfmiddlewaretoken", "page")))


def short_addresses(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a long address leads to a short one; a short one is read as the long one that it stands for."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not _holds_filters(request.path) or not _is_signed_in(request):
            return get_response(request)
        if PARAMETER in request.GET:
            whole = expanded(request.GET)
            if whole is None:
                return render(request, "browsing/filters_gone.html", {"page": request.path}, status=404)
            request.GET = whole  # type: ignore[assignment] # the stubs know an immutable one
        elif len(request.META.get("QUERY_STRING", "")) > LONGEST:
            return _short(request, request.path, request.GET)
        return get_response(request)

    return answer


def _short(request: HttpRequest, page: str, query: QueryDict) -> HttpResponse:
    try:
        return redirect(with_query(page, shortened(query, now=timezone.now())))
    except TooManyFilters:
        return render(request, "browsing/filters_too_long.html", {"page": page}, status=400)


def _holds_filters(path: str) -> bool:
    return any(path.startswith(reverse(name)) for name in _FILTERED)


def _is_signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated

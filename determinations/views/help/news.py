"""What is new, and that a user has seen it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from determinations.access.roles import role_of
from determinations.help.news import mark_seen, releases_for, unseen_by
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.requests import person_of


@require_safe
@login_required
def news(request: HttpRequest) -> HttpResponse:
    """All changes that concern the user's role, newest first; those that are new to the user are marked."""
    user = person_of(request)
    unseen = unseen_by(user)
    if unseen:
        mark_seen(user)
    context = {"releases": releases_for(role_of(user)), "unseen": {release.number for release in unseen}}
    return render(request, "help/news.html", context)


@require_POST
@login_required
@recorded_form
def dismiss_news(request: HttpRequest) -> HttpResponse:
    """Do not show the note on the home page again until there is something newer."""
    mark_seen(person_of(request))
    return redirect("home")

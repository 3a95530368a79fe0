"""The home page: what is new, what is due, and links by role, each number with the list that it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from determinations.access import audit
from determinations.access.sign_in import SIGNED_IN_BEFORE
from determinations.duties import worklist
from determinations.help.news import unseen_after
from determinations.models import SavedView
from determinations.paging.addresses import with_query
from determinations.paging.counts import Count
from determinations.retention.archive import any_archived
from determinations.views.browsing.home_counts import (
    Filtered,
    added,
    added_overturned,
    in_address,
    own,
    read_counts,
)  # fmt: skip
from determinations.views.browsing.lists import recent_decisions
from determinations.views.browsing.saved_views import url_of, views_of
from determinations.views.requests import held_by, person_of

#: The decisions that require authorization, and how many of them the page shows.
_TO_AUTHORIZE = "outcome=overturned&outcome=partly"
_SHOWN = 8
#: What is new for a user who never signed in before.
_NEW_AT_FIRST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of rows, and the list that it counts. ``key`` names its count among those of the page."""

    key: str
    label: str
    url: str
    about: str


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The home page, or the user's start page if they chose one; ``?home=yes`` always shows the home page."""
    user, held = person_of(request), held_by(person_of(request))
    context: dict[str, object] = {}
    since, signed_in_before = _since(request)
    new: list[Number] = []
    if "determinations.browse_cases" in held:
        views = list(views_of(user).select_related(None))
        start = next((view for view in views if view.is_start and view.by_id == user.pk), None)
        if start is not None and "home" not in request.GET:
            return redirect(url_of(start))
        new = _new(user, since)
        context |= {"since": since, "signed_in_before": signed_in_before, **_cases(request, views)}
    if "determinations.work_duties" in held:
        context["due"] = worklist.counts(Q(), timezone.localdate())
    counts = read_counts(request, held, since)
    context |= counts | {"new": [(number, counts[number.key]) for number in new]}
    context["news"] = unseen_after(cast("int | None", counts["news"]), user)
    if "alerts" in counts:
        context["alerts"] = cast("Count", counts["alerts"]).number
    return render(request, "browsing/home.html", context)


def _since(request: HttpRequest) -> tuple[datetime, bool]:
    """From when on something is new to the user, to the second; and whether they signed in before.

    For a user who never did, to the minute, so that pages of one minute ask for the same.
    """
    before = request.session.get(SIGNED_IN_BEFORE)
    if before:
        return datetime.fromisoformat(before).astimezone(UTC).replace(microsecond=0), True
    return (timezone.now() - _NEW_AT_FIRST).astimezone(UTC).replace(second=0, microsecond=0), False


def _new(user: User, since: datetime) -> list[Number]:
    """What is new since then, each number with the list that it counts."""
    return [
        _number("added", "New letters", added(since), "read and added as cases"),
        _number(
            "added_overturned", "Overturned among them", added_overturned(since), "in whole or in part: authorize"
        ),
        Number(
            "told", "For you", f"{reverse('notifications')}?since={in_address(since)}",
            "assignments, mentions, and what you watch",
        ),
        _number("own", "Your open cases", own(user.get_username()), "assigned to you and not done"),
    ]  # fmt: skip


def _number(key: str, label: str, listed: Filtered, about: str) -> Number:
    return Number(key, label, with_query(reverse(listed.kind.url_name), listed.query), about)


def _cases(request: HttpRequest, views: Sequence[SavedView]) -> dict[str, object]:
    to_authorize = f"{_TO_AUTHORIZE}&archived=no" if any_archived() else _TO_AUTHORIZE
    table = recent_decisions(to_authorize, _SHOWN)
    audit.note_list(request, "recently overturned", [row.record.case.pk for row in table.rows])
    return {
        "table": table,
        "to_authorize": to_authorize,
        "views": [(view, url_of(view)) for view in views[:_SHOWN]],
    }

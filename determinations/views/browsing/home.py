"""The home page: what is new, what is due, and links by role, each number with the list that it counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Max, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from determinations.access import audit
from determinations.access.sign_in import SIGNED_IN_BEFORE
from determinations.audit.alerts import open_alerts
from determinations.browsing.lists import CASES, DECISIONS
from determinations.casework.notifications import visible_to
from determinations.duties import worklist
from determinations.help.news import unseen_by
from determinations.intake.batches import PLACES
from determinations.models import Case, ItemFact, Letter, LetterState, Outcome, SavedView
from determinations.paging.addresses import changed, with_query
from determinations.paging.counts import counts_up_to
from determinations.retention.archive import any_archived
from determinations.views.browsing.lists import recent_decisions
from determinations.views.browsing.saved_views import url_of, views_of
from determinations.views.requests import person_of

#: The decisions that require authorization, and how many of them the page shows.
_TO_AUTHORIZE = "outcome=overturned&outcome=partly"
_SHOWN = 8
_OVERTURNED: Mapping[str, Sequence[str]] = {"outcome": ("overturned", "partly")}
_OPEN_STATUSES = ("new", "authorizing", "disputed")
#: What is new for a user who never signed in before.
_NEW_AT_FIRST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of rows, and the list that it counts. ``key`` names its count among those of the page."""

    key: str
    label: str
    url: str
    rows: QuerySet[Model]
    about: str


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The home page, or the user's start page if they chose one; ``?home=yes`` always shows the home page."""
    if "home" not in request.GET and request.user.has_perm("determinations.browse_cases"):
        start = SavedView.objects.filter(by=person_of(request), is_start=True).first()
        if start is not None:
            return redirect(url_of(start))
    context: dict[str, object] = {}
    counted: dict[str, QuerySet[Model]] = {}
    new: list[Number] = []
    if request.user.has_perm("determinations.browse_cases"):
        since, signed_in_before = _since(request)
        new = _new(person_of(request), since)
        context |= {"since": since, "signed_in_before": signed_in_before, **_cases(request)}
        counted |= _counted_cases() | {number.key: number.rows for number in new}
    if request.user.has_perm("determinations.work_duties"):
        context["due"] = worklist.counts(Q(), timezone.localdate())
    if request.user.has_perm("determinations.upload_letters"):
        counted |= {place: Letter.objects.filter(condition) for place, condition in PLACES.items()}
        counted["needs_review"] = Case.objects.current().filter(state=LetterState.NEEDS_REVIEW)
    counts = counts_up_to(counted)  # all in one statement
    context |= counts | {"new": [(number, counts[number.key]) for number in new]}
    context["news"] = unseen_by(person_of(request))
    if request.user.has_perm("determinations.view_audit_trail"):
        context["alerts"] = open_alerts().count()
    return render(request, "browsing/home.html", context)


def _since(request: HttpRequest) -> tuple[datetime, bool]:
    """From when on something is new to the user, to the second; and whether they signed in before."""
    before = request.session.get(SIGNED_IN_BEFORE)
    since = datetime.fromisoformat(before) if before else timezone.now() - _NEW_AT_FIRST
    return since.astimezone(UTC).replace(microsecond=0), bool(before)


def _new(user: User, since: datetime) -> list[Number]:
    """What is new since then, each number with the list that it counts."""
    in_address = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        _number(user, "added", "New letters", "case_list", {"added_from": in_address}, "read and added as cases"),
        _number(
            user, "added_overturned", "Overturned among them", "decision_list",
            {"added_from": in_address, **_OVERTURNED}, "in whole or in part: authorize",
        ),
        Number(
            "told", "For you", f"{reverse('notifications')}?since={in_address}",
            visible_to(user).filter(at__gte=since), "assignments, mentions, and what you watch",
        ),
        _number(
            user, "own", "Your open cases", "case_list",
            {"owner": user.get_username(), "status": _OPEN_STATUSES}, "assigned to you and not done",
        ),
    ]  # fmt: skip


def _number(
    by: User, key: str, label: str, url_name: str, filters: Mapping[str, str | Sequence[str]], about: str
) -> Number:
    """A number of cases, counted by the filters of the list that it opens."""
    query = changed(QueryDict(), filters)
    kind = DECISIONS if url_name == "decision_list" else CASES
    return Number(key, label, with_query(reverse(url_name), query), kind.filterset(query, by=by).qs, about)


def _counted_cases() -> dict[str, QuerySet[Model]]:
    cases = Case.objects.current()
    return {
        "cases": cases,
        "items": ItemFact.objects.all(),
        "overturned": cases.filter(outcome__in=[Outcome.OVERTURNED, Outcome.PARTLY]),
    }


def _cases(request: HttpRequest) -> dict[str, object]:
    to_authorize = f"{_TO_AUTHORIZE}&archived=no" if any_archived() else _TO_AUTHORIZE
    table = recent_decisions(to_authorize, _SHOWN)
    audit.note_list(request, "recently overturned", [row.record.case.pk for row in table.rows])
    return {
        "newest": Case.objects.current().aggregate(newest=Max("decision_date"))["newest"],
        "table": table,
        "to_authorize": to_authorize,
        "views": [(view, url_of(view)) for view in views_of(person_of(request))[:_SHOWN]],
    }

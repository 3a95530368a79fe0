"""The home page: links by role, with live counts."""

from django.contrib.auth.decorators import login_required
from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from determinations.access import audit
from determinations.audit.alerts import open_alerts
from determinations.duties import worklist
from determinations.models import Case, ItemFact, Letter, LetterState, Outcome, SavedView
from determinations.models.letters import OPEN_STATES, READABLE_STATES
from determinations.paging.counts import count_up_to
from determinations.views.browsing.lists import recent_decisions
from determinations.views.browsing.saved_views import url_of
from determinations.views.requests import person_of

#: The decisions that require authorization, and how many of them the page shows.
_TO_AUTHORIZE = "outcome=overturned&outcome=partly"
_SHOWN = 8
#: States in which a letter needs staff.
_FAILED = [state for state in LetterState if state not in READABLE_STATES and state not in OPEN_STATES]


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The home page, or the user's start page if they chose one; ``?home=yes`` always shows the home page."""
    if "home" not in request.GET and request.user.has_perm("determinations.browse_cases"):
        start = SavedView.objects.filter(by=person_of(request), is_start=True).first()
        if start is not None:
            return redirect(url_of(start))
    context: dict[str, object] = {}
    if request.user.has_perm("determinations.browse_cases"):
        cases = Case.objects.current()
        context |= {
            "cases": count_up_to(cases),
            "items": count_up_to(ItemFact.objects.all()),
            "overturned": count_up_to(cases.filter(outcome__in=[Outcome.OVERTURNED, Outcome.PARTLY])),
            "newest": cases.aggregate(newest=Max("decision_date"))["newest"],
            "table": (table := recent_decisions(_TO_AUTHORIZE, _SHOWN)),
            "to_authorize": _TO_AUTHORIZE,
            "views": [(view, url_of(view)) for view in SavedView.objects.filter(by=person_of(request))[:_SHOWN]],
        }
        audit.note_list(request, "recently overturned", [row.record.case.pk for row in table.rows])
    if request.user.has_perm("determinations.work_duties"):
        context["due"] = worklist.counts(Q(), timezone.localdate())
    if request.user.has_perm("determinations.upload_letters"):
        context |= {
            "waiting": count_up_to(Letter.objects.filter(state__in=OPEN_STATES)),
            "needs_review": count_up_to(Case.objects.current().filter(state=LetterState.NEEDS_REVIEW)),
            "failed": count_up_to(Letter.objects.filter(state__in=_FAILED)),
        }
    if request.user.has_perm("determinations.view_audit_trail"):
        context["alerts"] = open_alerts().count()
    return render(request, "browsing/home.html", context)

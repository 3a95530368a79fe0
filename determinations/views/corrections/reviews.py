"""The review queue: letters that need review, who they are assigned to, and users' problem reports."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from determinations.access import audit
from determinations.cases import review_entries
from determinations.cases.review_entries import REASONS
from determinations.corrections import review_queue
from determinations.models import ProblemReport, ReviewEntry, UploadedFile
from determinations.models.browsing import ReportState
from determinations.paging.counts import count_up_to, whole_number
from determinations.paging.keyset import Order, page_of
from determinations.views.corrections.permissions import StaffRequest, may_correct

_FILTERS = ("reason", "whose", "rest")


@may_correct
@require_GET
def review_list(request: StaffRequest) -> HttpResponse:
    """Letters that need review, highest priority first."""
    now = timezone.now()
    entries = requested_queue(request, now)
    page = page_of(
        entries.select_related("letter__case", "assigned_to").annotate(
            file_name=UploadedFile.objects.name_of("letter")
        ),
        Order("urgency", descending=True, nullable=False),
        request.GET,
    )
    audit.note_list(request, "review queue", [entry.letter_id for entry in page.rows])
    context = {
        "page": page,
        "count": count_up_to(entries),
        "rows": [(entry, [reason_of(code) for code in entry.reasons]) for entry in page.rows],
        "counts": [(reason_of(code), number) for code, number in review_queue.counts_by_reason(now=now).items()],
        "chosen": {name: request.GET.get(name, "") for name in _FILTERS},
        "filters": filters_of(request.GET),
        "first": page.rows[0].letter_id if page.rows else None,
    }
    return render(request, "corrections/review_queue.html", context)


@may_correct
@require_POST
def assign_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Assign the letter to a user who may correct, or unassign it."""
    get_object_or_404(ReviewEntry, pk=letter_id)
    name = request.POST.get("to", "")
    person = get_object_or_404(User, username=name) if name else None
    if person is not None and not person.has_perm("determinations.correct_cases"):
        messages.error(request, _("%s does not have permission to correct cases.") % name)
    else:
        review_queue.assign(letter_id, person, by=request.user, now=timezone.now())
    return redirect(address_of("review_letter", letter_id, query=filters_of(request.GET)))


@may_correct
@require_POST
def snooze_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Snooze the letter, or end its snooze, and go on to the next."""
    get_object_or_404(ReviewEntry, pk=letter_id)
    now = timezone.now()
    days = whole_number(request.POST.get("days", ""))
    review_queue.snooze(letter_id, days=7 if days is None else min(days, 365), by=request.user, now=now)
    return redirect(next_address(request, letter_id, now))


@may_correct
@require_POST
@transaction.atomic
def answer_report(request: StaffRequest, letter_id: int, report_id: int) -> HttpResponse:
    """Accept or decline a user's problem report."""
    get_object_or_404(ProblemReport, pk=report_id)
    here = redirect(address_of("review_letter", letter_id, query=filters_of(request.GET)))
    if not review_queue.open_reports(letter_id).filter(pk=report_id).exists():
        messages.info(request, _("This report was answered in the meantime. Nothing was saved."))
        return here
    state = ReportState.ACCEPTED if request.POST.get("state") == "accepted" else ReportState.DECLINED
    review_queue.answer_report(
        report_id, state, answer=request.POST.get("answer", ""), by=request.user, now=timezone.now()
    )
    messages.success(request, _("The report was answered."))
    return here


# Place in the queue


def next_address(request: StaffRequest, letter_id: int, now: datetime) -> str:
    """The address after saving: the next letter in the filtered queue, or this one again."""
    query = {name: value for name in _FILTERS if (value := request.GET.get(name, ""))}
    if request.POST.get("then") == "stay":
        if items := request.GET.get("items"):
            query["items"] = items
        return address_of("review_letter", letter_id, query=urlencode(query))
    entry = ReviewEntry.objects.filter(pk=letter_id).first()
    entries = requested_queue(request, now).exclude(pk=letter_id)
    _before, after = review_queue.neighbors(entries, urgency=place_in_queue(request, entry), letter_id=letter_id)
    if after is None:
        return address_of("review", query=urlencode(query))
    return address_of("review_letter", after, query=urlencode(query))


def address_of(name: str, *numbers: int, query: str) -> str:
    return reverse(name, args=numbers) + (f"?{query}" if query else "")


def place_in_queue(request: StaffRequest, entry: ReviewEntry | None) -> int:
    """The letter's urgency when it was opened; saving may have changed it."""
    at = whole_number(request.POST.get("at") or request.GET.get("at", ""), most=999)
    if at is not None:
        return at
    return entry.urgency if entry else 0


def requested_queue(request: StaffRequest, now: datetime) -> QuerySet[ReviewEntry]:
    """The entries that match the filters in the address."""
    query = request.GET
    whose = query.get("whose", "")
    return review_queue.queue(
        now=now,
        reason=query.get("reason", ""),
        assigned_to=request.user.pk if whose == "mine" else None,
        scope="snoozed" if query.get("rest") else ("unassigned" if whose == "nobody" else ""),
    )


def filters_of(query: QueryDict) -> str:
    return urlencode({name: value for name in _FILTERS if (value := query.get(name, ""))})


def reason_of(code: str) -> review_entries.Reason:
    return REASONS.get(code) or review_entries.Reason(code, code.replace("_", " "), "", 0)

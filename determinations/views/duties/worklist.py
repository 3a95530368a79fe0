"""The worklist, with what can be done for several duties at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_http_methods

from determinations.access import audit
from determinations.access.roles import user_named
from determinations.duties import actions as duty_actions
from determinations.duties import worklist
from determinations.duties.actions import MOST_AT_ONCE, DutyRefused, IssuedLater
from determinations.models import CalendarFeed, Case, Duty, Upload
from determinations.paging.addresses import CURSOR, changed, with_query
from determinations.paging.counts import count_up_to
from determinations.paging.keyset import page_of
from determinations.templatetags.frame import day
from determinations.views.duties.forms import TypedDate, choices, may_work, numbers_of, service_of, typed_date, workers
from determinations.views.office_fields.shown import list_fields, values_by_case
from determinations.views.requests import person_of
from determinations.wording.figures import counted

#: Fields of the office that a row shows: the first of those that are columns of lists.
_FIELDS_SHOWN = 2
#: Letters that were issued after their date of receipt are named up to this many.
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the worklist: the duty, the request, how far away the due date is, values of the office's fields."""

    duty: Duty
    request: str
    when: str
    is_late: bool
    office: Sequence[str] = ()


@require_http_methods(["GET", "HEAD", "POST"])
@may_work
def worklist_page(request: HttpRequest) -> HttpResponse:
    """Open duties by due date; POST acts on the selected ones."""
    if request.method == "POST":
        try:
            messages.success(request, _act(request))
        except DutyRefused as refusal:
            return _page(request, refused=str(refusal))
        return redirect(with_query(reverse("worklist"), changed(request.GET)))
    return _page(request)


def _act(request: HttpRequest) -> str:
    """Do what the pressed button says for the selected duties; returns what was done. Raises ``DutyRefused``."""
    ids, by, now = numbers_of(request.POST, "duty"), person_of(request), timezone.now()
    if not ids:
        raise DutyRefused("Select at least one row first.")
    if len(ids) > MOST_AT_ONCE:
        raise DutyRefused(f"Select at most {MOST_AT_ONCE} rows at once.")
    match request.POST.get("do", ""):
        case "done" | "not_required" as action:
            done_on = _day(typed_date(request.POST, "done_on"))
            count = duty_actions.close(
                ids, done_on=done_on, required=action == "done", note=request.POST.get("note", ""), by=by, now=now
            )
            said = f"Closed {counted(count, 'duty', 'duties')}. You can reopen them under Closed."
            return said + _left(len(set(ids)) - count)
        case "assign":
            count = duty_actions.assign(ids, person_named(request.POST.get("to", "")), by=by, now=now)
            return f"Assigned {counted(count, 'duty', 'duties')}." + _left(len(set(ids)) - count)
        case "reopen":
            count = duty_actions.reopen(ids, by=by, now=now)
            return f"Reopened {counted(count, 'duty', 'duties')}." + _left(len(set(ids)) - count, "closed")
        case "receipt":
            return _enter_receipt(request, ids, by=by, now=now)
        case _:
            raise DutyRefused("Choose what to do with the selected rows.")


def _enter_receipt(request: HttpRequest, ids: Collection[int], *, by: User, now: datetime) -> str:
    """Enter the date of receipt of the letters of these duties; earlier ones stay unless the user says so."""
    received_on = _day(typed_date(request.POST, "received_on"))
    letters = set(Duty.objects.filter(pk__in=ids).values_list("letter_id", flat=True))
    only_missing = "replace" not in request.POST
    try:
        count = duty_actions.enter_receipt(
            letters, received_on, service_of(request.POST), by=by, now=now, only_missing=only_missing
        )
    except IssuedLater as refusal:
        raise DutyRefused(issued_later_in_words(refusal, letters, only_missing=only_missing)) from None
    if not count and letters:
        raise DutyRefused(
            "Nothing was saved: the selected letters have their date of receipt. To replace it, check “Replace”."
        )
    had_one = len(letters) - count
    said = f"Entered the date of receipt of {counted(count, 'letter')}."
    return f"{said} {counted(had_one, 'letter')} had one, which stays." if had_one else said


def issued_later_in_words(refusal: IssuedLater, letters: Collection[int], *, only_missing: bool = False) -> str:
    """Which of these letters were issued after the date of receipt, for the user; up to ``_MOST_NAMED`` by number."""
    later = Case.objects.filter(pk__in=letters, decision_date__gt=refusal.received_on)
    if only_missing:
        later = later.filter(letter__receipt=None)
    named = [
        f"{case.case_number or f'letter {case.pk}'} ({day(case.decision_date)})"
        for case in later.order_by("-decision_date", "pk")[:_MOST_NAMED]
    ]
    if refusal.letters > len(named):
        named.append(f"{refusal.letters - len(named):,} more")
    were = "was" if refusal.letters == 1 else "were"
    return f"Nothing was saved: {get_text_list(named, 'and')} {were} issued after this date of receipt."


def _left(number: int, state: str = "open") -> str:
    if not number:
        return ""
    if number == 1:
        return f" 1 was no longer {state}, and was left as it was."
    return f" {number} were no longer {state}, and were left as they were."


def _day(typed: TypedDate) -> date:
    if typed.day is None:
        raise DutyRefused(typed.error)
    return typed.day


def person_named(name: str) -> User | None:
    """The user of this name; None for no name. Raises ``DutyRefused`` if there is no such user."""
    if not name:
        return None
    person = user_named(name)
    if person is None:
        raise DutyRefused(f"There is no user {name[:150]}. Nothing was saved.")
    return person


def _page(request: HttpRequest, refused: str = "") -> HttpResponse:
    today, part = timezone.localdate(), worklist.Part.of(request.GET, me=person_of(request))
    when, order = part.when, part.order
    duties = worklist.rows(part.condition(today))
    page = page_of(duties, order, request.GET)
    numbers = worklist.counts(part.in_all_tabs, today)
    requests = worklist.requests_of(page.rows)
    office = values_by_case(filter(None, map(worklist.case_of, page.rows)), list_fields(request)[:_FIELDS_SHOWN])
    audit.note_list(request, "worklist", [duty.letter_id for duty in page.rows])
    context = {
        "page": page,
        "rows": [
            Row(
                duty,
                requests.get((duty.letter_id, duty.item_number), ""),
                in_words(duty, today),
                is_late(duty, today),
                [text for _name, text in office.get(duty.letter_id, ())],
            )
            for duty in worklist.in_letter_order(page.rows, order)
        ],
        "count": count_up_to(duties),
        "tabs": [
            {
                "label": bucket.label,
                "count": numbers.get(bucket.key),
                "query": with_query("", changed(request.GET, {"when": bucket.key}, without=("after", "before"))),
                "current": bucket.key == when,
                "urgent": bucket.key == "overdue" and bool(numbers["overdue"]),
            }
            for bucket in worklist.BUCKETS
        ],
        "all_query": with_query(reverse("worklist"), changed(request.GET, without=("when", "after", "before"))),
        "duty_query": changed(request.GET, {"list": "worklist"}).urlencode(),
        "bucket": worklist.BUCKET_BY_KEY.get(when),
        "when": when,
        "whose": part.whose,
        "query": changed(request.GET, without=CURSOR).urlencode(),
        "upload": _upload_of(part, request),
        "people": [person.get_username() for person in workers(request)[:100]],
        "today": today,
        "refused": refused,
        "done_on": request.POST.get("done_on", "") if refused else f"{today:%m/%d/%Y}",
        "note": request.POST.get("note", ""),
        "received_on": request.POST.get("received_on", ""),
        "replace": "replace" in request.POST,
        "to": request.POST.get("to", ""),
        "selected": set(numbers_of(request.POST, "duty")) if refused else set(),
        "services": choices(service_of(request.POST) if refused else ""),
        "has_feed": CalendarFeed.objects.filter(user=person_of(request)).exists(),
    }
    return render(request, "duties/worklist.html", context, status=422 if refused else 200)


def _upload_of(part: worklist.Part, request: HttpRequest) -> dict[str, object] | None:
    """The upload whose duties alone are listed: its number, when it began if it is known, and the list without it."""
    if part.upload is None:
        return None
    upload = Upload.objects.filter(pk=part.upload).only("started_at").first()
    everything = with_query(reverse("worklist"), changed(request.GET, without=("upload", *CURSOR)))
    return {"pk": part.upload, "began_at": upload and upload.started_at, "without": everything}


def in_words(duty: Duty, today: date) -> str:
    """How far away the due date of an open duty is, or how late it was closed."""
    if duty.state != "open":
        late = duty.days_late
        if late is None or duty.state == "not_required":
            return ""
        return "in time" if late <= 0 else f"{counted(late, 'day')} late"
    if duty.due_on is None:
        if is_late(duty, today):
            return "receipt missing, overdue"
        may_be_late = duty.earliest_on is not None and duty.earliest_on < today
        return "receipt missing, may be overdue" if may_be_late else "receipt missing"
    days = (duty.due_on - today).days
    if days == 0:
        return "today"
    if days < 0:
        return f"{-days} day{'' if days == -1 else 's'} overdue"
    return "tomorrow" if days == 1 else f"in {days} days"


def is_late(duty: Duty, today: date) -> bool:
    """Whether an open duty is overdue, on whichever of the possible days its letter was received, or a closed one was
    done late.
    """
    if duty.state != "open":
        return duty.state == "done" and (duty.days_late or 0) > 0
    last = duty.due_on or duty.latest_on
    return last is not None and last < today

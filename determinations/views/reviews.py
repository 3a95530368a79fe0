"""The review queue and the correction screen."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from determinations import corrections, reviews
from determinations.aliases import aliases_in_force
from determinations.correctable import lines_without_citations, warnings_of
from determinations.correction_form import (
    CorrectionForm,
    evidence_of,
    form_of,
    typed_into,
    value_changes,
)
from determinations.corrections import EditedMeanwhile, staged
from determinations.item_changes import item_change, item_of, read_pending, with_reason, write_pending
from determinations.models import (
    Authority,
    Category,
    CorrectionReason,
    Letter,
    LetterText,
    ProblemReport,
    ReviewEntry,
    ReviewSettings,
)
from determinations.models.browsing import ReportState
from determinations.open_letters import Change, CorrectionsRefused, OpenLetter, open_letter
from determinations.paging import Order, count_up_to, page_of
from determinations.parsing.citations import read_guideline
from determinations.pictures import page_count
from determinations.reviews import REASONS
from determinations.states import STATES
from determinations.views.correctors import StaffRequest, may_correct

_FILTERS = ("reason", "whose", "rest")


@may_correct
@require_GET
def review_queue(request: StaffRequest) -> HttpResponse:
    """Letters that want a person, the most useful look first."""
    now = timezone.now()
    entries = _queue(request, request.GET, now)
    page = page_of(
        entries.select_related("letter__case", "assigned_to"),
        Order("urgency", descending=True, nullable=False),
        request.GET,
    )
    context = {
        "page": page,
        "count": count_up_to(entries),
        "rows": [(entry, [_reason(code) for code in entry.reasons]) for entry in page.rows],
        "counts": [(_reason(code), number) for code, number in reviews.counts_by_reason(now=now).items()],
        "chosen": {name: request.GET.get(name, "") for name in _FILTERS},
        "filters": _filters(request.GET),
        "first": page.rows[0].letter_id if page.rows else None,
    }
    return render(request, "admin/review/queue.html", context)


@may_correct
def review_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """One letter beside its values, to be put right."""
    if request.method == "POST":
        return _save(request, letter_id)
    opened = _opened(letter_id)
    return _page(request, opened, form_of(opened), pending=[])


def _opened(letter_id: int) -> OpenLetter:
    get_object_or_404(Letter, pk=letter_id)
    return open_letter(letter_id)


def _page(
    request: StaffRequest,
    opened: OpenLetter,
    form: CorrectionForm,
    *,
    pending: list[Change],
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    now = timezone.now()
    letter_id = opened.letter.pk
    entry = ReviewEntry.objects.filter(pk=letter_id).select_related("assigned_to").first()
    place = _place(request, entry)
    before, after = reviews.neighbours(_queue(request, request.GET, now), urgency=place, letter_id=letter_id)
    text = LetterText.objects.filter(pk=letter_id).first()
    post = request.POST
    context = {
        "opened": opened,
        "form": form,
        "letter": opened.letter,
        "record": opened.merged.record,
        "entry": entry,
        "state": STATES[opened.letter.state],
        "why": [_reason(code) for code in entry.reasons] if entry else [],
        "reports": ProblemReport.objects.filter(letter=letter_id, state=ReportState.OPEN).select_related("by"),
        "before": before,
        "after": after,
        "place": place,
        "filters": _filters(request.GET),
        "pages": _pages(text, request.GET.get("evidence", "")),
        "picture_numbers": _picture_numbers(request, opened.letter),
        "pending": pending,
        "pending_json": write_pending(pending),
        "reasons": CorrectionReason.objects.filter(offered=True),
        "reason": post.get("reason", ""),
        "note": post.get("note", ""),
        "authorities": Authority.objects.all(),
        "categories": Category.objects.all(),
        "snooze_days": ReviewSettings.now().snooze_days,
        "errors": [],
        "warnings": [],
        **more,
    }
    return render(request, "admin/review/letter.html", context, status=status)


def _save(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Stage a change of items, or save everything; whatever cannot be done keeps all that was typed."""
    now = timezone.now()
    post = request.POST
    opened = _opened(letter_id)
    pending = read_pending(post.get("pending", ""))
    done = post.get("do", "save")
    if done.startswith("unstage ") and done[8:].isdigit():
        pending = [change for place, change in enumerate(pending) if place != int(done[8:])]
    try:
        shown = staged(opened, pending, by=request.user, now=now)
    except CorrectionsRefused as refused:
        return _again(request, opened, opened, [], status=409, errors=refused.errors)
    form = form_of(shown)
    typed_into(form, post)
    if done == "save":
        return _save_all(request, opened, shown, form, pending, now)
    change = item_change(done, form, post)
    if change is None:
        return _again(request, opened, shown, pending)
    try:
        restaged = staged(opened, [*pending, change], by=request.user, now=now)
    except CorrectionsRefused as refused:
        return _again(request, opened, shown, pending, status=422, errors=refused.errors)
    return _again(request, opened, restaged, [*pending, change], changed_item=item_of(change, done))


def _again(
    request: StaffRequest,
    opened: OpenLetter,
    shown: OpenLetter,
    pending: list[Change],
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page once more, with everything that was typed."""
    form = form_of(shown)
    typed_into(form, request.POST)
    words = dict(more.get("errors") or ())
    soft = dict(more.get("warnings") or ())
    for row in form.every_row():
        row.error, row.warning = words.get(row.path, ""), soft.get(row.path, "")
    seen = request.POST.get("seen", "") if "meanwhile" not in more else opened.version
    return _page(request, shown, form, pending=pending, status=status, seen=seen, **more)


def _save_all(
    request: StaffRequest,
    opened: OpenLetter,
    shown: OpenLetter,
    form: CorrectionForm,
    pending: list[Change],
    now: datetime,
) -> HttpResponse:
    post = request.POST
    reason, note = post.get("reason", ""), post.get("note", "").strip()
    text = LetterText.objects.filter(pk=opened.letter.pk).values_list("text", flat=True).first() or ""
    changes = [
        *with_reason(pending, reason=reason, note=note),
        *value_changes(form, post, reason=reason, note=note, length=len(text)),
    ]
    if post.get("everything"):
        touched = {change.path for change in changes}
        changes += [change for change in corrections.unconfirmed(shown) if change.path not in touched]
    if post.get("seen") != opened.version:
        return _again(request, opened, shown, pending, status=409, meanwhile=_others_changes(opened, post))
    try:
        result = staged(opened, changes, by=request.user, now=now)
        warned = warnings_of(result.merged.record) if changes and not post.get("accept") else []
        warned = [warning for warning in warned if warning not in warnings_of(opened.merged.record)]
        if not post.get("accept"):
            warned += lines_without_citations([change.path for change in changes if change.operation == "set"])
        if warned:
            return _again(request, opened, shown, pending, status=422, warnings=warned)
        rows = corrections.save_changes(opened.letter.pk, changes, by=request.user, now=now, seen=post.get("seen", ""))
    except CorrectionsRefused as refused:
        return _again(request, opened, shown, pending, status=422, errors=refused.errors)
    except EditedMeanwhile:
        latest = _opened(opened.letter.pk)
        return _again(request, latest, latest, pending, status=409, meanwhile=_others_changes(latest, post))
    saved = ngettext("Saved: %d value.", "Saved: %d values.", len(rows)) % len(rows)
    messages.success(request, saved if rows else _("Nothing was changed."))
    return redirect(_next_address(request, opened.letter.pk, now))


def _others_changes(opened: OpenLetter, post: QueryDict) -> list[Any]:
    """The corrections that were made since the person opened the letter; empty when the parser read it again."""
    newest = post.get("seen", "").rpartition("-")[2]
    return [each for each in opened.corrections if newest.isdigit() and each.pk > int(newest)]


def _next_address(request: StaffRequest, letter_id: int, now: datetime) -> str:
    """Where saving leads: the next letter of the queue as it was worked through, or this one again."""
    query = {name: value for name in _FILTERS if (value := request.GET.get(name, ""))}
    if request.POST.get("then") == "stay":
        return _address("review_letter", letter_id, query=urlencode(query))
    entry = ReviewEntry.objects.filter(pk=letter_id).first()
    entries = _queue(request, request.GET, now).exclude(pk=letter_id)
    _before, after = reviews.neighbours(entries, urgency=_place(request, entry), letter_id=letter_id)
    if after is None:
        return _address("review", query=urlencode(query))
    return _address("review_letter", after, query=urlencode(query))


def _address(name: str, *numbers: int, query: str) -> str:
    return reverse(name, args=numbers) + (f"?{query}" if query else "")


def _place(request: StaffRequest, entry: ReviewEntry | None) -> int:
    """Where the letter stood in the queue when it was opened; saving may have moved it."""
    at = request.POST.get("at") or request.GET.get("at", "")
    if at.isdigit() and len(at) < 4:
        return int(at)
    return entry.urgency if entry else 0


def _queue(request: StaffRequest, query: QueryDict, now: datetime) -> Any:
    whose = query.get("whose", "")
    return reviews.queue(
        now=now,
        reason=query.get("reason", ""),
        person=request.user.pk if whose == "mine" else None,
        rest="snoozed" if query.get("rest") else ("free" if whose == "nobody" else ""),
    )


def _filters(query: QueryDict) -> str:
    return urlencode({name: value for name in _FILTERS if (value := query.get(name, ""))})


def _reason(code: str) -> reviews.Reason:
    return REASONS.get(code) or reviews.Reason(code, code.replace("_", " "), "", 0)


def _picture_numbers(request: StaffRequest, letter: Letter) -> range:
    """The pages that can be shown as pictures to this person."""
    shows = letter.media_type == "application/pdf" and request.user.has_perm("determinations.read_original")
    return range(1, page_count(letter) + 1) if shows else range(0)


def _pages(text: LetterText | None, evidence: str) -> list[dict[str, Any]]:
    """The letter's pages; the piece that is asked for as evidence stands apart, for browsers without scripts.

    Carriage returns become spaces, so that the browser counts characters as the stored text does.
    """
    if text is None:
        return []
    whole = text.text.replace("\r", " ")
    starts = text.page_offsets or [0]
    ends = [*starts[1:], len(whole)]
    span = evidence_of(evidence, len(whole)) or (0, 0)
    pages = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        first, last = max(span[0], start), min(span[1], end)
        if first >= last:
            first = last = start
        pages.append(
            {
                "number": number,
                "start": start,
                "before": whole[start:first],
                "marked": whole[first:last],
                "after": whole[last:end],
            }
        )
    return pages


@may_correct
@require_POST
def read_line(request: StaffRequest, letter_id: int) -> JsonResponse:
    """The citations that the parser reads in a selected piece of the letter."""
    text = get_object_or_404(LetterText, pk=letter_id).text
    span = evidence_of(request.POST.get("evidence", ""), len(text))
    if span is None or span[1] - span[0] > 5_000:
        return JsonResponse({"citations": []})
    reading = read_guideline(text, *span, aliases=aliases_in_force())
    names = ("authority", "edition", "sections", "pages", "text", "span")
    return JsonResponse({"citations": [{name: getattr(each, name) for name in names} for each in reading.citations]})


@may_correct
@require_POST
def assign_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Give the letter to oneself, to another who corrects, or to nobody."""
    get_object_or_404(ReviewEntry, pk=letter_id)
    name = request.POST.get("to", "")
    person = get_object_or_404(User, username=name) if name else None
    if person is not None and not person.has_perm("determinations.correct_cases"):
        messages.error(request, _("%s may not correct cases.") % name)
    else:
        reviews.assign(letter_id, person, by=request.user, now=timezone.now())
    return redirect(_address("review_letter", letter_id, query=_filters(request.GET)))


@may_correct
@require_POST
def snooze_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Let the letter rest and go on to the next."""
    get_object_or_404(ReviewEntry, pk=letter_id)
    now = timezone.now()
    days = request.POST.get("days", "")
    reviews.snooze(letter_id, days=min(int(days), 365) if days.isdigit() else 7, by=request.user, now=now)
    return redirect(_next_address(request, letter_id, now))


@may_correct
@require_POST
@transaction.atomic
def answer_report(request: StaffRequest, letter_id: int, report_id: int) -> HttpResponse:
    """Answer what a reader reported."""
    get_object_or_404(ProblemReport, pk=report_id, letter=letter_id)
    state = ReportState.ACCEPTED if request.POST.get("state") == "accepted" else ReportState.DECLINED
    reviews.answer_report(report_id, state, answer=request.POST.get("answer", ""), by=request.user, now=timezone.now())
    messages.success(request, _("Answered."))
    return redirect(_address("review_letter", letter_id, query=_filters(request.GET)))

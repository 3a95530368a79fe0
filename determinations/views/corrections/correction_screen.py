"""The correction screen: a letter beside its values, to be put right."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from determinations.access import audit
from determinations.access.roles import people_who_correct
from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS, lines_without_citations, warnings_of
from determinations.cases.open_letter import Change, CorrectionsRefused, OpenLetter, open_letter
from determinations.cases.page_pictures import page_count
from determinations.corrections import actions, review_queue
from determinations.corrections.actions import EditedMeanwhile, staged
from determinations.corrections.form import CorrectionForm, evidence_of, form_of, typed_into, value_changes
from determinations.corrections.item_changes import item_change, item_of, read_pending, with_reason, write_pending
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
from determinations.models.authorities import Family
from determinations.models.browsing import ReportState
from determinations.paging.counts import whole_number
from determinations.parsing.citations import read_guideline
from determinations.reference.aliases import aliases_in_force
from determinations.views.corrections.permissions import StaffRequest, may_correct
from determinations.views.corrections.reviews import (
    filters_of,
    next_address,
    place_in_queue,
    queue_asked_for,
    reason_of,
)
from determinations.wording.states import STATES


@may_correct
def review_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """One letter beside its values, to be put right."""
    if request.method == "POST":
        get_object_or_404(Letter, pk=letter_id)
        audit.note_once(request, "review.opened", letter_id)
        return _save(request, letter_id)
    opened = _opened(letter_id)
    audit.note(request, "review.opened", letter_id)
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
    place = place_in_queue(request, entry)
    before, after = review_queue.neighbours(
        queue_asked_for(request, request.GET, now), urgency=place, letter_id=letter_id
    )
    text = LetterText.objects.filter(pk=letter_id).first()
    post = request.POST
    context = {
        "opened": opened,
        "form": form,
        "letter": opened.letter,
        "record": opened.merged.record,
        "entry": entry,
        "state": STATES[opened.letter.state],
        "why": [reason_of(code) for code in entry.reasons] if entry else [],
        "reports": _reports(opened),
        "file_name": opened.letter.arrivals.order_by("pk").values_list("name", flat=True).first(),
        "before": before,
        "after": after,
        "place": place,
        "filters": filters_of(request.GET),
        "pages": _pages(text, request.GET.get("evidence", "")),
        "picture_numbers": _picture_numbers(request, opened.letter),
        "pending": pending,
        "pending_json": write_pending(pending),
        "reasons": CorrectionReason.objects.filter(offered=True),
        "reason": post.get("reason", ""),
        "note": post.get("note", ""),
        "authorities": sorted(Authority.objects.all(), key=lambda each: Family.values.index(each.family)),
        "categories": Category.objects.all(),
        "others": people_who_correct(but=request.user) if entry else [],
        "snooze_days": ReviewSettings.now().snooze_days,
        "errors": [],
        "warnings": [],
        **more,
    }
    return render(request, "corrections/correction_screen.html", context, status=status)


def _reports(opened: OpenLetter) -> list[ProblemReport]:
    """What readers reported, each with the ``field`` of the form that it speaks of and its item's ``request``."""
    reports = list(
        ProblemReport.objects.filter(letter=opened.letter.pk, state=ReportState.OPEN)
        .select_related("by")
        .order_by("pk")
    )
    for report in reports:
        head, number, name, *_below = [*report.path.split("/"), "", "", ""]
        item = opened.item(number) if head == "items" else None
        report.request = item["request"] if item else ""  # type: ignore[attr-defined]
        report.field = _place_of(name, item["key"]) if item else _place_of(head, "")  # type: ignore[attr-defined]
    return reports


def _place_of(name: str, key: str) -> str:
    """The id of a field's input on the page, or of its item's head; empty for what has no field."""
    name = "category" if name == "subcategory" else name
    field = (ITEM_FIELDS if key else LETTER_FIELDS).get(name)
    if field is None:
        return f"item-{key}" if key else ""
    return f"{'l' if field.kind == 'citations' else 'f'}-{f'items-{key}-' if key else ''}{name}"


def _save(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Stage a change of items, or save everything; whatever cannot be done keeps all that was typed."""
    now = timezone.now()
    post = request.POST
    opened = _opened(letter_id)
    pending = read_pending(post.get("pending", ""))
    done = post.get("do", "save")
    if done.startswith("unstage "):
        gone = whole_number(done.removeprefix("unstage "))
        pending = [change for place, change in enumerate(pending) if place != gone]
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
        changes += [change for change in actions.unconfirmed(shown) if change.path not in touched]
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
        rows = actions.save_changes(opened.letter.pk, changes, by=request.user, now=now, seen=post.get("seen", ""))
    except CorrectionsRefused as refused:
        return _again(request, opened, shown, pending, status=422, errors=refused.errors)
    except EditedMeanwhile:
        latest = _opened(opened.letter.pk)
        return _again(request, latest, latest, pending, status=409, meanwhile=_others_changes(latest, post))
    saved = ngettext("Saved: %d value.", "Saved: %d values.", len(rows)) % len(rows)
    messages.success(request, saved if rows else _("Nothing was changed."))
    return redirect(next_address(request, opened.letter.pk, now))


def _others_changes(opened: OpenLetter, post: QueryDict) -> list[object]:
    """The corrections that were made since the person opened the letter; empty when the parser read it again."""
    newest = whole_number(post.get("seen", "").rpartition("-")[2])
    return [each for each in opened.corrections if newest is not None and each.pk > newest]


def _picture_numbers(request: StaffRequest, letter: Letter) -> range:
    """The pages that can be shown as pictures to this person."""
    shows = letter.media_type == "application/pdf" and request.user.has_perm("determinations.read_original")
    return range(1, page_count(letter) + 1) if shows else range(0)


def _pages(text: LetterText | None, evidence: str) -> list[dict[str, object]]:
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
    audit.note_once(request, "review.opened", letter_id)
    span = evidence_of(request.POST.get("evidence", ""), len(text))
    if span is None or span[1] - span[0] > 5_000:
        return JsonResponse({"citations": []})
    reading = read_guideline(text, *span, aliases=aliases_in_force())
    names = ("authority", "edition", "sections", "pages", "text", "span")
    return JsonResponse({"citations": [{name: getattr(each, name) for name in names} for each in reading.citations]})

"""One duty, and the receipt of one letter or of a batch."""

from datetime import date

from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from determinations.access.audit import note
from determinations.access.roles import user_named
from determinations.duties import actions as duty_actions
from determinations.duties import documents
from determinations.duties.actions import MOST_AT_ONCE, DutyRefused, IssuedLater
from determinations.duties.worklist import case_of
from determinations.models import Case, DisputedItem, Duty, DutyDocument, Receipt, Upload, UploadedFile
from determinations.models.letters import OPEN_STATES
from determinations.models.uploads import FileOutcome
from determinations.paging.addresses import changed, with_query
from determinations.paging.counts import whole_number
from determinations.tasks import send_receipts
from determinations.views.duties.forms import choices, may_work, service_of, typed_date, workers
from determinations.views.duties.worklist import in_words, is_late, issued_later_in_words
from determinations.views.office_fields.shown import list_fields, values_by_case
from determinations.views.requests import person_of, refusal_with
from determinations.wording.figures import counted

#: Letters that were issued later are listed up to this many.
_MOST_LISTED = 50
#: What a saved form did, in a word; then which duty.
_DONE = {"done": "Done", "not_required": "Not required", "reopen": "Reopened", "assign": "Assigned"}
#: Actions after which the page of the duty is shown again: always, or if it was opened from the worklist.
_STAYS_FOR = frozenset(["attach", "remove_document"])
_STAYS_IN_LIST = frozenset(["given", "not_given", "reopen"])


@require_http_methods(["GET", "HEAD", "POST"])
@may_work
def duty_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One duty: its rule, and the forms to close, reopen or assign it.

    ``list=worklist``, with the tab and the user of the worklist, says that it was opened there: so it is left.
    """
    duty = get_object_or_404(Duty.objects.select_related("rule", "assigned_to", "letter__case"), pk=pk)
    from_list = request.GET.get("list") == "worklist"
    worklist = with_query(reverse("worklist"), changed(request.GET, without=("list",)) if from_list else QueryDict())
    refused = ""
    if request.method == "POST":
        try:
            _act(request, duty)
        except DutyRefused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, f"{_DONE.get(request.POST['do'], 'Saved')}: {_name_of(duty)}.")
            if request.POST["do"] in _STAYS_FOR or (from_list and request.POST["do"] in _STAYS_IN_LIST):
                return redirect(request.get_full_path())
            return redirect(worklist if from_list else f"{reverse('case_detail', args=[duty.letter_id])}#duties")
    today = timezone.localdate()
    item = DisputedItem.objects.filter(case=duty.letter_id, number=duty.item_number).first()
    note(request, "case.viewed", duty.letter_id, part="duty", item=duty.item_number)
    context = {
        "duty": duty,
        "worklist_url": worklist,
        "item": item,
        "office": values_by_case(filter(None, [case_of(duty)]), list_fields(request)).get(duty.letter_id, ()),
        "when": in_words(duty, today),
        "is_late": is_late(duty, today),
        "today": today,
        "people": [person.get_username() for person in workers(request)[:100]],
        "refused": refused,
        "documents": documents.documents_of(duty),
        "most_bytes": documents.MOST_BYTES,
        "done_on": request.POST.get("done_on", "") if refused else f"{today:%m/%d/%Y}",
        "note": request.POST.get("note", "") if refused else duty.note,
    }
    return render(request, "duties/duty.html", context, status=422 if refused else 200)


def _name_of(duty: Duty) -> str:
    case = case_of(duty)
    number = (case.case_number if case else None) or "case without a number"
    return f"{duty.rule.title}, {number}, item {duty.item_number}"


def _act(request: HttpRequest, duty: Duty) -> None:
    by, now = person_of(request), timezone.now()
    attached = request.FILES.get("document")
    match request.POST.get("do", ""):
        case "attach":
            if attached is None:
                raise DutyRefused("Choose a document first.")
            documents.attach(duty, attached, by=by, now=now)
        case "remove_document":
            number = whole_number(request.POST.get("document", ""))
            documents.remove(get_object_or_404(_documents(duty), pk=number), by=by, now=now)
        case "done" | "not_required" as action:
            typed = typed_date(request.POST, "done_on")
            if typed.day is None:
                raise DutyRefused(typed.error)
            typed_note = request.POST.get("note", "").replace("\x00", "")
            with transaction.atomic():
                closed = duty_actions.close(
                    [duty.pk], done_on=typed.day, required=action == "done", note=typed_note, by=by, now=now
                )
                _require(closed, typed_note)
                if attached is not None:
                    documents.attach(duty, attached, by=by, now=now)
        case "reopen":
            duty_actions.reopen([duty.pk], by=by, now=now)
        case "assign":
            name = request.POST.get("to", "")
            to = user_named(name) if name else None
            if name and to is None:
                raise Http404
            _require(duty_actions.assign([duty.pk], to, by=by, now=now))
        case "given" | "not_given" as action:
            _require(duty_actions.set_services(duty.pk, given=action == "given", by=by, now=now))
        case _:
            raise DutyRefused("Choose what to do.")


def _require(changed: int, typed: str = "") -> None:
    """Refuse what found no open duty: it was closed, or ceased to apply, after this page was made."""
    if not changed:
        said = "This duty is no longer open. Nothing was saved. If it was closed, reopen it to change it."
        raise DutyRefused(refusal_with(typed, said))


def _documents(duty: Duty) -> QuerySet[DutyDocument]:
    return DutyDocument.objects.filter(letter=duty.letter_id, item_number=duty.item_number)


@require_safe
@may_work
def duty_document(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Download a document of a duty. Browsers must not guess its type or run anything in it: users chose it."""
    document = get_object_or_404(DutyDocument, pk=pk)
    try:
        file = documents.open_document(document)
    except documents.DocumentUnreadable:
        raise Http404(
            "The stored document is missing or was changed, and is not used. An administrator can restore it from a "
            "backup, or attach the document again."
        ) from None
    note(request, "duty.document_downloaded", document.letter_id, item=document.item_number, document=document.pk)
    response = FileResponse(file, as_attachment=True, filename=document.name, content_type=document.media_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@may_work
def case_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """When and how one letter was received."""
    case = get_object_or_404(Case, pk=pk)
    receipt = Receipt.objects.filter(pk=pk).select_related("by").first()
    refused = ""
    if request.method == "POST":
        typed = typed_date(request.POST, "received_on")
        try:
            if typed.day is None:
                raise DutyRefused(typed.error)
            duty_actions.enter_receipt(
                [pk], typed.day, service_of(request.POST), by=person_of(request), now=timezone.now()
            )
        except IssuedLater as refusal:
            refused = issued_later_in_words(refusal, [pk])
        except DutyRefused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, "The date of receipt was saved. Due dates follow it.")
            return redirect(f"{reverse('case_detail', args=[pk])}#duties")
    context = {
        "title": f"Receipt of {case.case_number or f'letter {pk}'}",
        "back": reverse("case_detail", args=[pk]),
        "issued": case.decision_date,
        "receipt": receipt,
        **_typed(request, refused, receipt),
    }
    return render(request, "duties/receipt.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_work
def upload_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """When and how all letters of a batch were received; large batches are handed to a worker."""
    upload = get_object_or_404(Upload, pk=pk)
    letters = UploadedFile.objects.filter(upload=upload, letter__case__isnull=False)
    ids = set(letters.values_list("letter_id", flat=True)[: MOST_AT_ONCE + 1])
    back = reverse("upload_detail", args=[pk])
    unread = _unread_files(upload)
    refused, issued_later = "", None
    if request.method == "POST":
        typed = typed_date(request.POST, "received_on")
        try:
            if typed.day is None:
                raise DutyRefused(typed.error)
            messages.success(request, _enter_for_batch(request, pk, ids, typed.day) + _for_unread(unread))
        except IssuedLater as refusal:
            refused = str(refusal)
            issued_later = _issued_later(request, pk, refusal)
        except DutyRefused as refusal:
            refused = str(refusal)
        else:
            return redirect(back)
    context = {
        "title": f"Receipt of the batch of {timezone.localtime(upload.started_at):%b %-d, %H:%M}",
        "back": back,
        "batch": True,
        "letters": len(ids),
        "unread": unread,
        "replace": "replace" in request.POST,
        "issued_later": issued_later,
        **_typed(request, refused, None),
    }
    return render(request, "duties/receipt.html", context, status=422 if refused else 200)


def _unread_files(upload: Upload) -> int:
    """How many files of the batch workers have yet to open or to read for the first time, scans among them."""
    waiting = Q(outcome=FileOutcome.ACCEPTED, letter__state__in=OPEN_STATES, letter__case=None)
    return UploadedFile.objects.filter(Q(outcome=FileOutcome.OPENING) | waiting, upload=upload).count()


def _for_unread(number: int) -> str:
    if not number:
        return ""
    return f" {counted(number, 'file')} still to be read: enter the date again when that is done."


def _enter_for_batch(request: HttpRequest, upload_id: int, ids: set[int], day: date) -> str:
    """Enter the date, or hand that to a worker; returns what was done. Raises ``DutyRefused``.

    Letters that were issued later are left out if the user, who was told of them for this date, says so.
    """
    by, service, now = person_of(request), service_of(request.POST), timezone.now()
    only_missing = "replace" not in request.POST
    without_later = request.POST.get("without_later") == day.isoformat()
    cases = _cases_to_enter(request, upload_id)
    later = cases.filter(decision_date__gt=day)
    left_out = later.count() if without_later else 0
    said = f" Left out: {counted(left_out, 'letter')} issued later." if left_out else ""
    if len(ids) > MOST_AT_ONCE:
        wanted = cases.exclude(decision_date__gt=day) if without_later else cases
        duty_actions.check_receipt(wanted, day, now=now)
        if not wanted.exists():
            raise DutyRefused(_nothing_entered(ids, left_out))
        send_receipts(upload_id, day, service, by.pk, only_missing=only_missing)
        return f"A worker is entering the date of receipt for this batch.{said}"
    if without_later:
        ids = ids - set(later.values_list("pk", flat=True))
    count = duty_actions.enter_receipt(ids, day, service, by=by, now=now, only_missing=only_missing)
    if not count:
        raise DutyRefused(_nothing_entered(ids, left_out))
    return f"Entered the date of receipt of {counted(count, 'letter')}.{said}"


def _nothing_entered(ids: set[int], left_out: int) -> str:
    if left_out:
        why = "all letters that this date would be entered for were issued later."
    elif ids:
        why = "all letters of this batch have their date of receipt. To replace it, check the box below."
    else:
        why = "no letter of this batch has become a case yet. Try again when workers have read it."
    return f"Nothing was saved: {why}"


def _cases_to_enter(request: HttpRequest, upload_id: int) -> QuerySet[Case]:
    """The letters of a batch whose date of receipt this form enters, earlier versions of cases among them."""
    of_batch = UploadedFile.objects.filter(upload=upload_id, letter__isnull=False)
    cases = Case.objects.filter(pk__in=of_batch.values("letter"))
    return cases if "replace" in request.POST else cases.filter(letter__receipt=None)


def _issued_later(request: HttpRequest, upload_id: int, refusal: IssuedLater) -> dict[str, object]:
    later = _cases_to_enter(request, upload_id).filter(decision_date__gt=refusal.received_on)
    listed = list(later.only("case_number", "decision_date").order_by("-decision_date", "-pk")[:_MOST_LISTED])
    return {
        "letters": refusal.letters,
        "day": refusal.received_on.isoformat(),
        "listed": listed,
        "more": max(refusal.letters - len(listed), 0),
    }


def _typed(request: HttpRequest, refused: str, receipt: Receipt | None) -> dict[str, object]:
    if refused:
        return {
            "refused": refused,
            "received_on": request.POST.get("received_on", ""),
            "services": choices(service_of(request.POST)),
        }
    return {
        "received_on": f"{receipt.received_on:%m/%d/%Y}" if receipt else "",
        "services": choices(receipt.service if receipt else ""),
    }

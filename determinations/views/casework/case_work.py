"""Owner, status, tags and notes of one case: the section of the case page, and what its forms do."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from determinations.access.roles import user_named
from determinations.access.row_rules import OTHER_STAFF
from determinations.casework import notes, work
from determinations.casework.work import WorkRefused
from determinations.models import Case, CaseNote, CaseWork, WorkStatus
from determinations.views.cases.case_has import CaseHas
from determinations.views.requests import person_of, refusal_with
from determinations.views.typed_forms import restored

may_work_cases = permission_required("determinations.work_cases", raise_exception=True)
#: Notes that the case page lists.
_MOST_NOTES = 50


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note in pieces, each with whether it is a mention, and whether the user may edit it now."""

    note: CaseNote
    pieces: Sequence[tuple[str, bool]]
    may_edit: bool


def work_context(request: HttpRequest, case: Case, has: CaseHas) -> dict[str, object]:
    """The section of the case page. A superseded letter shows what is kept with the letter that counts."""
    user, letter_id = person_of(request), case.superseded_by_id or case.pk
    row = (work.works_of([letter_id]).get(letter_id) if has.work else None) or CaseWork(letter_id=letter_id)
    rows = CaseNote.objects.filter(letter=letter_id).select_related("by").order_by("-pk")
    found = list(rows[: _MOST_NOTES + 1]) if has.notes else []
    context: dict[str, object] = {
        "work": row,
        "watched": has.watched,
        "notes": [_row(note, user) for note in found[:_MOST_NOTES]],
        "more_notes": len(found) > _MOST_NOTES,
    }
    if user.has_perm("determinations.work_cases"):
        owners, tags = work.owners_and_tags()
        owner = row.owner.get_username() if row.owner else ""
        context |= {
            "owners": owners if owner in owners or not owner else [owner, *owners],
            "statuses": WorkStatus.choices,
            "tag_names": tags,
        }
    return context


def _row(note: CaseNote, user: User) -> NoteRow:
    may_edit = note.by_id == user.pk and timezone.now() - note.at <= notes.EDITED_WITHIN
    return NoteRow(note, notes.pieces(note.text, note.mentioned), may_edit)


@require_POST
@may_work_cases
def change_work(request: HttpRequest, pk: int) -> HttpResponse:
    """Set owner and status of a case, or add or remove a tag."""
    case = get_object_or_404(Case, pk=pk)
    by, now = person_of(request), timezone.now()
    try:
        match request.POST.get("do", ""):
            case "save":
                owner = request.POST.get("owner", "")
                if owner != OTHER_STAFF:  # who that is stays as it is
                    work.assign([case.pk], owner_named(owner), by=by, now=now)
                work.set_status([case.pk], request.POST.get("status", ""), by=by, now=now)
                messages.success(request, "Saved.")
            case "mine":
                work.assign([case.pk], by, by=by, now=now)
                messages.success(request, "The case is assigned to you.")
            case "tag":
                work.change_tags([case.pk], add=request.POST.get("tag", "").split(","), by=by, now=now)
            case "untag":
                work.change_tags([case.pk], remove=request.POST.getlist("tag"), by=by, now=now)
            case _:
                raise WorkRefused("Choose what to do.")
    except WorkRefused as refusal:
        typed = request.POST.get("tag", "") if request.POST.get("do") == "tag" else ""
        messages.error(request, refusal_with(typed, refusal))
    return redirect(f"{reverse('case_detail', args=[pk])}#work")


def owner_named(name: str) -> User | None:
    """The user of this name; None for no name. Raises ``WorkRefused`` if there is no such user."""
    name = name.replace("\x00", "")
    if not name:
        return None
    person = user_named(name)
    if person is None:
        raise WorkRefused(f"There is no user {name[:150]}. Nothing was saved.")
    return person


@require_http_methods(["GET", "HEAD", "POST"])
@may_work_cases
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a note to a case. A note that is refused, or was typed when the session ended, is shown as typed."""
    case = get_object_or_404(Case, pk=pk)
    refused = ""
    if request.method == "POST":
        try:
            note = notes.add_note(case.pk, request.POST.get("text", ""), by=person_of(request), now=timezone.now())
        except WorkRefused as refusal:
            refused = str(refusal)
        else:
            return redirect(f"{reverse('case_detail', args=[pk])}#note-{note.pk}")
    context = {"case": case, "refused": refused, "text": _typed(request, ""), "action": reverse("add_note", args=[pk])}
    return render(request, "casework/note.html", context, status=422 if refused else 200)


def _typed(request: HttpRequest, text: str) -> str:
    """What the user typed in a form that was refused, or before the session ended."""
    if request.method == "POST":
        return request.POST.get("text", "")
    kept = restored(request)
    return kept.get("text", "") if kept else text


@require_http_methods(["GET", "HEAD", "POST"])
@may_work_cases
def note_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One note with what it said before; its author may edit it for a while."""
    note = get_object_or_404(CaseNote.objects.select_related("by", "letter__case"), pk=pk)
    user, refused = person_of(request), ""
    if request.method == "POST":
        try:
            notes.edit_note(pk, request.POST.get("text", ""), by=user, now=timezone.now())
        except WorkRefused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, "Saved.")
            return redirect(f"{reverse('case_detail', args=[note.letter_id])}#note-{pk}")
    context = {
        "case": note.letter.case,
        "row": _row(note, user),
        "refused": refused,
        "text": _typed(request, note.text),
        "action": reverse("note", args=[pk]),
        "earlier": list(note.earlier.all()),
        "minutes": notes.EDITED_WITHIN.seconds // 60,
    }
    return render(request, "casework/note.html", context, status=422 if refused else 200)


@require_safe
@may_work_cases
def mention_suggestions(request: HttpRequest) -> JsonResponse:
    """Users whose name begins with ``?q=``, which is being typed after an at sign."""
    users = notes.suggested(request.GET.get("q", ""))
    return JsonResponse(
        {"suggestions": [{"value": user.get_username(), "note": user.get_full_name()} for user in users]}
    )

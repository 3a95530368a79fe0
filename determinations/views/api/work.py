"""What staff add to a case: owner, status, tags, notes, and the office's own fields."""

import hashlib
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema

from determinations.access import audit
from determinations.casework import notes, work
from determinations.filters.lookups import Lookups
from determinations.models import Case, CaseNote, OfficeField, TokenScope, WorkStatus
from determinations.models.casework import LONGEST_NOTE, LONGEST_TAG
from determinations.models.office_fields import LONGEST_VALUE
from determinations.office_fields.records import FieldValue, Submitted, edit_values, values_of
from determinations.office_fields.registry import MAY_EDIT, seen_fields
from determinations.paging.keyset import Order
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.lists import Limit, PageOut, check_parameters, keyset_page, neighbors
from determinations.views.api.problems import Problem
from determinations.views.api.writing import IDEMPOTENT, KEY_PARAMETER, Done, address, write
from determinations.views.casework.case_work import owner_named
from determinations.views.requests import person_of

router = Router(tags=["Work"])
_NEWEST = Order("id", descending=True, nullable=False)
_PLAIN = "^[^\\x00]*$"
Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG, pattern="^[^\\x00,]*$")]


class WorkIn(Schema):
    """What to change; what is left out stays. ``owner``: a user name, null for no one."""

    owner: Annotated[str, Field(max_length=150, pattern=_PLAIN)] | None = None
    status: WorkStatus | None = None
    add_tags: list[Tag] = Field(default=[], max_length=20)
    remove_tags: list[Tag] = Field(default=[], max_length=20)


class NoteIn(Schema):
    """The text of a note. It mentions users as ``@name``."""

    text: str = Field(min_length=1, max_length=LONGEST_NOTE, pattern=_PLAIN)


class NoteOut(Reply):
    """A note on a case."""

    id: int
    case: int
    by: str
    at: datetime
    text: str
    mentioned: list[str]
    edited_at: datetime | None

    @classmethod
    def of(cls, note: CaseNote) -> "NoteOut":
        """The note as an answer."""
        return cls(
            id=note.pk, case=note.letter_id, by=note.by.get_username(), at=note.at, text=note.text,
            mentioned=note.mentioned, edited_at=note.edited_at,
        )  # fmt: skip


class NotePage(PageOut):
    """A page of notes."""

    results: list[NoteOut]


class FieldsOut(Reply):
    """The office's own fields of a case that the user sees, by key; empty where nothing was entered."""

    case: int
    values: dict[str, str]
    version: str = Field(description="send it in If-Match to write only if nothing changed since")


class FieldsIn(Schema):
    """Values to enter, by key of the field; an empty text removes the value."""

    values: dict[str, Annotated[str, Field(max_length=LONGEST_VALUE, pattern=_PLAIN)]] = Field(min_length=1)


@router.patch("/cases/{int:case_id}/work", response={200: Done}, url_name="api_work", openapi_extra=IDEMPOTENT)
@needs(TokenScope.WORK, "work_cases")
def change_work(request: HttpRequest, case_id: int, change: WorkIn) -> JsonResponse:
    """Change owner, status or tags of a case."""
    get_object_or_404(Case.objects.only("pk"), pk=case_id)

    def save() -> Done:
        by, now, changed = person_of(request), timezone.now(), 0
        if "owner" in change.model_fields_set:
            changed += len(work.assign([case_id], owner_named(change.owner or ""), by=by, now=now))
        if change.status is not None:
            changed += len(work.set_status([case_id], change.status, by=by, now=now))
        if change.add_tags or change.remove_tags:
            added, removed = change.add_tags, change.remove_tags
            changed += len(work.change_tags([case_id], add=added, remove=removed, by=by, now=now))
        return Done(id=case_id, address=address("api_case", case_id), changed=changed)

    return write(request, 200, save)


@router.get("/cases/{int:case_id}/notes", response=NotePage, url_name="api_notes")
@needs(TokenScope.READ, "browse_cases")
def list_notes(request: HttpRequest, case_id: int, limit: Limit = 50) -> NotePage:
    """The notes on a case, newest first; of the letter that counts, if it is another one."""
    case = get_object_or_404(Case.objects.only("superseded_by"), pk=case_id)
    rows = CaseNote.objects.filter(letter=case.superseded_by_id or case.pk).select_related("by")
    page = keyset_page(request, rows, _NEWEST, limit)
    audit.note(request, "case.viewed", case_id, part="notes")
    return NotePage(results=[NoteOut.of(note) for note in page.rows], **neighbors(request, page))


@router.post("/cases/{int:case_id}/notes", response={201: Done}, url_name="api_notes", openapi_extra=IDEMPOTENT)
@needs(TokenScope.WORK, "work_cases")
def add_note(request: HttpRequest, case_id: int, note: NoteIn) -> JsonResponse:
    """Add a note to a case."""
    get_object_or_404(Case.objects.only("pk"), pk=case_id)

    def add() -> Done:
        added = notes.add_note(case_id, note.text, by=person_of(request), now=timezone.now())
        return Done(id=added.pk, address=address("api_note", added.pk))

    return write(request, 201, add)


@router.get("/notes/{int:note_id}", response=NoteOut, url_name="api_note")
@needs(TokenScope.READ, "browse_cases")
def read_note(request: HttpRequest, note_id: int) -> NoteOut:
    """One note."""
    check_parameters(request, ())
    note = get_object_or_404(CaseNote.objects.select_related("by"), pk=note_id)
    audit.note(request, "case.viewed", note.letter_id, part="note")
    return NoteOut.of(note)


@router.patch("/notes/{int:note_id}", response={200: Done}, url_name="api_note", openapi_extra=IDEMPOTENT)
@needs(TokenScope.WORK, "work_cases")
def edit_note(request: HttpRequest, note_id: int, note: NoteIn) -> JsonResponse:
    """Edit one's own note, within half an hour. What it said before is kept."""
    get_object_or_404(CaseNote, pk=note_id)

    def edit() -> Done:
        notes.edit_note(note_id, note.text, by=person_of(request), now=timezone.now())
        return Done(id=note_id, address=address("api_note", note_id))

    return write(request, 200, edit)


@router.get("/cases/{int:case_id}/fields", response=FieldsOut, url_name="api_fields")
@needs(TokenScope.READ, "browse_cases")
def read_fields(request: HttpRequest, case_id: int) -> FieldsOut:
    """The office's own fields of a case."""
    check_parameters(request, ())
    case = get_object_or_404(Case.objects.only("case_number"), pk=case_id)
    audit.note(request, "case.viewed", case_id, part="office fields")
    shown = values_of(case.case_number, _fields(request))
    return FieldsOut(case=case_id, values={one.field.key: one.text for one in shown}, version=_version(shown))


@router.patch("/cases/{int:case_id}/fields", response={200: Done}, url_name="api_fields", openapi_extra={
    "parameters": [
        KEY_PARAMETER,
        {"in": "header", "name": "If-Match", "required": False, "schema": {"type": "string", "pattern": "^[!-~]+$"},
         "description": "the version that was read: without it, newer values are replaced"},
    ],
    "responses": {412: {"description": "Someone changed a value since"}, 409: {"description": "Changed meanwhile"}},
})  # fmt: skip
@needs(TokenScope.WORK, MAY_EDIT)
def edit_fields(request: HttpRequest, case_id: int, change: FieldsIn) -> JsonResponse:
    """Enter values of the office's own fields for the number of a case. All or nothing."""
    case = get_object_or_404(Case.objects.only("case_number"), pk=case_id)
    if not case.case_number:
        raise Problem(422, "This case has no number that values could be kept by.")
    number, fields = case.case_number, _fields(request)

    def save() -> Done:
        shown = values_of(number, fields)
        if request.headers.get("If-Match", "*").strip('"') not in ("*", _version(shown)):
            raise Problem(412, "Someone changed a value since this version was read. Nothing was saved.")
        seen = {one.field.key: one for one in shown}
        if unknown := [key for key in change.values if key not in seen]:
            raise Problem(422, "Nothing was saved.", errors=[(key[:40], "There is no such field.") for key in unknown])
        submitted = [_submitted(seen[key], text) for key, text in change.values.items()]
        changed = edit_values(number, submitted, fields, by=person_of(request), now=timezone.now())
        return Done(id=case_id, address=address("api_fields", case_id), changed=changed)

    return write(request, 200, save)


def _submitted(shown: FieldValue, text: str) -> Submitted:
    return Submitted(shown.field.slot, text, shown.value.pk if shown.value else 0)


def _fields(request: HttpRequest) -> list[OfficeField]:
    user = person_of(request)
    return seen_fields(user, Lookups(user=user).labels.office_fields)


def _version(shown: list[FieldValue]) -> str:
    values = [(one.field.slot, one.value.pk if one.value else 0) for one in shown]
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]

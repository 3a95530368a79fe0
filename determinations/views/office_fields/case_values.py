"""The office's fields of one case: shown on its page, edited on a page of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from determinations.access import audit
from determinations.models import Case, FieldKind, OfficeField
from determinations.office_fields.records import (
    FieldValue,
    Submitted,
    ValuesRefused,
    edit_values,
    history_of,
    values_of,
)
from determinations.office_fields.registry import active_fields, edited_fields, seen_fields
from determinations.office_fields.values import suggestions
from determinations.paging.counts import whole_number
from determinations.views.requests import person_of
from determinations.views.typed_forms import restored

may_browse = permission_required("determinations.browse_cases", raise_exception=True)
_LONGEST_TYPED = 500


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the form: what it holds, what was shown when it was typed, and what is wrong with it."""

    field: OfficeField
    name: str
    text: str
    seen: int
    error: str

    @property
    def is_choice(self) -> bool:
        return self.field.kind == FieldKind.CHOICE

    @property
    def hint(self) -> str:
        return {FieldKind.DATE: "MM/DD/YYYY", FieldKind.NUMBER: "1234.50"}.get(FieldKind(self.field.kind), "")


def values_context(case: Case, fields: Sequence[OfficeField], user: User) -> dict[str, object]:
    """What the case page shows of the office's fields; ``fields`` are all of them."""
    fields = seen_fields(user, fields)
    values = values_of(case.case_number, fields)
    return {
        "office_values": values,
        "has_office_values": any(one.value for one in values),
        "may_edit_office_values": bool(edited_fields(user, fields)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@may_browse
def case_values(request: HttpRequest, pk: int) -> HttpResponse:
    """The form with the fields that the user edits, and the history of those that the user sees."""
    case = get_object_or_404(Case.objects.only("case_number"), pk=pk)
    user = person_of(request)
    seen = seen_fields(user, active_fields())
    edited = edited_fields(user, seen)
    if not edited:
        raise PermissionDenied
    refused: ValuesRefused | None = None
    typed = request.POST if request.method == "POST" else restored(request)
    if request.method == "POST" and case.case_number:
        try:
            changed = edit_values(
                case.case_number, _submitted(request.POST, edited), seen, by=user, now=timezone.now()
            )
        except ValuesRefused as refusal:
            refused = refusal
        else:
            messages.success(request, "Saved." if changed else "Nothing was changed.")
            return redirect(f"{reverse('case_detail', args=[pk])}#office-fields")
    context = {
        "case": case,
        "inputs": _inputs(values_of(case.case_number, edited), typed, refused),
        "refused": refused,
        "history": history_of(case.case_number, seen) if case.case_number else [],
        "fields_to_see": [field for field in seen if field not in edited],
    }
    return render(request, "office_fields/case_values.html", context, status=422 if refused else 200)


def _submitted(typed: QueryDict, fields: Sequence[OfficeField]) -> list[Submitted]:
    """The fields of the form that was sent; those that it lacks stay as they are."""
    return [
        Submitted(
            field.slot,
            typed.get(field.column, "").replace("\x00", "")[:_LONGEST_TYPED],
            whole_number(typed.get(f"seen_{field.slot}", "")) or 0,
        )
        for field in fields
        if field.column in typed
    ]


def _inputs(
    values: Sequence[FieldValue], typed: Mapping[str, str] | None, refused: ValuesRefused | None
) -> list[Input]:
    errors = refused.by_slot if refused else {}
    inputs = []
    for one in values:
        slot, name = one.field.slot, one.field.column
        current = one.value.pk if one.value else 0
        text, seen = one.text, current
        if typed is not None and name in typed:
            text = typed[name]
            sent = whole_number(typed.get(f"seen_{slot}", "")) or 0
            seen = current if refused is not None and slot in refused.now else sent
        inputs.append(Input(one.field, name, text, seen, errors.get(slot, "")))
    return inputs


@require_safe
@may_browse
def field_suggestions(request: HttpRequest, slot: int) -> JsonResponse:
    """Values of a field for ``?q=``, which is being typed."""
    field = next((field for field in seen_fields(person_of(request), active_fields()) if field.slot == slot), None)
    if field is None:
        raise Http404("There is no such field.")
    typed = request.GET.get("q", "").replace("\x00", " ")[:_LONGEST_TYPED]
    found = suggestions(field, typed)
    audit.note_suggestions(request, field.key, typed)
    return JsonResponse({"suggestions": [{"value": text, "label": text, "note": "", "url": ""} for text in found]})

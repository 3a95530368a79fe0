"""The values of one field, for administrators: which occur, and which of them are the same thing."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from determinations.access import audit
from determinations.models import OfficeField, OfficeValue
from determinations.office_fields.applying import merge_values, part_values
from determinations.office_fields.values import BadValue, normal_form, read_value
from determinations.paging.counts import count_up_to, whole_number
from determinations.paging.keyset import Order, page_of
from determinations.tasks import send_office_values
from determinations.views.requests import person_of

may_set_up = permission_required("determinations.change_officefield", raise_exception=True)
_BY_NAME = Order("normal", nullable=False)


class MergeRefused(Exception):
    """The two cannot be one value. The message says why."""


@require_http_methods(["GET", "HEAD", "POST"])
@may_set_up
def field_values(request: HttpRequest, slot: int) -> HttpResponse:
    """The values by name, searched by their beginning; a value can be merged into another one."""
    field = get_object_or_404(OfficeField, pk=slot)
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    refused = ""
    if request.method == "POST":
        try:
            message = _act(request, field)
        except MergeRefused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, message)
            send_office_values()
            return redirect(
                f"{reverse('office_field_values', args=[slot])}?{urlencode({'q': typed} if typed else {})}"
            )
    rows: QuerySet[OfficeValue] = field.values.select_related("merged_into").defer("search")
    if typed:
        rows = rows.filter(normal__startswith=normal_form(typed))
    context = {
        "field": field,
        "typed": typed,
        "page": page_of(rows, _BY_NAME, request.GET, size=50),
        "count": count_up_to(rows),
        "refused": refused,
        "into": request.POST.get("into", ""),
        "chosen": request.POST.get("value", ""),
    }
    return render(request, "office_fields/field_values.html", context, status=422 if refused else 200)


@transaction.atomic
def _act(request: HttpRequest, field: OfficeField) -> str:
    value = get_object_or_404(OfficeValue, pk=whole_number(request.POST.get("value", "")) or 0, field=field)
    by, now = person_of(request), timezone.now()
    if request.POST.get("do") == "part":
        count = part_values(value)
        audit.record("office_value.parted", by=by, at=now, value=value.pk, field=field.key)
        return f"“{value.printed}” counts as a value of its own again, for {count:,} case numbers."
    into = _target(field, request.POST.get("into", ""))
    if into is None or into.pk == value.pk or into.merged_into_id == value.pk:
        raise MergeRefused(
            f"Type another value of {field.name} that exists: “{value.printed}” will count as that one."
        )
    count = merge_values(value, into)
    audit.record("office_value.merged", by=by, at=now, value=value.pk, into=into.pk, field=field.key)
    return f"“{value.printed}” counts as “{into.printed}” now, for {count:,} case numbers. Lists follow in a moment."


def _target(field: OfficeField, typed: str) -> OfficeValue | None:
    try:
        entered = read_value(field, typed)
    except BadValue:
        return None
    return field.values.filter(normal=entered.normal).first() if entered else None

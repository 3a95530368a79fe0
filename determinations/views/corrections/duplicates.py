"""Versions and duplicates: letters that may be the same one, side by side."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from determinations.access import audit
from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS, Field, read, same
from determinations.cases.open_letter import OpenLetter, open_letter
from determinations.corrections import duplicates
from determinations.corrections.kinds import text_of
from determinations.models import Case, LetterPair, PairDecision, UploadedFile
from determinations.models.corrections import FieldValue
from determinations.paging.keyset import Order, page_of
from determinations.views.corrections.permissions import StaffRequest, may_correct

#: Characters of a value that the comparison shows, and of what is the same before the first difference.
_SHOWN, _BEFORE_DIFFERENCE = 600, 120


@may_correct
@require_GET
def letter_pairs(request: StaffRequest) -> HttpResponse:
    """Pairs to be decided, or decided ones."""
    decision = request.GET.get("decision", PairDecision.OPEN)
    if decision not in PairDecision.values:
        decision = PairDecision.OPEN
    pairs = (
        LetterPair.objects.filter(decision=decision)
        .select_related("older__case", "newer__case", "decided_by")
        .annotate(older_name=UploadedFile.objects.name_of("older"), newer_name=UploadedFile.objects.name_of("newer"))
    )
    page = page_of(pairs, Order("id", descending=True, nullable=False, key="id"), request.GET)
    context = {"page": page, "decision": decision, "decisions": PairDecision.choices}
    return render(request, "corrections/duplicate_pairs.html", context)


@may_correct
@require_GET
def letter_pair(request: StaffRequest, pair_id: int) -> HttpResponse:
    """Two letters side by side, what differs first to be seen."""
    pair = get_object_or_404(LetterPair.objects.select_related("older", "newer", "decided_by"), pk=pair_id)
    older, newer = open_letter(pair.older_id), open_letter(pair.newer_id)
    for letter_id in (pair.older_id, pair.newer_id):
        audit.note(request, "pair.opened", letter_id, pair=pair.pk)
    counting = set(
        Case.objects.current().filter(pk__in=[older.letter.pk, newer.letter.pk]).values_list("pk", flat=True)
    )
    context = {
        "pair": pair,
        "rows": _compared(older, newer),
        "older_counts": pair.older_id in counting,
        "newer_counts": pair.newer_id in counting,
    }
    return render(request, "corrections/duplicate_pair.html", context)


def _compared(older: OpenLetter, newer: OpenLetter) -> list[dict[str, object]]:
    one, other = older.merged.record, newer.merged.record
    rows = [_row(field.label, field, read(one, name), read(other, name)) for name, field in LETTER_FIELDS.items()]
    most = max(len(one["items"]), len(other["items"]))
    for place in range(most):
        left = one["items"][place] if place < len(one["items"]) else None
        right = other["items"][place] if place < len(other["items"]) else None
        for name, field in ITEM_FIELDS.items():
            if name == "disputed":
                continue
            label = f"{place + 1} {field.label}"
            rows.append(_row(label, field, read(left, name) if left else None, read(right, name) if right else None))
    return rows


def _row(label: str, field: Field, left: FieldValue, right: FieldValue) -> dict[str, object]:
    older, newer = _where_they_part(text_of(field, left), text_of(field, right))
    return {
        "label": label,
        "older": older,
        "newer": newer,
        "differs": not same(field.name, left, right),
    }


def _where_they_part(one: str, other: str) -> tuple[str, str]:
    """Both texts, long ones from shortly before the first difference: a page shows ``_SHOWN`` characters of each."""
    differences = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    start = next(differences, min(len(one), len(other))) - _BEFORE_DIFFERENCE
    if one == other or start <= 0 or max(len(one), len(other)) <= _SHOWN:
        return one, other
    return f"… {one[start:]}", f"… {other[start:]}"


@may_correct
@require_POST
def decide_pair(request: StaffRequest, pair_id: int) -> HttpResponse:
    """Merge, counting one of the two, or keep apart."""
    pair = get_object_or_404(LetterPair, pk=pair_id)
    choices = {
        "newer": (PairDecision.MERGED, pair.newer_id),
        "older": (PairDecision.MERGED, pair.older_id),
        "apart": (PairDecision.APART, None),
        "open": (PairDecision.OPEN, None),
    }
    if (choice := choices.get(request.POST.get("do", ""))) is not None:
        decision, counts = choice
        note = request.POST.get("note", "")
        duplicates.decide(pair_id, decision, counts=counts, by=request.user, now=timezone.now(), note=note)
        messages.success(request, _("Decided: lists and statistics follow."))
    following = LetterPair.objects.filter(decision=PairDecision.OPEN, pk__lt=pair_id).order_by("-pk").first()
    return redirect("letter_pair", following.pk) if following else redirect("letter_pairs")

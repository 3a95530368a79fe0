"""Versions and duplicates: letters that may be the same, side by side."""

from dataclasses import dataclass
from itertools import zip_longest

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
from determinations.wording.labels import Labels, read_labels

#: How many characters of a value the comparison shows, and how many of them before the first difference.
_SHOWN, _BEFORE_DIFFERENCE = 600, 120


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """One value of both letters, in words."""

    label: str
    older: str
    newer: str
    differs: bool


@may_correct
@require_GET
def letter_pairs(request: StaffRequest) -> HttpResponse:
    """Pairs of letters, by the decision on them."""
    decision = request.GET.get("decision", PairDecision.OPEN)
    if decision not in PairDecision.values:
        decision = PairDecision.OPEN
    pairs = (
        LetterPair.objects.filter(decision=decision)
        .select_related("older__case", "newer__case", "decided_by")
        .annotate(older_name=UploadedFile.objects.name_of("older"), newer_name=UploadedFile.objects.name_of("newer"))
    )
    page = page_of(pairs, Order("id", descending=True, nullable=False, key="id"), request.GET)
    letters = [letter_id for pair in page.rows for letter_id in (pair.older_id, pair.newer_id)]
    audit.note_list(request, "possible duplicates", letters)
    context = {"page": page, "decision": decision, "decisions": PairDecision.choices}
    return render(request, "corrections/duplicate_pairs.html", context)


@may_correct
@require_GET
def letter_pair(request: StaffRequest, pair_id: int) -> HttpResponse:
    """Two letters side by side, with their differences marked."""
    pair = get_object_or_404(LetterPair.objects.select_related("older", "newer", "decided_by"), pk=pair_id)
    older, newer = open_letter(pair.older_id), open_letter(pair.newer_id)
    for letter_id in (pair.older_id, pair.newer_id):
        audit.note(request, "pair.opened", letter_id, pair=pair.pk)
    counting = set(
        Case.objects.current().filter(pk__in=[older.letter.pk, newer.letter.pk]).values_list("pk", flat=True)
    )
    context = {
        "pair": pair,
        "rows": _compared(older, newer, read_labels()),
        "older_counts": pair.older_id in counting,
        "newer_counts": pair.newer_id in counting,
    }
    return render(request, "corrections/duplicate_pair.html", context)


def _compared(older: OpenLetter, newer: OpenLetter, labels: Labels) -> list[ComparedValue]:
    one, other = older.merged.record, newer.merged.record
    values = [
        _value(field.label, field, read(one, name), read(other, name), labels) for name, field in LETTER_FIELDS.items()
    ]
    for number, (left, right) in enumerate(zip_longest(one["items"], other["items"]), start=1):
        for name, field in ITEM_FIELDS.items():
            if name == "disputed":
                continue
            label = _("Item %(number)d: %(field)s") % {"number": number, "field": field.label}
            values.append(
                _value(label, field, read(left, name) if left else None, read(right, name) if right else None, labels)
            )
    return values


def _value(label: str, field: Field, left: FieldValue, right: FieldValue, labels: Labels) -> ComparedValue:
    older, newer = _where_they_part(text_of(field, left, labels), text_of(field, right, labels))
    return ComparedValue(label, older, newer, differs=not same(field.name, left, right))


def _where_they_part(one: str, other: str) -> tuple[str, str]:
    """Both texts; long ones start shortly before the first difference: the page shows ``_SHOWN`` characters."""
    differences = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    start = next(differences, min(len(one), len(other))) - _BEFORE_DIFFERENCE
    if one == other or start <= 0 or max(len(one), len(other)) <= _SHOWN:
        return one, other
    return f"… {one[start:]}", f"… {other[start:]}"


@may_correct
@require_POST
def decide_pair(request: StaffRequest, pair_id: int) -> HttpResponse:
    """Record which of the two counts, or that both do."""
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
        messages.success(request, _("The decision was saved. Lists and statistics are up to date."))
    following = LetterPair.objects.filter(decision=PairDecision.OPEN, pk__lt=pair_id).order_by("-pk").first()
    return redirect("letter_pair", following.pk) if following else redirect("letter_pairs")

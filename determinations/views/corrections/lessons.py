"""Parser accuracy on values that staff checked, and the history of corrections."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from determinations.access import audit
from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS
from determinations.cases.open_letter import CorrectionsRefused
from determinations.cases.typed_numbers import read_case_number
from determinations.corrections import actions, lessons
from determinations.corrections.kinds import text_of
from determinations.models import Case, Correction, CorrectionReason, CorrectionState, Letter, Operation
from determinations.models.corrections import IN_FORCE
from determinations.paging.counts import count_up_to, whole_number
from determinations.paging.keyset import Order, page_of
from determinations.views.corrections.permissions import StaffRequest, label_of, may_correct
from determinations.wording.labels import Labels, read_labels


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One correction with its values in words."""

    row: Correction
    reason: str
    old: str
    new: str
    parser: str
    can_restore: bool
    can_undo: bool


@may_correct
@require_GET
def show_lessons(request: StaffRequest) -> HttpResponse:
    """Accuracy by field and parser version, on values that staff checked."""
    figures = lessons.accuracy()
    versions = lessons.versions_of(figures)
    by_place = {(figure.field, figure.version): figure for figure in figures}
    fields = list(dict.fromkeys(figure.field for figure in figures))
    context = {
        "versions": versions,
        "rows": [(label_of(field), [by_place.get((field, version)) for version in versions]) for field in fields],
        "confirmed": count_up_to(Correction.objects.filter(state__in=IN_FORCE, operation=Operation.CONFIRM)),
        "corrected": count_up_to(Correction.objects.filter(state__in=IN_FORCE, operation=Operation.SET)),
    }
    return render(request, "corrections/lessons.html", context)


@may_correct
@require_GET
def export_lessons(request: StaffRequest) -> StreamingHttpResponse:
    """Checked letters as one JSON list of expected records; ``all=1`` includes letters checked in part."""
    whole = request.GET.get("all") != "1"
    letters = lessons.checked_letters()
    if whole:
        letters = [opened.letter.pk for opened in lessons.taught_letters(letters, whole=True)]
    audit.note(request, "lessons.exported", letter_ids=letters, whole=whole)
    response = StreamingHttpResponse(_printed(letters, whole), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="expected-records.json"'
    return response


def _printed(letter_ids: Sequence[int], whole: bool) -> Iterator[str]:
    between = "["
    for opened in lessons.taught_letters(letter_ids, whole=whole):
        yield between + "\n" + json.dumps(lessons.expected_record(opened), ensure_ascii=False)
        between = ","
    yield "[]\n" if between == "[" else "\n]\n"


@may_correct
@require_GET
def correction_history(request: StaffRequest) -> HttpResponse:
    """Corrections, newest first; filtered by letter, value, user, state, or what the quality page counts."""
    rows: QuerySet[Correction] = Correction.objects.all()
    query = request.GET
    typed_letter = query.get("letter", "").strip()[:40]
    letter = _letter_named(typed_letter)
    path = query.get("path", "")
    if typed_letter and letter is None:  # of a letter that was removed, corrections remain
        number = whole_number(typed_letter)
        rows = rows.none() if number is None else rows.filter(letter_id=number)
    if letter:
        rows = rows.filter(letter_sha256=letter.sha256, letter_part=letter.part)
        if path:
            rows = rows.filter(pk__in=[row.pk for row in actions.history(letter.pk, path)])
    if query.get("person"):
        rows = rows.filter(by_id__in=User.objects.filter(username=query["person"]).values("pk"))
    if query.get("state") in CorrectionState.values:
        rows = rows.filter(state=query["state"])
    if query.get("state") == "in_force":
        rows = rows.filter(state__in=IN_FORCE)
    rows = _filtered_by_quality(rows, query)
    case_number = Case.objects.filter(pk=OuterRef("letter_id")).values("case_number")
    named = rows.annotate(case_number=Subquery(case_number))
    page = page_of(named, Order("id", descending=True, nullable=False, key="id"), query)
    audit.note_list(request, "history of corrections", [row.letter_id for row in page.rows])
    context = {
        "page": page,
        "rows": _history_rows(page.rows),
        "letter": letter,
        "typed_letter": typed_letter,
        "path": path,
        "person": query.get("person", ""),
        "state": query.get("state", ""),
        "states": _STATES,
        "count": count_up_to(rows),
        "kept": [(name, query[name]) for name in _OF_QUALITY if query.get(name)],
    }
    return render(request, "corrections/history.html", context)


def _letter_named(typed: str) -> Letter | None:
    """The letter with this number, or the one that counts as the case of this number."""
    letters = Letter.objects.select_related("case")
    if (number := whole_number(typed)) is not None:
        return letters.filter(pk=number).first()
    case_number = read_case_number(typed)
    return letters.filter(case__case_number=case_number, case__superseded_by=None).first() if case_number else None


#: The states to filter by: "in force" stands for all three of them, so the plain one is not offered again.
_STATES = [("in_force", _("in force")), *(state for state in CorrectionState.choices if state[0] != "active")]
#: The filters of links from the quality page.
_OF_QUALITY = ("field", "version", "operation")


def _filtered_by_quality(rows: QuerySet[Correction], query: QueryDict) -> QuerySet[Correction]:
    if query.get("field"):
        rows = rows.filter(Q(path=query["field"]) | Q(path__endswith=f"/{query['field']}"))
    if "version" in query:
        rows = rows.filter(parser_version=query["version"])
    if query.get("operation") in Operation.values:
        rows = rows.filter(operation=query["operation"])
    return rows


def _history_rows(rows: Sequence[Correction]) -> list[HistoryRow]:
    labels = read_labels()
    reasons = dict(CorrectionReason.objects.values_list("code", "label"))
    return [_history_row(row, labels, reasons) for row in rows]


def _history_row(row: Correction, labels: Labels, reasons: Mapping[str, str]) -> HistoryRow:
    field = (ITEM_FIELDS if row.item_key else LETTER_FIELDS).get(row.field)
    values = field if row.operation in (Operation.SET, Operation.CONFIRM, Operation.REVERT) else None
    return HistoryRow(
        row=row,
        reason=reasons.get(row.reason, ""),
        old=text_of(values, row.value_before, labels) if values else "",
        new=text_of(values, row.value, labels) if values else "",
        parser=text_of(values, row.parser_value, labels) if values else "",
        can_restore=values is not None and row.state == CorrectionState.SUPERSEDED,
        can_undo=row.operation != Operation.REVERT and row.state != CorrectionState.SUPERSEDED,
    )


@may_correct
@require_POST
def restore_value(request: StaffRequest, correction_id: int) -> HttpResponse:
    """Restore the value of an earlier correction, or undo a correction (``do=undo``)."""
    row = get_object_or_404(Correction, pk=correction_id)
    letter = get_object_or_404(Letter, sha256=row.letter_sha256, part=row.letter_part)
    by, now = request.user, timezone.now()
    path = f"items/{row.item_key}/{row.field}" if row.item_key else row.path
    try:
        if request.POST.get("do") == "undo":
            saved = actions.undo(letter.pk, row.pk, by=by, now=now)
        else:
            saved = actions.correct_field(letter.pk, path, row.new_value, by=by, now=now, reason="mended")
    except CorrectionsRefused as refused:
        messages.error(request, " ".join(words for _path, words in refused.errors))
    else:
        messages.success(request, _("The history was updated.") if saved else _("This value is already in force."))
    return redirect(f"{request.path.rsplit('/', 3)[0]}/?letter={letter.pk}")

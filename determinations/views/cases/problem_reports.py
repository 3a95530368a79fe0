"""Reported problems: any user can report an incorrect value and see the answer."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from determinations.access import audit
from determinations.cases.review_entries import note_report
from determinations.models import Case, ProblemReport
from determinations.models.browsing import ReportState
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.requests import person_of
from determinations.views.typed_forms import restored
from determinations.wording.paths import label_of_path

_MOST_SHOWN = 200
_LONGEST_SEARCH = 100


class ProblemReportForm(forms.Form):
    """What is wrong, and with which value."""

    path = forms.RegexField(r"^[a-z0-9_/]*$", max_length=120, required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label="What is wrong, and what should it be?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Describe what is wrong, so that an administrator can review it."},
    )


@permission_required("determinations.browse_cases", raise_exception=True)
@recorded_form
def report_problem(request: HttpRequest, pk: int) -> HttpResponse:
    """The report form for one value of a case."""
    case = get_object_or_404(Case, pk=pk)
    form = ProblemReportForm(request.POST or restored(request), initial={"path": request.GET.get("path", "")})
    if request.method == "POST" and form.is_valid():
        ProblemReport.objects.create(
            letter_id=case.pk,
            path=form.cleaned_data["path"],
            note=form.cleaned_data["note"],
            by=person_of(request),
            at=timezone.now(),
        )
        note_report(case.pk)
        messages.success(request, "Reported. An administrator will review it; the answer will appear here.")
        return redirect(f"{reverse('case_detail', args=[case.pk])}")
    path = form.data.get("path", "") if form.is_bound else request.GET.get("path", "")
    context = {"case": case, "form": form, "value": label_of_path(path) if path else "the case as a whole"}
    return render(request, "cases/report_problem.html", context)


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def problem_report_list(request: HttpRequest) -> HttpResponse:
    """The user's reports, newest first, with their answers; users who answer reports can search those of all users."""
    may_search = request.user.has_perm("determinations.correct_cases")
    words = request.GET.get("q", "").strip()[:_LONGEST_SEARCH] if may_search else ""
    of_all = may_search and (bool(words) or request.GET.get("who") == "all")
    reports = ProblemReport.objects.all() if of_all else ProblemReport.objects.filter(by=person_of(request))
    newest = reports.filter(_with_words(words)).select_related("letter__case", "by", "answered_by").order_by("-id")
    found = list(newest[: _MOST_SHOWN + 1])
    rows = [(report, label_of_path(report.path)) for report in found[:_MOST_SHOWN]]
    response = render(
        request,
        "cases/problem_report_list.html",
        {
            "rows": rows, "open": ReportState.OPEN, "may_search": may_search, "words": words, "of_all": of_all,
            "longest": _LONGEST_SEARCH, "most": _MOST_SHOWN if len(found) > _MOST_SHOWN else None,
        },
    )  # fmt: skip
    if of_all:
        audit.note_list(request, "problem reports", [report.letter_id for report, _value in rows])
    return response


def _with_words(words: str) -> Q:
    """Reports with every word in the report, its answer, the name of its user, or the case number."""
    condition = Q()
    for word in words.split():
        condition &= (
            Q(note__icontains=word)
            | Q(answer__icontains=word)
            | Q(by__username__icontains=word)
            | Q(letter__case__case_number__icontains=word)
        )
    return condition

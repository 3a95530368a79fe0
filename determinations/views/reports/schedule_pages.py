"""Schedules of a report: who gets it when, what was made, and how one stops."""

from collections.abc import Mapping, Sequence
from datetime import time

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from determinations.access.roles import people_with
from determinations.browsing.exports import KEPT_DAYS
from determinations.models import Frequency, ReportRun, ReportSchedule, SavedReport
from determinations.models.browsing import ExportFormat
from determinations.reports import schedules
from determinations.reports.saved import ReportRefused, formats_of, reports_of
from determinations.reports.schedules import When, manages_all, when_of
from determinations.views.access.confirmation import need_confirmation
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.reports.saved_reports import may_report
from determinations.views.requests import person_of

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: Runs that the page lists.
_MOST_RUNS = 100


class ScheduleForm(forms.Form):
    """When a report is made, in which format, for whom."""

    frequency = forms.ChoiceField(choices=Frequency.choices, label="How often")
    weekday = forms.TypedChoiceField(choices=[*enumerate(_WEEKDAYS)], coerce=int, help_text="For every week.")
    day = forms.TypedChoiceField(
        choices=[(0, "The last day"), *((day, f"Day {day}") for day in range(1, 32))], coerce=int,
        label="Day of the month", help_text="For every month. A month without this day has its last.",
    )  # fmt: skip
    at = forms.TimeField(label="Time", initial=time(6), widget=forms.TimeInput({"type": "time"}, "%H:%M"))

    def __init__(
        self, data: Mapping[str, object] | None, formats: Sequence[ExportFormat], people: QuerySet[User], user: User
    ) -> None:
        super().__init__(data)
        self.fields["format"] = forms.ChoiceField(choices=[(form.value, form.label) for form in formats])
        self.fields["recipients"] = forms.ModelMultipleChoiceField(
            people, widget=forms.CheckboxSelectMultiple, initial=[user.pk],
            error_messages={"required": "Choose at least one recipient."},
            help_text="Each gets a file with what their own account may see, after signing in.",
        )  # fmt: skip

    @property
    def when(self) -> When:
        """The due times of the valid form."""
        typed = self.cleaned_data
        return When(Frequency(typed["frequency"]), typed["at"], typed["weekday"], typed["day"])


def _people(request: HttpRequest, report: SavedReport) -> QuerySet[User]:
    """Who may be chosen: users with the right to see it; the user alone, without the right to work with others."""
    user = person_of(request)
    people = people_with("browse_cases" if report.list_name else "view_statistics")
    return people if user.has_perm("determinations.work_cases") else people.filter(pk=user.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_report
def schedule_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The schedules of a report with their last runs, and the form for another."""
    report = get_object_or_404(reports_of(person_of(request)), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = ScheduleForm(data, formats_of(report), _people(request, report), person_of(request))
    if data is not None and form.is_valid():
        if report.list_name and settings.CONFIRM_EXPORT_ROWS:
            need_confirmation(request)  # of rows, as every long export
        with transaction.atomic():
            begun = _begin(request, report, form)
        if begun:
            return redirect("report_schedules", pk=pk)
    return _page(request, report, form)


def _begin(request: HttpRequest, report: SavedReport, form: ScheduleForm) -> bool:
    recipients = list(form.cleaned_data["recipients"])
    try:
        schedule = schedules.begin(
            report, form.when, form.cleaned_data["format"], recipients, by=person_of(request), now=timezone.now()
        )
    except ReportRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    if schedule.next_at:
        first = f"{timezone.localtime(schedule.next_at):%b %-d, %Y at %H:%M}"
        messages.success(request, f"Scheduled. The first files will be made on {first}.")
    return True


def _page(request: HttpRequest, report: SavedReport, form: ScheduleForm) -> HttpResponse:
    rows = [
        (schedule, str(when_of(schedule)), [entry.user.username for entry in schedule.recipients.all()])
        for schedule in _visible(request, report).prefetch_related("recipients__user").order_by("pk")
    ]
    runs = ReportRun.objects.filter(schedule__in=[schedule for schedule, _when, _names in rows])
    context = {
        "report": report,
        "form": form,
        "rows": rows,
        "runs": runs.select_related("export", "user", "schedule").order_by("-due_at", "-pk")[:_MOST_RUNS],
        "zone": settings.TIME_ZONE,
        "kept_days": KEPT_DAYS,
    }
    return render(request, "reports/schedule_list.html", context)


def _visible(request: HttpRequest, report: SavedReport) -> QuerySet[ReportSchedule]:
    """The schedules that the user sees: their own, all of a report of theirs, and all for administrators."""
    user, all_schedules = person_of(request), report.schedules.select_related("by")
    return all_schedules if report.by_id == user.pk or manages_all(user) else all_schedules.filter(by=user)


@require_POST
@may_report
@recorded_form
def act_on_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a schedule, start it again, delete it; or no longer receive what it makes."""
    user, now, do = person_of(request), timezone.now(), request.POST.get("do", "")
    schedule = get_object_or_404(ReportSchedule.objects.select_related("report"), pk=pk)
    if do == "leave":
        get_object_or_404(schedule.recipients, user=user)
        schedules.leave(schedule, user, now=now)
        messages.success(request, f"You will no longer get “{schedule.report.name}” from this schedule.")
        return redirect("report_list")
    if not (user.pk in (schedule.by_id, schedule.report.by_id) or manages_all(user)):
        raise Http404("The schedule is another user's.")
    match do:
        case "stop":
            schedules.stop(schedule, by=user, now=now)
        case "start":
            schedules.start_again(schedule, by=user, now=now)
        case "delete":
            schedules.delete(schedule, by=user, now=now)
        case _:
            raise Http404("There is no such action.")
    if not reports_of(user).filter(pk=schedule.report_id).exists():
        return redirect("report_list")
    return redirect("report_schedules", pk=schedule.report_id)

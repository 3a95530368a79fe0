"""The reports that a user sees: begun, made, shared, copied, deleted."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access.roles import STAFF_ROLES, check_permission
from determinations.browsing.lists import LISTS
from determinations.filters import filters_only
from determinations.filters.lookups import Lookups
from determinations.models import Export, SavedReport, SavedView
from determinations.models.browsing import ListName
from determinations.paging.counts import count_up_to
from determinations.reports import saved
from determinations.reports.definition import Definition, PeriodKind
from determinations.reports.saved import (
    ReportRefused,
    definition_of,
    formats_of,
    may_have,
    readable_definition,
    reports_of,
)
from determinations.reports.schedules import manages_all, received_by, running, when_of
from determinations.statistics.office_catalog import is_open, statistic_of
from determinations.views.access.confirmation import need_confirmation
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.browsing.exports import queue
from determinations.views.browsing.saved_views import views_of
from determinations.views.requests import person_of


def may_report(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For users who may have a report of some kind as a file."""

    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        user = person_of(request)
        if not (may_have(user, "") or may_have(user, ListName.CASES)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@require_safe
@may_report
def report_list(request: HttpRequest) -> HttpResponse:
    """The user's reports and those shared with their role, and what schedules make for the user."""
    user = person_of(request)
    labels = Lookups(user=user).labels
    reports = reports_of(user).annotate(running=Count("schedules", filter=Q(schedules__next_at__isnull=False)))
    rows = [
        (report, stored.in_words(labels) if stored else None, formats_of(report))
        for report, stored in ((report, readable_definition(report)) for report in reports[:200])
    ]
    context = {
        "reports": rows,
        "roles": STAFF_ROLES,
        "views": views_of(user) if may_have(user, ListName.CASES) else (),
        "may_count": may_have(user, ""),
        "received": received_by(user),
        "running": [(schedule, str(when_of(schedule))) for schedule in running()] if manages_all(user) else (),
        "query_string": filters_only(request.GET).urlencode(),
    }
    return render(request, "reports/report_list.html", context)


@require_POST
@may_report
@recorded_form
def begin_report(request: HttpRequest) -> HttpResponse:
    """Begin a report of the selection of a statistics page, or of the rows of a saved view."""
    user, now, view_id = person_of(request), timezone.now(), request.POST.get("view", "")
    try:
        if view_id:
            if not may_have(user, ListName.CASES):
                raise PermissionDenied
            report = saved.of_view(_view_of(request, view_id), by=user, now=now)
        else:
            if not may_have(user, ""):
                raise PermissionDenied
            begun = saved.of_selection(QueryDict(request.POST.get("query", "")))
            if section := request.POST.get("section", ""):
                begun = _of_statistic(request, begun, section)
            report = saved.create(begun, by=user, now=now)
    except ReportRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("report_list")
    tell_of_fixed_period(request, Definition(), definition_of(report))
    return redirect("report_editor", pk=report.pk)


def tell_of_fixed_period(request: HttpRequest, before: Definition, after: Definition) -> None:
    """Say that dates of another selection are those of every report made from now on, and how they move."""
    if after.period is PeriodKind.FIXED and (before.first, before.last) != (after.first, after.last):
        messages.info(
            request,
            "The dates of decision that you selected are fixed: each report has the same ones. For a report that "
            "moves with the day, choose another “Date of decision”, such as “Last full month”, and save it.",
        )


def _of_statistic(request: HttpRequest, begun: Definition, key: str) -> Definition:
    """A report of one statistic alone."""
    statistic = statistic_of(key, Lookups(user=person_of(request)).labels)
    if statistic is None or not is_open(statistic):
        raise Http404("There is no such statistic.")
    return replace(begun, title=statistic.label, sections=(key,))


def _view_of(request: HttpRequest, view_id: str) -> SavedView:
    if not (view_id.isascii() and view_id.isdigit() and len(view_id) < 19):
        raise Http404
    return get_object_or_404(views_of(person_of(request)), pk=int(view_id))


def own_report(request: HttpRequest, pk: int) -> SavedReport:
    """A report that the user may change."""
    return get_object_or_404(reports_of(person_of(request)), pk=pk, by=person_of(request))


@require_POST
@may_report
@recorded_form
def act_on_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a report now, copy it, share it, or delete it."""
    user, now, do = person_of(request), timezone.now(), request.POST.get("do", "")
    report = get_object_or_404(reports_of(user), pk=pk)
    verb, _, form = do.partition(":")
    match verb:
        case "make":
            if form not in formats_of(report):
                raise Http404("There is no such format.")
            try:
                export = saved.export_for(report, form, by=user, now=now, on=timezone.localdate(now))
            except ReportRefused as refusal:
                messages.error(request, str(refusal))
                return redirect("report_list")
            _confirm_if_long(request, export)
            queue(request, export)
            messages.info(request, f"“{report.name}” is being prepared. It will appear here when it is ready.")
            return redirect("export_list")
        case "copy":
            try:
                copy = saved.create(definition_of(report), by=user, now=now, list_name=report.list_name)
            except ReportRefused as refusal:
                messages.error(request, str(refusal))
                return redirect("report_list")
            return redirect("report_editor", pk=copy.pk)
        case "share":
            _share(request, own_report(request, pk))
        case "delete":
            saved.delete(own_report(request, pk), by=user, now=now)
            messages.success(request, f"“{report.name}” was deleted, with its schedules.")
        case _:
            raise Http404("There is no such action.")
    return redirect("report_list")


def _confirm_if_long(request: HttpRequest, export: Export) -> None:
    """Ask who the user is before many rows of a list become a file, as every long export does."""
    kind, most = LISTS.get(export.list_name), settings.CONFIRM_EXPORT_ROWS
    if kind is None or not most:
        return
    count = count_up_to(kind.filterset(QueryDict(export.query), by=export.by).qs, cap=most)
    if count.capped or count.number > most:
        need_confirmation(request)


def _share(request: HttpRequest, report: SavedReport) -> None:
    user, role = person_of(request), request.POST.get("role", "")
    check_permission(user, "work_cases")
    if role not in (*STAFF_ROLES, ""):
        raise Http404("There is no such role.")
    saved.share(report, role, by=user, now=timezone.now())
    said = f"shared with the role {role}" if role else "no longer shared"
    messages.success(request, f"“{report.name}” is {said}.")

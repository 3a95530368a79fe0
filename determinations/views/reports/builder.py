"""The report builder: sections in order, filters, period, title and cover note; and the preview."""

from collections.abc import Sequence
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from determinations.browsing.lists import LISTS
from determinations.filters import filters_in_words, filters_only
from determinations.filters.lookups import Lookups
from determinations.filters.moving_dates import MOVING, as_of, saved_in_words, still_moving
from determinations.models import SavedReport
from determinations.paging.addresses import changed, with_query
from determinations.reports import saved
from determinations.reports.definition import MOST_SECTIONS, Definition
from determinations.reports.exported import counted
from determinations.reports.forms import ReportForm, RowsForm, rearranged, sections_of
from determinations.reports.saved import ReportRefused, definition_of, formats_of, readable_definition, reports_of
from determinations.reports.special_sections import SPECIAL_SECTIONS
from determinations.statistics.office_catalog import all_groups, all_statistics, is_open
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.browsing.saved_views import views_of
from determinations.views.reports.saved_reports import may_report, own_report, tell_of_fixed_period
from determinations.views.requests import person_of
from determinations.views.statistics.context import selection_form_url
from determinations.views.typed_forms import restored
from determinations.wording.labels import Labels

_SPECIAL = "Whole selection"


@require_http_methods(["GET", "HEAD", "POST"])
@may_report
@recorded_form
def report_editor(request: HttpRequest, pk: int) -> HttpResponse:
    """The builder of one report. Each button saves what was typed; sections move up and down by buttons."""
    report = own_report(request, pk)
    definition = _stored_definition(request, report)
    kind = RowsForm if report.list_name else ReportForm
    kept = restored(request)
    if request.method != "POST" and kept is None:
        return _page(request, report, definition, kind.showing(definition))
    post = kept if kept is not None else request.POST
    form, do = kind(post), post.get("do", "")
    sections = [] if report.list_name else sections_of(post)
    arranged = rearranged(sections, do, post.get("added", ""))
    edited = replace(definition, sections=tuple(arranged))
    if kept is not None or not form.is_valid():
        return _page(request, report, edited, form)
    edited = form.applied_to(edited)
    if do == "take_view":
        edited = _with_view(request, edited, post.get("view", ""))
    try:
        saved.change(report, edited, by=person_of(request), now=timezone.now())
    except ReportRefused as refusal:
        form.add_error("title", str(refusal))
        return _page(request, report, edited, form)
    return _next_page(request, report, edited, do)


def _stored_definition(request: HttpRequest, report: SavedReport) -> Definition:
    """What the report has; if that cannot be read, an empty one under its title, with a message that says so."""
    stored = readable_definition(report)
    if stored is not None:
        return stored
    if request.method != "POST":
        messages.warning(
            request, "What is stored of this report cannot be read. Choose its content and period again, and save it."
        )
    return Definition(title=report.name, sections=())


def _with_view(request: HttpRequest, definition: Definition, view_id: str) -> Definition:
    if not (view_id.isascii() and view_id.isdigit() and len(view_id) < 19):
        return definition
    view = get_object_or_404(views_of(person_of(request)), pk=int(view_id))
    messages.success(request, f"The filters of “{view.name}” were copied.")
    stored = QueryDict(view.query)
    query = changed(filters_only(stored), {MOVING: stored.getlist(MOVING)})
    copied = definition.of_selection(_in_order_of(definition, query))
    tell_of_fixed_period(request, definition, copied)
    return copied


def _in_order_of(definition: Definition, query: QueryDict) -> QueryDict:
    """Filters with the order that the rows of a report have."""
    return changed(query, {"sort": QueryDict(definition.query).getlist("sort")})


def _next_page(request: HttpRequest, report: SavedReport, definition: Definition, do: str) -> HttpResponse:
    match do.partition(":")[0]:
        case "filters":
            target = reverse("report_filters", args=[report.pk])
            query = as_of(QueryDict(definition.query), timezone.localdate())
            return redirect(selection_form_url(target, query))
        case "preview":
            return redirect(_preview_url(report, definition))
        case "up" | "down" | "remove" | "add":
            return redirect(f"{reverse('report_editor', args=[report.pk])}?{urlencode({'moved': do})}")
    messages.success(request, "Saved.")
    return redirect("report_editor", pk=report.pk)


def _preview_url(report: SavedReport, definition: Definition) -> str:
    if not report.list_name:
        return reverse("report_preview", args=[report.pk])
    return with_query(reverse(LISTS[report.list_name].url_name), definition.on(timezone.localdate()).filters)


def _page(request: HttpRequest, report: SavedReport, definition: Definition, form: ReportForm) -> HttpResponse:
    labels = Lookups(user=person_of(request)).labels
    groups = _offered(labels)
    names = {key: label for _group, members in groups for key, label in members}
    sections = [(key, names.get(key, "A section that you may not see")) for key in definition.sections]
    chosen = set(definition.sections)
    left = [(group, [member for member in members if member[0] not in chosen]) for group, members in groups]
    verb, _, moved = request.GET.get("moved", "").partition(":")
    return render(
        request,
        "reports/report_editor.html",
        {
            "report": report,
            "form": form,
            "sections": sections,
            "left": [(group, members) for group, members in left if members],
            "full": len(sections) >= MOST_SECTIONS,
            "filters": saved_in_words(QueryDict(definition.query), labels),
            "views": views_of(person_of(request)),
            "formats": formats_of(report),
            "focus": _focus(sections, verb, moved),
            "said": _said(names.get(moved, ""), verb, [key for key, _label in sections], moved),
        },
    )


def _offered(labels: Labels) -> list[tuple[str, list[tuple[str, str]]]]:
    """The sections to choose from, in groups: key and name."""
    groups = [(_SPECIAL, [(key, label) for key, (label, _build) in SPECIAL_SECTIONS.items()])]
    statistics = [statistic for statistic in all_statistics(labels) if is_open(statistic)]
    for group in all_groups(labels):
        groups.append((group, [(member.key, member.label) for member in statistics if member.group == group]))
    return groups


def _focus(sections: Sequence[tuple[str, str]], verb: str, moved: str) -> str:
    """The button that has the focus after a section moved: the same one, so that it can be pressed again."""
    keys = [key for key, _label in sections]
    if moved not in keys:
        return "add" if verb else ""
    at = keys.index(moved)
    usable = {"up": at > 0, "down": at < len(keys) - 1}
    if verb in usable and not usable[verb]:
        verb = "down" if verb == "up" else "up"
    return f"{verb}:{moved}"


def _said(label: str, verb: str, keys: Sequence[str], moved: str) -> str:
    """What happened, for screen readers."""
    if verb in ("up", "down") and moved in keys:
        return f"{label} is now number {keys.index(moved) + 1} of {len(keys)}."
    return {"remove": f"{label} was removed.", "add": "The section was added."}.get(verb, "")


@require_http_methods(["GET", "HEAD", "POST"])
@may_report
@recorded_form
def report_filters(request: HttpRequest, pk: int) -> HttpResponse:
    """Filters that were chosen for a report: shown in words, and stored when the user confirms them."""
    report = own_report(request, pk)
    if request.method == "POST":
        before, now = _stored_definition(request, report), timezone.now()
        query = filters_only(QueryDict(request.POST.get("query", "")))
        query = still_moving(QueryDict(before.query), query, timezone.localdate(now))
        definition = before.of_selection(_in_order_of(before, query))
        saved.change(report, definition, by=person_of(request), now=now)
        messages.success(request, "The filters were saved.")
        tell_of_fixed_period(request, before, definition)
        return redirect("report_editor", pk=pk)
    query = filters_only(request.GET)
    labels = Lookups(user=person_of(request)).labels
    context = {"report": report, "filters": filters_in_words(query, labels), "query_string": query.urlencode()}
    return render(request, "reports/report_filters.html", context)


@require_safe
@may_report
def report_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A report of statistics with its numbers, as the user would get it now."""
    user = person_of(request)
    report = get_object_or_404(reports_of(user), pk=pk)
    if report.list_name:
        raise Http404("A report of rows is its list.")
    try:
        definition = definition_of(report)
    except ReportRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("report_list")
    contents = counted(definition, user, now=timezone.now())
    context = {"report": report, "contents": contents, "formats": formats_of(report)}
    return render(request, "reports/report_preview.html", {**context, "is_own": report.by_id == user.pk})

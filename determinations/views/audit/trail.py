"""The audit trail: searched by user, action, case, address and time, and exported."""

from datetime import datetime, time, timedelta
from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access import audit
from determinations.audit import alerts, retention, upkeep
from determinations.audit.trail import NEWEST_FIRST, Criteria, action_choices, entries_of, events_visible_to, matching
from determinations.cases.typed_numbers import read_number_or_start
from determinations.models import Case
from determinations.paging.addresses import changed, with_query
from determinations.paging.counts import count_up_to, whole_number
from determinations.paging.keyset import page_of
from determinations.views.access.confirmation import is_resumed, need_confirmation
from determinations.views.audit.tables import FORMATS, MOST_IN_EXCEL, NOT_IN_EXCEL, events_file
from determinations.views.requests import person_of

may_view = permission_required("determinations.view_audit_trail", raise_exception=True)
_DAY = forms.DateInput(attrs={"type": "date"})


class CriteriaForm(forms.Form):
    """What to look for."""

    person = forms.CharField(label="User", max_length=150, required=False)
    action = forms.ChoiceField(label="Action", required=False)
    case = forms.CharField(label="Case or letter ID", max_length=40, required=False)
    address = forms.GenericIPAddressField(label="Address", required=False)
    since = forms.DateField(label="From", required=False, widget=_DAY)
    until = forms.DateField(label="To", required=False, widget=_DAY)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        choice = cast(forms.ChoiceField, self.fields["action"])
        choice.choices = [("", "All actions"), *action_choices()]

    def criteria(self) -> Criteria:
        """The valid criteria; a day means all of it, in the office's time zone."""
        typed = self.cleaned_data
        until = typed.get("until")
        return Criteria(
            person=typed.get("person", ""),
            action=typed.get("action", ""),
            letters=_letters(typed["case"]) if typed.get("case") else None,
            address=typed.get("address", ""),
            since=_start_of(typed.get("since")),
            until=_start_of(until + timedelta(days=1)) if until and until.year < 9999 else None,
        )


def _start_of(day: datetime | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day and day.year > 1 else None


def _letters(typed: str) -> list[int]:
    """The letters of a case number, or the letter with this ID, which may have been removed."""
    number = whole_number(typed.strip())
    of_number = Case.objects.filter(case_number=read_number_or_start(typed) or typed.strip())
    return [*([number] if number is not None else []), *of_number.values_list("pk", flat=True)[:100]]


@require_safe
@may_view
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Events, newest first."""
    form = CriteriaForm(request.GET)
    is_valid = form.is_valid()
    user, now = person_of(request), timezone.now()
    events = events_visible_to(user)
    events = matching(events, form.criteria()) if is_valid else events.none()
    page = page_of(events, NEWEST_FIRST, request.GET)
    count = count_up_to(events)
    audit.note(request, "list.viewed", list="audit trail", query=request.GET.urlencode()[:2_000], rows=len(page.rows))
    since = retention.keep_since(now)
    context = {
        "form": form,
        "page": page,
        "entries": list(entries_of(page.rows)),
        "count": count,
        "filtered": any(request.GET.get(name) for name in form.fields),
        "query": changed(request.GET, without=("after", "before")).urlencode(),
        "trail": upkeep.standing(now),
        "alerts": alerts.open_alerts().count(),
        "keep_since": since,
        "must_retire": since is not None and retention.is_due(since) and not retention.may_retire(),
        "most_in_excel": MOST_IN_EXCEL,
    }
    return render(request, "audit/trail.html", context, status=200 if is_valid else 422)


@require_POST
@may_view
def export_trail(request: HttpRequest) -> HttpResponseBase:
    """The events of a search as CSV or Excel."""
    query, form = QueryDict(request.POST.get("query", "")), request.POST.get("format", "")
    criteria = CriteriaForm(query)
    back = with_query(reverse("audit"), query)
    if form not in FORMATS or not criteria.is_valid():
        messages.error(request, "Nothing was exported: the search is not valid.")
        return redirect(back)
    events = matching(events_visible_to(person_of(request)), criteria.criteria())
    count = count_up_to(events, cap=MOST_IN_EXCEL)
    if count.capped and form == "xlsx":
        messages.error(request, NOT_IN_EXCEL.format(most=MOST_IN_EXCEL))
        return redirect(back)
    if settings.CONFIRM_EXPORT_ROWS and count.number > settings.CONFIRM_EXPORT_ROWS:
        need_confirmation(request)
    if is_resumed(request):
        messages.info(request, "Thank you. Choose the export again.")
        return redirect(back)
    rows = events.order_by().count() if count.capped else count.number
    audit.note(request, "audit.exported", query=query.urlencode()[:2_000], format=form, rows=rows)
    return events_file(events, form, "audit-trail")

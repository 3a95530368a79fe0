"""Alerts: what they say, the events behind them, and closing them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from determinations.audit import alerts
from determinations.models import AlertKind, AuditAlert
from determinations.paging.counts import whole_number
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.audit.trail import may_view
from determinations.views.requests import person_of

_MOST = 200
_GROUPS = {AlertKind.VIEWING: "Viewing", AlertKind.EXPORT: "Exports"}


@require_http_methods(["GET", "HEAD", "POST"])
@may_view
@recorded_form
def audit_alerts(request: HttpRequest) -> HttpResponse:
    """Alerts, the open ones first; ``POST`` closes one."""
    if request.method == "POST":
        alert = get_object_or_404(AuditAlert, pk=whole_number(request.POST.get("alert", "")) or 0)
        alerts.close(alert, by=person_of(request), at=timezone.now())
        messages.success(request, "The alert was closed.")
        return redirect("audit_alerts")
    closed = AuditAlert.objects.exclude(closed_at=None).order_by("-pk")[:_MOST]
    context = {
        "open": [(alert, alerts.in_words(alert), _events_of(alert)) for alert in alerts.open_alerts()[:_MOST]],
        "closed": [(alert, alerts.in_words(alert), _events_of(alert)) for alert in closed],
    }
    return render(request, "audit/alerts.html", context)


def _events_of(alert: AuditAlert) -> str:
    """The address of the events that led to the alert; empty if it is not about a user."""
    if not alert.by_id:
        return ""
    day = timezone.localdate(alert.at).isoformat()
    first = timezone.localdate(alert.at - alerts.DAY if alert.hours > 1 else alert.at - alerts.HOUR).isoformat()
    query = {"person": alert.by_name, "action": _GROUPS[AlertKind(alert.kind)], "since": first, "until": day}
    return f"{reverse('audit')}?{urlencode(query)}"

"""Health checks, for monitoring and load balancers: they need no session, and answer while everything else is down.

They are answered before other middleware, which may need the database, a host name that is ours, or TLS.
"""

import time
from collections.abc import Callable, Mapping

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from determinations.operations import metrics
from determinations.operations.findings import Finding, Level
from determinations.operations.making_checks import of_database, of_readiness
from imrsite.middleware import client_address, route_of

Answer = Callable[[HttpRequest], HttpResponse]
#: Seconds until a health check answers, whatever does not.
PATIENCE = 2.0


@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Whether this process answers at all: if not, restart it."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Every check as JSON; 503 if any fails. With ``?of=web``, only those that the web server itself needs."""
    findings = of_readiness.ask(PATIENCE)
    if request.GET.get("of") == "web":
        findings = {check.code: findings[check.code] for check in of_readiness.checks if check.web}
    return _as_json(findings)


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """``ok`` if the database answers; the address that monitoring has always used."""
    if of_database.ask(PATIENCE)["database"].level is Level.OK:
        return HttpResponse("ok", content_type="text/plain")
    return HttpResponse("the database does not answer", status=503, content_type="text/plain")


@login_not_required
@require_safe
def read_metrics(request: HttpRequest) -> HttpResponse:
    """Metrics for Prometheus; not found for whoever may not read them."""
    authorization = request.headers.get("Authorization", "")
    if not metrics.may_read(authorization, client_address(request)):
        return HttpResponseNotFound("not found", content_type="text/plain")
    return HttpResponse(metrics.metrics_text(), content_type=CONTENT_TYPE_LATEST)


def _as_json(findings: Mapping[str, Finding]) -> JsonResponse:
    """States alone: the words are for the status page, since anyone may ask."""
    is_ready = all(finding.level in (Level.OK, Level.WARNING) for finding in findings.values())
    checks = {code: str(finding.level) for code, finding in findings.items()}
    return JsonResponse({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)


_PROBES: Mapping[str, Answer] = {
    "/health/": health,
    "/health/live": live,
    "/health/ready": ready,
    "/metrics": read_metrics,
}


def answer_probes(get_response: Answer) -> Answer:
    """Answer health checks and metrics at once; count other requests if metrics are read."""

    def answer(request: HttpRequest) -> HttpResponse:
        if probe := _PROBES.get(request.path_info):
            response = probe(request)
            response.headers["Content-Length"] = str(len(response.content))
            response.headers["Cache-Control"] = "no-store"
            response.headers["Content-Security-Policy"] = settings.CONTENT_SECURITY_POLICY
            response.headers["X-Content-Type-Options"] = "nosniff"
            return response
        if not settings.COUNTS_METRICS:
            return get_response(request)
        began = time.perf_counter()
        response = get_response(request)
        metrics.count_request(
            request.method or "", route_of(request), response.status_code, time.perf_counter() - began
        )
        return response

    return answer

"""The state of the installation in words, for administrators."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from determinations.models import Alarm, BackupRecord
from determinations.operations.alarms import label_of
from determinations.operations.figures import Figures, figures_kept, messages_waiting
from determinations.operations.findings import Check, Finding, Level
from determinations.operations.hosts import Part, parts
from determinations.operations.making_checks import of_everything
from determinations.reading.worker_list import RunningWorker, program_versions, running_workers
from determinations.wording.states import STATES

#: Seconds that the page waits for checks.
_PATIENCE = 3.0
_SHOWN = 20
#: Figures are counted every minute.
_OLD = timedelta(minutes=5)
_WORST_FIRST = (Level.FAILING, Level.UNKNOWN, Level.WARNING, Level.OK)
_WORDS = {Level.OK: "Fine", Level.WARNING: "Note", Level.FAILING: "Failing", Level.UNKNOWN: "Unknown"}


@dataclass(frozen=True, slots=True)
class Row:
    """A check as the page lists it."""

    check: Check
    finding: Finding
    word: str
    since: datetime | None


@require_safe
@permission_required("determinations.see_operations", raise_exception=True)
def status(request: HttpRequest) -> HttpResponse:
    """All checks, what waits, workers, alarms and backups."""
    findings = of_everything.ask(_PATIENCE)
    since = dict(Alarm.objects.filter(resolved_at=None).values_list("code", "since"))
    rows = [
        Row(check, findings[check.code], _WORDS[findings[check.code].level], since.get(check.code))
        for check in of_everything.checks
    ]
    figures = figures_kept()
    workers = _workers()
    now = timezone.now()
    context = {
        "rows": sorted(rows, key=lambda row: _WORST_FIRST.index(row.finding.level)),
        "failing": sum(row.finding.level is Level.FAILING for row in rows),
        "unknown": sum(row.finding.level is Level.UNKNOWN for row in rows),
        "figures": figures,
        "waits_since": figures.oldest_waiting if figures else None,
        "figures_are_old": figures is not None and now - figures.counted_at > _OLD,
        "states": _states(figures),
        "queues": messages_waiting(),
        "workers": workers,
        "hosts": _hosts(workers),
        "versions": program_versions(),
        "alarms": [(label_of(alarm.code), alarm) for alarm in Alarm.objects.order_by("-since")[:_SHOWN]],
        "backups": BackupRecord.objects.order_by("-started_at")[:_SHOWN],
    }
    return render(request, "operations/status.html", context)


def _states(figures: Figures | None) -> list[tuple[str, str, int]]:
    if figures is None:
        return []
    return [(state, words.label, count) for state, words in STATES.items() if (count := figures.letters.get(state, 0))]


def _hosts(workers: list[RunningWorker]) -> list[tuple[str, list[Part]]]:
    """What runs on each host."""
    try:
        return [(host, list(of_host)) for host, of_host in groupby(parts(workers), key=lambda part: part.host)]
    except RedisError:
        return []


def _workers() -> list[RunningWorker]:
    try:
        return running_workers()
    except (RedisError, DatabaseError):
        return []

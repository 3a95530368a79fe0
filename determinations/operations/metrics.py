"""Figures for monitoring, in the format of Prometheus.

Labels are states, routes, queues and checks alone: no person, no letter, no address, and so a bounded number of
series. Each web process counts its requests; with several, they meet in ``PROMETHEUS_MULTIPROC_DIR``, which
``gunicorn.conf.py`` sets. What workers count comes from the cache's server.
"""

import hmac
import ipaddress
import os
import time
from collections.abc import Iterator

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from determinations.operations.counters import letters_counted
from determinations.operations.figures import figures_kept, messages_waiting
from determinations.operations.findings import Level
from determinations.operations.making_checks import of_readiness
from determinations.reading.worker_list import program_versions, running_workers

Metric = GaugeMetricFamily | CounterMetricFamily | HistogramMetricFamily

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
#: Seconds that a scrape waits for checks.
_PATIENCE = 2.0
_requests = Counter(
    "imrsite_http_requests", "Requests by route and status.", ("method", "route", "status"), registry=None
)
_seconds = Histogram(
    "imrsite_http_request_seconds", "Seconds per request by route.", ("route",), registry=None,
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0),
)  # fmt: skip


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request."""
    _requests.labels(method if method in METHODS else "other", route, str(status)).inc()
    _seconds.labels(route).observe(seconds)


def metrics_text() -> bytes:
    """Everything, as Prometheus reads it."""
    registry = CollectorRegistry(auto_describe=False)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    else:
        registry.register(_requests)
        registry.register(_seconds)
    registry.register(_State())
    return generate_latest(registry)


class _State(Collector):
    """The state of the installation at this moment."""

    def collect(self) -> Iterator[Metric]:
        """The metrics, as far as they can be known."""
        yield from _checks()
        yield from _letters()
        yield from _counted_by_workers()
        version, parser_version, migration = program_versions()
        build = GaugeMetricFamily("imrsite_build", "The program.", labels=("version", "parser", "migration"))
        build.add_metric((version, parser_version, migration), 1)
        yield build


def _checks() -> Iterator[Metric]:
    findings = of_readiness.ask(_PATIENCE)
    up = GaugeMetricFamily("imrsite_up", "Whether it answers.", labels=("part",))
    for part in ("database", "broker", "cache"):
        up.add_metric((part,), findings[part].level is Level.OK)
    yield up
    ok = GaugeMetricFamily("imrsite_check_ok", "Whether a check finds all well.", labels=("check",))
    for code, finding in findings.items():
        ok.add_metric((code,), finding.level is Level.OK)
    yield ok
    try:
        workers = GaugeMetricFamily("imrsite_workers", "Workers that run.")
        workers.add_metric((), len(running_workers()))
        yield workers
    except RedisError:
        return


def _letters() -> Iterator[Metric]:
    queued = GaugeMetricFamily("imrsite_queue_messages", "Messages that wait in the broker.", labels=("queue",))
    for queue, count in messages_waiting().items():
        queued.add_metric((queue,), count)
    yield queued
    figures = figures_kept()
    if figures is None:
        return
    now = time.time()
    letters = GaugeMetricFamily("imrsite_letters", "Letters by state.", labels=("state",))
    for state, count in figures.letters.items():
        letters.add_metric((state,), count)
    yield letters
    waits = figures.oldest_waiting
    yield _gauge(
        "imrsite_oldest_waiting_seconds", "Age of the open letter that was received first; 0 if none waits.",
        now - waits.timestamp() if waits else 0.0,
    )  # fmt: skip
    if figures.swept_at:
        yield _gauge("imrsite_sweep_age_seconds", "Since the last sweep.", now - figures.swept_at.timestamp())
    yield _gauge("imrsite_figures_age_seconds", "Since letters were counted.", now - figures.counted_at.timestamp())


def _counted_by_workers() -> Iterator[Metric]:
    try:
        states, buckets, total = letters_counted()
    except RedisError:
        return
    ended = CounterMetricFamily("imrsite_letters_ended", "Letters that workers read, by state.", labels=("state",))
    for state, count in sorted(states.items()):
        ended.add_metric((state,), count)
    yield ended
    seconds = HistogramMetricFamily("imrsite_letter_seconds", "Seconds of a worker per letter, averaged by message.")
    seconds.add_metric((), buckets, total)
    yield seconds


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text)
    gauge.add_metric((), max(0.0, value))
    return gauge


def may_read(authorization: str, client: str) -> bool:
    """Whether this request may read the metrics: by token, by address, or both where both are set."""
    if not settings.COUNTS_METRICS:
        return False
    token = authorization.removeprefix("Bearer ")
    if settings.METRICS_TOKEN and not hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
        return False
    if not settings.METRICS_ADDRESSES:
        return True
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_ADDRESSES)

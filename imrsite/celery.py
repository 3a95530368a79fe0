"""Celery: how tasks travel and run.

The database row is the source of truth and messages contain IDs only, so a lost or duplicated message does no harm:
the sweep queues stale work again, and a task whose work is already done returns.

A worker takes from ``interactive`` first, then from ``pictures``, and from ``bulk`` only if both are empty: what a
user is waiting for overtakes an import at the next free slot, and no slot is idle while any has work. Recognizing
scans takes seconds per page, so they have the queue ``scans`` and a worker of their own. A worker started without
``--queues`` or ``--exclude-queues`` serves all four, and scans can then delay other letters.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, heartbeat_sent, worker_init, worker_shutting_down
from django.conf import settings
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
# As --skip-checks sets it: a worker would run Django's checks, which load every view, and ignore what they say.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")

INTERACTIVE, PICTURES, BULK, SCANS = "interactive", "pictures", "bulk", "scans"

app = Celery("imrsite", amqp="imrsite.broker:PersistentAMQP")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_backend=None,
    task_ignore_result=True,
    task_queues=[Queue(INTERACTIVE), Queue(PICTURES), Queue(BULK), Queue(SCANS)],
    task_default_queue=INTERACTIVE,
    task_create_missing_queues=False,
    broker_transport_options={
        "queue_order_strategy": "priority",  # always in the order of task_queues
        "visibility_timeout": 3600,  # seconds; longer than any task may run, or it would be delivered twice
        "socket_timeout": 15,
        "socket_connect_timeout": 5,
        **settings.BROKER_KEEPALIVE,
    },
    broker_connection_retry_on_startup=True,
    # A task is acknowledged when it is done; one whose process was killed is redelivered. The row counts attempts.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_pool="prefork",  # pdfium is not thread-safe
    worker_max_tasks_per_child=500,
    worker_max_memory_per_child=1_000_000,  # KiB
    worker_cancel_long_running_tasks_on_connection_loss=True,
    task_soft_time_limit=300,
    task_time_limit=330,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="America/Los_Angeles",
    # Expiry is worked out from two clocks, which may differ by minutes: a short one would drop every sweep. Instead,
    # a sweep that follows another too soon returns.
    beat_schedule={
        "queue stale letters again": {
            "task": "determinations.tasks.sweep",
            "schedule": 10.0,
            "kwargs": {"unless_swept_within": 5.0},
            "options": {"queue": INTERACTIVE, "expires": 3600},
        },
        "keep the audit trail": {
            "task": "determinations.tasks.keep_audit_trail",
            "schedule": 10.0,
            "options": {"queue": INTERACTIVE, "expires": 3600},
        },
        "keep the column file": {
            "task": "determinations.tasks.keep_column_file",
            "schedule": 10.0,
            "options": {"queue": BULK, "expires": 3600},
        },
        "tidy": {
            "task": "determinations.tasks.tidy",
            "schedule": 60.0,
            "options": {"queue": INTERACTIVE, "expires": 3600},
        },
    },
)
app.autodiscover_tasks(["determinations"])


@heartbeat_sent.connect
def note_running_worker(sender: Any, **details: Any) -> None:
    """Record the heartbeat that a running worker sends every two seconds; letters need one that not only scans."""
    from determinations.reading.worker_list import report_worker
    from determinations.reading.workers import note_worker

    report_worker(sender.eventer.hostname, app.amqp.queues.consume_from)
    if INTERACTIVE in app.amqp.queues.consume_from:
        note_worker()


@beat_init.connect
def report_scheduler(**details: object) -> None:
    from determinations.operations.hosts import SCHEDULER, report_until_exit

    report_until_exit(SCHEDULER)


@worker_init.connect
def warm_up(**details: object) -> None:
    """Build rules and load data before the worker forks: its processes share them, and no first letter waits."""
    from django.utils import timezone

    from determinations.reading.warming import warm_up

    warm_up(timezone.localdate())


@worker_shutting_down.connect
def forget_stopped_worker(sender: str, **details: Any) -> None:
    from determinations.reading import worker_list
    from determinations.reading.workers import forget_worker

    worker_list.forget_worker(sender)
    if INTERACTIVE in app.amqp.queues.consume_from:
        forget_worker()

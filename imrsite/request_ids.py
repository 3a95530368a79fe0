"""One ID for everything that a request causes: its log lines, and those of the tasks that it queues."""

import re
import secrets
from contextvars import ContextVar
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

HEADER = "X-Request-ID"
_USABLE = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The ID of the request that is being answered, or that queued the running task; empty for none."""
    return _current.get()


def begin_request(from_proxy: str) -> str:
    """Take the ID that the proxy gave, or make one; returns it."""
    request_id = from_proxy if _USABLE.fullmatch(from_proxy) else secrets.token_hex(8)
    _current.set(request_id)
    return request_id


def end_request() -> None:
    """What is logged now belongs to no request."""
    _current.set("")


@before_task_publish.connect
def _send_with_task(headers: dict[str, Any], **details: Any) -> None:
    if request_id := current_request_id():
        headers["request_id"] = request_id


@task_prerun.connect
def _take_from_task(task: Any, **details: Any) -> None:
    _current.set(str(task.request.get("request_id") or ""))


@task_postrun.connect
def _forget_task(**details: Any) -> None:
    _current.set("")

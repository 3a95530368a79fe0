"""The web server in production; a proxy in front of it terminates TLS.

Slow clients occupy no thread, and bodies are refused by their length before they are read; the limits are in
``imrsite/serving/``. If metrics are read, the processes count requests in a folder that they share.
"""

import os
import shutil
import tempfile
from typing import Any

from imrsite.serving.reporting import post_worker_init, worker_exit  # noqa: F401 - gunicorn's hooks

_IN_MEMORY = "/dev/shm"  # noqa: S108 - a heartbeat file on disk can stall
bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_PROCESSES", "2"))
worker_class = "imrsite.serving.worker.BufferedWorker"
threads = 8
timeout = 120  # seconds
graceful_timeout = 30
worker_tmp_dir = _IN_MEMORY
control_socket_disable = True
forwarded_allow_ips = os.environ.get("PROXY_ADDRESSES", "127.0.0.1")
accesslog = None  # addresses contain what users searched for

if os.environ.get("METRICS_TOKEN") or os.environ.get("METRICS_ADDRESSES"):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="imrsite-metrics-", dir=_IN_MEMORY)


def child_exit(server: Any, worker: Any) -> None:
    """A worker process has ended: what it counted stays in the sums."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """The server has ended, and its counts with it."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)

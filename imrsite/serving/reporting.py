"""Hooks of gunicorn: each process of the web server reports its host for as long as it serves."""

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

_ends = threading.Event()


def post_worker_init(worker: "Worker") -> None:
    """A process serves from now on."""
    from determinations.operations.hosts import WEB_SERVER, keep_reporting

    keep_reporting(WEB_SERVER, _ends)


def worker_exit(server: "Arbiter", worker: "Worker") -> None:
    """A process ends. If others of this host go on serving, they report again within seconds."""
    if worker.pid != os.getpid():
        return  # it is dead, and this is the process that supervises
    from determinations.operations.hosts import WEB_SERVER, forget

    _ends.set()
    forget(WEB_SERVER)

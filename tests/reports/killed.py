"""Runs the steps of a scheduled report, each in a process that is killed in the middle of it.

    python -m tests.reports.killed NOW

Prints how many exports and runs are stored after each.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from unittest import mock

import django

django.setup()

from django.db import connection  # noqa: E402 - after Django is set up

from determinations.browsing import exports  # noqa: E402 - after Django is set up
from determinations.models import Export, ReportRun  # noqa: E402 - after Django is set up
from determinations.reports import exported  # noqa: E402 - after Django is set up
from determinations.tasks import user_requests  # noqa: E402 - after Django is set up


def die(*args: object, **named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], object], target: object, name: str) -> None:
    """Run the work in a child that dies where it calls the function ``name`` of ``target``."""
    child = os.fork()
    if child == 0:
        with mock.patch.object(target, name, die):
            work()
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child was not killed"
    states = sorted(Export.objects.values_list("state", flat=True))
    print(ReportRun.objects.count(), *states, flush=True)
    connection.close()  # the next child has a connection of its own


def main(now: datetime) -> None:
    clock = mock.patch.object(user_requests, "database_now", return_value=now)
    with clock:
        killed(user_requests.make_due_reports, ReportRun.objects, "create")  # within the transaction
        killed(user_requests.make_due_reports, user_requests, "send_export")  # stored, not sent
        first, second = Export.objects.order_by("pk").values_list("pk", flat=True)
        connection.close()
        killed(lambda: user_requests.write_export(first), exported, "as_pdf")  # while it is written
        killed(
            lambda: user_requests.write_export(second), exports, "record_of_file"
        )  # the file stands, its row says writing


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]))

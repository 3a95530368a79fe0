"""Runs the steps of a task that has many: one that fails stops no other, and the task fails at its end."""

import logging
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from determinations.operations.failed_steps import note_failed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a task; ``name`` says on the status page what it does. It is left out unless ``when`` says so."""

    name: str
    run: Callable[[], object]
    when: Callable[[], object] | None = None


class StepsFailed(Exception):
    """Steps of a task failed. The log says where each of them did."""


def run_steps(task: str, steps: Iterable[Step]) -> None:
    """Run all steps. Raises :class:`StepsFailed` if any of them failed.

    A step that takes longer than a task may fails like any other. A connection that broke is replaced.
    """
    faults: list[tuple[str, str]] = []
    for step in steps:
        try:
            if step.when is None or step.when():
                step.run()
        except Exception as fault:
            # Its message may hold what a row says: only the class and the places in the code are told.
            where = "".join(traceback.format_tb(fault.__traceback__))
            log.error("A step of %s failed: %s (%s).\n%s", task, step.name, type(fault).__name__, where)
            faults.append((step.name, type(fault).__name__))
            connection.close_if_unusable_or_obsolete()
    note_failed(task, faults, now=timezone.now())
    if faults:
        raise StepsFailed(f"{task}: {', '.join(f'{name} ({fault})' for name, fault in faults)}")

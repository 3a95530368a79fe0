"""Checks of the processes that work in the background, and of what they do with letters."""

from collections import Counter
from datetime import timedelta

from determinations.models import Letter, LetterState
from determinations.models.clock import database_now
from determinations.operations.findings import Finding, Level
from determinations.operations.hosts import parts
from determinations.reading.breaker import ALIKE
from determinations.reading.readiness import stopped_workers, sweep_state
from determinations.reading.worker_list import running_workers
from determinations.reading.workers import WorkerState, swept_lately, worker_state

#: Letters set aside alike within this time raise an alarm.
_ALIKE_WITHIN = timedelta(hours=1)
#: The newest letters set aside that are looked at.
_NEWEST = 200


def sweep() -> Finding:
    """Whether stale work is requeued."""
    state = sweep_state()
    if (state.swept_at is None and swept_lately()) or not state.is_late:
        return Finding(Level.OK, "Interrupted work is sent again six times a minute.")
    when = "has never run" if state.swept_at is None else f"last ran at {state.swept_at:%Y-%m-%d %H:%M} UTC"
    return Finding(
        Level.FAILING,
        f"The sweep {when}.",
        "Start the scheduler (celery beat), and a worker that takes its tasks. It goes on by itself.",
    )


def worker() -> Finding:
    """Whether letters have a worker."""
    state = worker_state()
    if state is WorkerState.STARTS:
        return Finding(Level.OK, "A worker is starting.")
    if state is WorkerState.AWAY:
        return Finding(
            Level.FAILING,
            "No worker is running.",
            "Start one (celery worker), or see its log if it should be running. Uploaded letters keep their place.",
        )
    return Finding(Level.OK, "A worker is running.")


def reading() -> Finding:
    """Whether a worker has stopped reading letters, and why."""
    stopped = stopped_workers()
    if not stopped:
        return Finding(Level.OK, "No worker reports a reason to stop.")
    reason = stopped[0].reasons[0] if stopped[0].reasons else {"what": "It gives no reason.", "remedy": ""}
    return Finding(
        Level.FAILING,
        f"{stopped[0].name} reads no letters: {reason['what']}"
        + (f" {len(stopped) - 1} other workers have stopped too." if len(stopped) > 1 else ""),
        reason["remedy"],
    )


def set_aside_alike() -> Finding:
    """Whether several letters were set aside for the same reason lately."""
    since = database_now() - _ALIKE_WITHIN
    newest = Letter.objects.filter(state=LetterState.SET_ASIDE).order_by("-pk")[:_NEWEST]
    lately = [letter.message for letter in newest if letter.finished_at and letter.finished_at >= since]
    message, count = Counter(lately).most_common(1)[0] if lately else ("", 0)
    if count < ALIKE:
        return Finding(Level.OK, f"{len(lately)} letters were set aside in the last hour.")
    return Finding(
        Level.FAILING,
        f"{count} letters were set aside alike in the last hour: {message[:300]}",
        "See the worker's log. When the cause is corrected, retry them on the Uploads page.",
    )


def scans() -> Finding:
    """Whether scanned letters have a worker."""
    if any("scans" in worker.queues for worker in running_workers()):
        return Finding(Level.OK, "A worker reads scans.")
    return Finding(
        Level.WARNING,
        "No worker reads scans.",
        "Start one for the queue scans; scanned letters wait for it.",
    )


def hosts() -> Finding:
    """Whether a web server, scheduler or ``watch`` fell silent without being stopped."""
    silent = [part for part in parts([]) if part.silent is not None]
    if not silent:
        return Finding(Level.OK, "Every web server and scheduler that was not stopped reports itself.")
    named = ", ".join(f"{part.name} on {part.host} ({part.silent})" for part in silent[:5])
    return Finding(
        Level.WARNING,
        f"Nothing has been heard of: {named}.",
        "See whether the host runs and reaches the cache. What another host replaces leaves this list after an hour.",
    )


def versions() -> Finding:
    """Whether all workers run this program."""
    others = [worker.name for worker in running_workers() if not worker.has_this_program]
    if not others:
        return Finding(Level.OK, "All workers run the program of the web server.")
    return Finding(
        Level.WARNING,
        f"{len(others)} workers run another version: {', '.join(others[:5])}.",
        "Restart them, so that all processes run the installed version.",
    )

"""``benchmark_scans``: how much waiting scans delay the letters that a user waits for.

On servers of its own, as ``benchmark_ingest``. Small uploads are made by turns while the worker of scans is at work on
a long queue, and while it is stopped: the ratio of the two times is what scans cost other letters.
"""

import os
import signal
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile

from determinations.intake.receiving import receive_files
from determinations.management.commands import benchmark_ingest
from determinations.models import Letter, LetterState
from determinations.models.letters import Lane
from determinations.synthetic import write_letter
from determinations.synthetic.pdf import letter_pdf
from determinations.synthetic.scans import SCAN_KINDS, scanned
from determinations.tasks import send_waiting
from imrsite.local.processes import spawn, stop_process

_SEED = 777
#: Seconds after which a worker that was stopped or continued does what it will go on doing.
_SETTLES = 3.0


class Command(benchmark_ingest.Command):
    """Measures interactive uploads with and without scans being read."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many scans wait, and how many uploads are timed."""
        parser.add_argument("--scans", type=int, default=1_000, help="scans that wait (default 1000)")
        parser.add_argument("--rounds", type=int, default=20, help="uploads timed each way (default 20)")
        parser.add_argument("--letters", type=int, default=10, help="letters of one upload (default 10)")

    # Its own options, by name.
    def handle(self, *args: object, scans: int, rounds: int, letters: int, **options: object) -> None:  # type: ignore[override]
        """Outside: start the servers and this command again inside. Inside: measure."""
        if not self.is_inside():
            self.run_on_own_servers()
            return
        self._compare(scans, rounds, letters)

    def _compare(self, scans: int, rounds: int, letters: int) -> None:
        worker = _start_worker("worker", "--concurrency", "2", "--exclude-queues", "scans")
        scan_worker = _start_worker("scan-worker", "--concurrency", "1", "--queues", "scans", "--hostname", "scans@%h")
        try:
            benchmark_ingest.wait_for_worker()
            for number in range(3):
                _seconds_of_upload(letters, f"warm {number}")
            _queue_scans(scans)
            self._say("scans waiting", f"{_waiting():,}")
            times: dict[str, list[float]] = {"stopped": [], "at work": []}
            for number in range(2 * rounds):
                name = ("stopped", "at work", "at work", "stopped")[number % 4]
                os.killpg(scan_worker.pid, signal.SIGSTOP if name == "stopped" else signal.SIGCONT)
                time.sleep(_SETTLES)
                times[name].append(_seconds_of_upload(letters, f"{name} {number}"))
            os.killpg(scan_worker.pid, signal.SIGCONT)
            medians = {name: statistics.median(seconds) for name, seconds in times.items()}
            for name, seconds in medians.items():
                self._say(f"upload of {letters}, scans {name}", f"{seconds * 1000:,.0f} ms (median of {rounds})")
            self._say("ratio", f"{medians['at work'] / medians['stopped']:.2f}")
            self._say("scans still waiting", f"{_waiting():,}")
        finally:
            stop_process(scan_worker, signal.SIGKILL, within=5)
            stop_process(worker, signal.SIGTERM, within=20)


def _start_worker(name: str, *words: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "celery", "--app", "imrsite", "worker", *words, "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    return spawn(command, log=benchmark_ingest.folder() / f"{name}.log", dies_by="TERM", cwd=Path(settings.BASE_DIR))


def _queue_scans(number: int) -> None:
    """One scanned page again and again, each file with a tail of its own."""
    scan = scanned(letter_pdf(write_letter(0, _SEED)), SCAN_KINDS["fax-fine"])
    files = (ContentFile(scan + b"\n%% %d\n" % n, name=f"{n}.pdf") for n in range(number))
    receive_files(by=None, files=files, lane=Lane.BULK)
    while Letter.objects.filter(state__in=(LetterState.RECEIVED, LetterState.PARSING), lane=Lane.BULK).exists():
        send_waiting(Lane.BULK)
        time.sleep(0.05)


def _waiting() -> int:
    return Letter.objects.filter(state=LetterState.SCAN_WAITING).count()


def _seconds_of_upload(letters: int, name: str) -> float:
    """From the first byte handed in until every letter of the upload is a case."""
    data = [letter_pdf(write_letter(n, _SEED + 1)) + f"\n% {name}\n".encode() for n in range(letters)]
    began = time.monotonic()
    upload = receive_files(by=None, files=[ContentFile(each, name="letter.pdf") for each in data])
    send_waiting(Lane.INTERACTIVE)
    open_letters = Letter.objects.filter(arrivals__upload=upload, finished_at=None)
    while open_letters.exists():
        time.sleep(0.005)
    return time.monotonic() - began

"""``benchmark_ingest``: letters per second from upload to case, with real workers.

It starts its own PostgreSQL, Valkey and worker in a temporary folder, and touches nothing else. In every round, on
the same files and while the worker waits, it measures pdfium alone: the upper limit for any reader of PDFs, by which
the speeds of the round are divided, because a machine is not equally fast at all times.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from determinations.intake.receiving import receive_files
from determinations.management.benchmark_records import FOLDER, new_record
from determinations.management.processor_time import processor_seconds
from determinations.models import Case, Letter
from determinations.models.letters import OPEN_STATES, Lane
from determinations.reading.workers import worker_is_running
from determinations.synthetic import write_letter
from determinations.synthetic.pdf import letter_pdf
from determinations.tasks import send_waiting
from imrsite.local.processes import spawn, stop_process

if TYPE_CHECKING:
    from imrsite.local.embedded import Services
    from imrsite.local.postgres import NetworkListener

_INSIDE = "IMRSITE_BENCHMARK_DIR"
#: The process IDs of its servers by name, as JSON.
_SERVERS = "IMRSITE_BENCHMARK_SERVERS"
#: A program that runs a command on an empty database.
_MIGRATED = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
import django
django.setup()
from django.core.management import call_command, execute_from_command_line
call_command("migrate", verbosity=0)
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""
_SEED = 4242


#: Seeds of one round are this far from those of the next.
_SEEDS_PER_ROUND = 10


@dataclass(frozen=True, slots=True)
class _Round:
    """Letters per second of one round: pdfium alone, PDFs and text files from upload to case."""

    bare: float
    pdfs: float
    texts: float

    @property
    def share(self) -> float:
        """What part of the speed of pdfium alone the whole path has."""
        return self.pdfs / self.bare


class Command(BaseCommand):
    """Measures the path from upload to case."""

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many letters to measure, and from where."""
        parser.add_argument("--letters", type=int, default=1_000, help="letters of each kind and round")
        parser.add_argument("--rounds", type=int, default=1, help="rounds; with several, medians are printed too")
        parser.add_argument("--workers", type=int, default=2, help="worker processes")
        parser.add_argument("--warm-up", type=int, default=200, help="letters read before the measurement begins")
        parser.add_argument(
            "--parts", type=int, default=0, metavar="N", help="measure files of N letters each, too, and the ratio"
        )
        parser.add_argument(
            "--files", type=Path, help="a folder of PDFs to use instead of synthetic ones, repeated as needed"
        )
        parser.add_argument("--record", type=Path, nargs="?", const=FOLDER, help="a folder for a record of this run")

    def handle(
        self,
        *args: object,
        letters: int,
        rounds: int,
        workers: int,
        warm_up: int,
        parts: int,
        files: Path | None,
        record: Path | None,
        **options: object,
    ) -> None:
        """Start the servers and run this command again with their addresses; there, measure."""
        if self.is_inside():
            self.record = new_record("ingest", unit="per second", letters=letters, at=timezone.now())
            self._measure(letters, rounds, workers, warm_up, parts, files)
            if record:
                self.stdout.write(f"Recorded in {self.record.write(record)}.")
        else:
            self.run_on_own_servers()

    @staticmethod
    def is_inside() -> bool:
        """Whether this process runs on the servers that were started for the benchmark."""
        return _INSIDE in os.environ

    def run_on_own_servers(
        self, network: "NetworkListener | None" = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start servers in a temporary folder, which also answer on ``network``, and this command again on them."""
        from imrsite.local.embedded import Services
        from imrsite.local.wheels import ServiceError

        with tempfile.TemporaryDirectory(prefix="imrsite-benchmark-") as folder:
            try:
                with Services(Path(folder) / "state", network=network) as services:
                    self._run_inside(Path(folder), services, environment or {})
            except ServiceError as error:
                raise CommandError(str(error)) from error

    def _run_inside(self, folder: Path, services: "Services", more: Mapping[str, str]) -> None:
        environment = {
            **os.environ,
            _INSIDE: str(folder),
            "IMRSITE_STATE_DIR": str(folder / "state"),
            "DATA_DIR": str(folder / "files"),
            _SERVERS: json.dumps({name: process.pid for name, process in services.processes.items()}),
            "DATABASE_URL": services.addresses.database_url,
            "REDIS_URL": services.addresses.redis_url,
            "SECRET_KEY": "x" * 50,
            "LOG_LEVEL": "WARNING",
            **more,
        }
        ran = subprocess.run(
            [sys.executable, "-c", _MIGRATED, *sys.argv[1:]], cwd=settings.BASE_DIR, env=environment, check=False
        )
        if ran.returncode:
            raise CommandError("The benchmark did not finish.")

    def _measure(self, letters: int, rounds: int, workers: int, warm_up: int, parts: int, files: Path | None) -> None:
        worker = spawn(
            [
                sys.executable, "-m", "celery", "--app", "imrsite", "worker", "--concurrency", str(workers),
                "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
            ],
            log=folder() / "worker.log", dies_by="TERM", cwd=settings.BASE_DIR,
        )  # fmt: skip
        self.worker_ids = {"workers": worker.pid}
        try:
            wait_for_worker()
            self._walk("warming up", [write_letter(n, _SEED + 2).text.encode() for n in range(warm_up)])
            measured = [self._round(number, letters, workers, files) for number in range(1, rounds + 1)]
            if parts:
                together = self._walk(f"files of {parts} letters", list(_bundles(letters, parts)), letters)
                ratio = together / measured[-1].texts
                self._say("letters of such files, ratio", f"{ratio:.2f} of the speed of letters alone")
        finally:
            stop_process(worker, signal.SIGTERM, within=20)
        if rounds > 1:
            share, pdf_rate = median(one.share for one in measured), median(one.pdfs for one in measured)
            text_rate = median(one.texts for one in measured)
            self._say(
                f"median of {rounds} rounds",
                f"PDF {share:.2f} of bare pdfium, {pdf_rate:,.0f} letters/s; text {text_rate:,.0f} letters/s",
            )
            self.record.add(f"bare pdfium, {workers} processes", letters=median(one.bare for one in measured))
            self.record.add("PDF, end to end", letters=pdf_rate)
            self.record.add("text, end to end", letters=text_rate)

    def _round(self, number: int, letters: int, workers: int, files: Path | None) -> _Round:
        """Measure pdfium alone, then PDFs, then text files; each round has letters of its own."""
        pdfs = list(_copies(files, letters, number) if files else _synthetic_pdfs(letters, number))
        texts = [write_letter(n, _SEED + 1 + number * _SEEDS_PER_ROUND).text.encode() for n in range(letters)]
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # like a database that has been in use
        pages, one = _bare_pdfium(pdfs)
        together = _bare_pdfium_together(pdfs, workers)
        self._say("PDFs", f"{len(pdfs):,} with {pages:,} pages; text files: {len(texts):,}")
        self._say("bare pdfium, one process", f"{pages / one:,.0f} pages/s, {len(pdfs) / one:,.0f} letters/s")
        self._say(
            f"bare pdfium, {workers} processes",
            f"{pages / together:,.0f} pages/s, {len(pdfs) / together:,.0f} letters/s",
        )
        self.record.add("bare pdfium, one process", letters=len(pdfs) / one)
        self.record.add(f"bare pdfium, {workers} processes", letters=len(pdfs) / together)
        measured = _Round(
            len(pdfs) / together, self._walk("PDF, end to end", pdfs), self._walk("text, end to end", texts)
        )
        self._say("PDF, share of bare pdfium", f"{measured.share:.2f}")
        return measured

    def _walk(self, name: str, data: list[bytes], letters: int = 0, *, recorded: bool = True) -> float:
        """Measure from the first upload until every letter is a case, in windows as an import does; returns letters
        per second. ``letters`` is their number if files hold several. Not ``recorded``: it is only printed."""
        letters = letters or len(data)
        files = (ContentFile(content, name=f"{n}") for n, content in enumerate(data))
        cases = Case.objects.count()
        before = processor_seconds(self._roots())
        began = time.monotonic()
        while window := list(islice(files, 200)):
            receive_files(by=None, files=window, lane=Lane.BULK)
            send_waiting(Lane.BULK)
        taken_in = time.monotonic() - began
        while Letter.objects.filter(state__in=OPEN_STATES).exists():
            time.sleep(0.1)  # asking takes time from the workers
        seconds = time.monotonic() - began
        self._say(
            name,
            f"{letters / seconds:,.0f} letters/s ({letters:,} letters, {Case.objects.count() - cases:,} cases, "
            f"{seconds:.1f} s, all stored after {taken_in:.1f} s)",
        )
        used = processor_seconds(self._roots())
        each = {role: 1000 * (used[role] - before.get(role, 0.0)) / letters for role in used}
        self._say(
            "  processor time per letter",
            ", ".join(f"{role} {spent:.2f} ms" for role, spent in each.items())
            + f"; in all {sum(each.values()):.2f} ms",
        )
        if recorded:
            self.record.add(name, letters=letters / seconds)
        return letters / seconds

    def _roots(self) -> dict[str, int]:
        """The processes that take part, by name."""
        servers = json.loads(os.environ.get(_SERVERS, "{}"))
        return {"upload": os.getpid(), **self.worker_ids, **servers}

    def _say(self, name: str, figures: str) -> None:
        self.stdout.write(f"{name + ':':<32}{figures}")
        self.stdout.flush()


def _synthetic_pdfs(number: int, turn: int) -> Iterator[bytes]:
    return (letter_pdf(write_letter(n, _SEED + turn * _SEEDS_PER_ROUND)) for n in range(number))


def _bundles(number: int, parts: int) -> Iterator[bytes]:
    """Text files of several letters each, one page or more per letter."""
    letters = [write_letter(n, _SEED + 3).text for n in range(number)]
    return ("\f".join(letters[at : at + parts]).encode() for at in range(0, number, parts))


def _copies(folder: Path, number: int, turn: int) -> Iterator[bytes]:
    """The folder's PDFs, repeated; each gets its own tail, because identical bytes are read only once."""
    pdfs = [path.read_bytes() for path in sorted(folder.glob("**/*.pdf"))]
    if not pdfs:
        raise CommandError(f"{folder} contains no PDF.")
    return (pdfs[n % len(pdfs)] + b"\n%% %d\n" % (turn * number + n) for n in range(number))


def _bare_pdfium(pdfs: Iterable[bytes]) -> tuple[int, float]:
    """Number of pages, and the seconds that pdfium alone takes to read their text."""
    import pypdfium2

    pages = 0
    began = time.monotonic()
    for data in pdfs:
        document = pypdfium2.PdfDocument(data)
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_range()
            text_page.close()
            page.close()
            pages += 1
        document.close()
    return pages, time.monotonic() - began


def _bare_pdfium_together(pdfs: list[bytes], processes: int) -> float:
    """Seconds until this many processes have read everything, each its share."""
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_bare_pdfium, [pdfs[:20]] * processes))  # imported everywhere
        began = time.monotonic()
        list(pool.map(_bare_pdfium, [pdfs[n::processes] for n in range(processes)]))
        return time.monotonic() - began


def folder() -> Path:
    """The temporary folder of this benchmark."""
    return Path(os.environ[_INSIDE])


def wait_for_worker() -> None:
    """Return when the worker takes letters. Raises ``CommandError``."""
    give_up_at = time.monotonic() + 60
    while not worker_is_running():
        if time.monotonic() > give_up_at:
            raise CommandError("The worker does not start.")
        time.sleep(0.1)

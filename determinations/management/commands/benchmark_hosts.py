"""``benchmark_hosts``: what more hosts and more worker processes add to reading, on simulated hosts.

On servers of its own, as ``benchmark_ingest``. A host is a network namespace, from which workers reach PostgreSQL and
Valkey by TCP, and a control group with ``--share`` of a processor for each worker process, so that hosts of known
speed fit on one machine. Reading is compared with the first row's as long as the database, which nothing limits, has
time left: "database" is how many cores it used. Needs root.
"""

import json
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from determinations.management.benchmark_records import FOLDER, new_record
from determinations.management.commands import benchmark_ingest
from determinations.management.processor_time import processor_seconds
from determinations.synthetic import write_letter
from determinations.wording.figures import counted
from imrsite.local.processes import spawn, stop_process
from imrsite.local.processor_share import NoShare, ProcessorShare

#: How each host's programs are started, and where they find the servers, as JSON.
_HOSTS = "IMRSITE_BENCHMARK_HOSTS"
_TRUSTED = "10.213.0.0/16"
_SEED = 31_000
_STARTS_WITHIN = 120.0


class Command(benchmark_ingest.Command):
    """Measures reading by one to several hosts."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many hosts and processes, and how fast they are."""
        parser.add_argument("--letters", type=int, default=600, help="text letters of each row (default 600)")
        parser.add_argument("--hosts", type=int, default=2, help="simulated hosts (default 2)")
        parser.add_argument("--processes", type=int, default=2, help="worker processes of a host (default 2)")
        parser.add_argument(
            "--share", type=float, default=0.15, help="part of a core that each worker process has (default 0.15)"
        )
        parser.add_argument("--record", type=Path, nargs="?", const=FOLDER, help="a folder for a record of this run")

    # Its own options, by name.
    def handle(  # type: ignore[override]
        self,
        *args: object,
        letters: int,
        hosts: int,
        processes: int,
        share: float,
        record: Path | None,
        **options: object,
    ) -> None:
        """Outside: make the hosts, start the servers and this command again. Inside: measure."""
        if min(letters, hosts, processes) < 1 or share <= 0:
            raise CommandError("--letters, --hosts, --processes and --share must be greater than 0.")
        if self.is_inside():
            self.record = new_record("hosts", unit="per second", letters=letters, at=timezone.now())
            try:
                self._compare(letters, processes, share)
            except NoShare as error:
                raise CommandError(f"No host can be simulated: {error}.") from error
            if record:
                self.stdout.write(f"Recorded in {self.record.write(record)}.")
        else:
            self._run_beside_hosts(hosts)

    def _run_beside_hosts(self, hosts: int) -> None:
        from imrsite.local.embedded import NETWORK_USER
        from imrsite.local.network import NoNamespace, WorkerNetwork
        from imrsite.local.postgres import NetworkListener

        with ExitStack() as at_end, TemporaryDirectory(prefix="imrsite-hosts-") as logs:
            networks, parts = [], []
            try:
                for place in range(hosts):
                    networks.append(WorkerNetwork.create(Path(logs) / "network.log", place=place))
                    at_end.callback(networks[-1].close)
                    parts.append(ProcessorShare.create(f"imrsite-{os.getpid()}-{place + 1}"))
                    at_end.callback(parts[-1].close)
            except (NoNamespace, NoShare) as error:
                raise CommandError(f"No host can be simulated: {error}.") from error
            address = networks[0].listener.address
            for network in networks[1:]:
                network.reach(address)
            servers = {
                "DATABASE_URL": f"postgresql://imrsite@{address}/imrsite",
                "REDIS_URL": f"redis://{NETWORK_USER}:{NETWORK_USER}@{address}:6379/0",
            }
            places = [
                {"group": str(part.folder), "before": [*part.prefix, *network.prefix]}
                for part, network in zip(parts, networks, strict=True)
            ]
            described = json.dumps({"servers": servers, "hosts": places})
            self.run_on_own_servers(NetworkListener(address, _TRUSTED), {_HOSTS: described})

    def _compare(self, letters: int, processes: int, share: float) -> None:
        described = json.loads(os.environ[_HOSTS])
        first = 0.0
        for number in range(1, processes + 1):
            with ExitStack() as at_end:
                self.worker_ids = {}
                for hosts, place in enumerate(described["hosts"], 1):
                    part = ProcessorShare(Path(place["group"]))
                    part.lift()
                    at_end.enter_context(self._host(hosts, place["before"], described["servers"], number))
                    part.limit(share * number)
                    rate, database = self._rate(letters, hosts * 1000 + number)
                    first = first or rate
                    row = f"{counted(hosts, 'host')} of {counted(number, 'process', 'processes')}"
                    self.record.add(f"{row}, {share:g} of a core each", letters=rate)
                    self._say(
                        row,
                        f"{rate:,.1f} letters/s; {rate / first:.2f} times one process; database {database:.2f} cores",
                    )

    def _rate(self, letters: int, row: int) -> tuple[float, float]:
        """Letters per second, and the cores that PostgreSQL used."""
        data = [write_letter(n, _SEED + row).text.encode() for n in range(letters)]
        warm = max(20, letters // 5)
        self._walk("  warming up", [write_letter(n, _SEED - row).text.encode() for n in range(warm)], recorded=False)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        before, began = processor_seconds(self._roots()), time.monotonic()
        rate = self._walk("  measured", data, recorded=False)
        used = processor_seconds(self._roots())["postgres"] - before["postgres"]
        return rate, used / (time.monotonic() - began)

    @contextmanager
    def _host(self, number: int, before: Sequence[str], servers: dict[str, str], processes: int) -> Iterator[None]:
        """A host with a worker of so many processes, ready for letters."""
        log = benchmark_ingest.folder() / f"host-{number}.log"
        log.unlink(missing_ok=True)
        worker = _start(number, processes, before, servers, log)
        try:
            self.worker_ids[f"host {number}"] = worker.pid
            _wait_until_ready(worker, log)
            yield
        finally:
            stop_process(worker, signal.SIGTERM, within=30)


def _start(
    number: int, processes: int, before: Sequence[str], servers: dict[str, str], log: Path
) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "celery", "--app", "imrsite", "worker", "--concurrency", str(processes),
        "--hostname", f"host-{number}@%h", "--loglevel", "INFO", "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    return spawn(
        command, log=log, dies_by="TERM", before=before, cwd=Path(settings.BASE_DIR), env=os.environ | servers
    )


def _wait_until_ready(worker: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + _STARTS_WITHIN
    while " ready." not in log.read_text(errors="replace"):
        if worker.poll() is not None or time.monotonic() > give_up_at:
            raise CommandError("A worker does not start on its host.")
        time.sleep(0.1)

"""The real stack of a soak run: PostgreSQL, Valkey, a worker and a scheduler, restarted when they end."""

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from imrsite.local.bootstrap import ROOT
from imrsite.local.embedded import NETWORK_USER, Services
from imrsite.local.network import WorkerNetwork
from imrsite.local.processes import kill_group, spawn, stop_process

WORKER, SCHEDULER = "worker", "scheduler"
_STARTS_WITHIN = 300.0  # on a busy machine
_COMMANDS: dict[str, Sequence[str]] = {
    WORKER: (
        "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO",
        "--include", "imrsite.local.soak.sabotage",
    ),
    SCHEDULER: ("beat", "--loglevel", "WARNING", "--pidfile", ""),
}  # fmt: skip


class Stack:
    """Everything that a soak run starts, on one state folder. A context manager.

    With ``network`` the worker runs in a namespace of its own, and reaches the services by TCP.
    """

    def __init__(self, state_dir: Path, network: WorkerNetwork | None = None) -> None:
        self.state_dir = state_dir
        self.network = network
        self.services = Services(state_dir, network=network.listener if network else None)
        self.programs: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Stack":
        self.services.start()
        return self

    def __exit__(self, *details: object) -> None:
        for process in self.programs.values():
            stop_process(process, signal.SIGTERM, within=5)
            kill_group(process)
        self.services.stop()
        if self.network:
            self.network.close()

    def log(self, name: str) -> Path:
        """The log of a program."""
        return self.state_dir / "logs" / f"{name}.log"

    def start_programs(self) -> None:
        """Start worker and scheduler, and wait until the worker takes tasks."""
        for name in _COMMANDS:
            self._start(name)
        give_up_at = time.monotonic() + _STARTS_WITHIN
        while " ready." not in self.log(WORKER).read_text(errors="replace"):
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"The worker does not start; its log is {self.log(WORKER)}.")
            time.sleep(0.1)

    def watch(self) -> None:
        """Start again whatever has ended, as systemd or an orchestrator does."""
        for name, process in self.programs.items():
            if process.poll() is not None:
                kill_group(process)
                self._start(name)

    def kill(self, name: str) -> None:
        """Kill a program with all its processes."""
        kill_group(self.programs[name])
        self.programs[name].wait()

    def children_of_worker(self) -> list[int]:
        """The processes that read letters."""
        return _children(self.programs[WORKER].pid)

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "celery", "--app", "imrsite", *_COMMANDS[name]]
        if name == SCHEDULER:
            command += ["--schedule", str(self.state_dir / "schedule")]
        before: Sequence[str] = ()
        environment = dict(os.environ)
        if name == WORKER and self.network:
            before, environment = self.network.prefix, environment | self._by_network(self.network)
        self.programs[name] = spawn(
            command, log=self.log(name), dies_by="KILL", before=before, cwd=ROOT, env=environment
        )

    def _by_network(self, network: WorkerNetwork) -> dict[str, str]:
        """The services by TCP. A program with addresses of its own generates no keys: it gets those of the run."""
        from django.conf import settings

        address = network.listener.address
        return {
            "DATABASE_URL": f"postgresql://imrsite@{address}/imrsite",
            "REDIS_URL": f"redis://{NETWORK_USER}:{NETWORK_USER}@{address}:6379/0",
            "SECRET_KEY": settings.SECRET_KEY,
            "FILE_KEYS": ",".join(base64.b64encode(key).decode() for key in settings.FILE_KEYS),
        }


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in text.split()]

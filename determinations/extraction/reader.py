"""Reads files through a child process that may crash or hang without harm."""

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from determinations.extraction.results import (
    LIMITS,
    UNREADABLE,
    Damaged,
    ExtractedText,
    Limits,
    TooLarge,
    TooSlow,
    Unreadable,
)

_IMPORT_ROOT = Path(__file__).resolve().parent.parent.parent
CHILD = "determinations.extraction.child"
#: A fresh child now and then keeps what pdfium leaks small.
_FILES_BEFORE_RENEWAL = 5_000
_STARTS_WITHIN = 30.0


class ReaderBroken(Exception):
    """The child process cannot be started: a fault of the installation, not of a file."""


class _ChildGone(Exception):
    """The child ended instead of answering."""


class TextReader:
    """One child process that reads file after file; started when first needed, replaced when it dies or hangs.

    For one thread of one process. Also a context manager. ``child`` names the module that the child runs.
    """

    def __init__(self, limits: Limits = LIMITS, child: str = CHILD) -> None:
        self.limits = limits
        self.child = child
        self._process: subprocess.Popen[bytes] | None = None
        self._shared = -1
        self._read_files = 0

    def __enter__(self) -> "TextReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, data: bytes) -> ExtractedText:
        """The text of a PDF or a text file. Raises ``Unreadable``, or ``ReaderBroken`` where no child starts."""
        if len(data) > self.limits.bytes:
            raise TooLarge(f"The file has {len(data):,} bytes; {self.limits.bytes:,} are allowed.")
        if self._read_files >= _FILES_BEFORE_RENEWAL:
            self.close()
        fresh = self._read_files == 0
        try:
            return self._read_once(data)
        except _ChildGone as end:
            if fresh:
                raise _fault_of(end) from None
        # Perhaps a file before this one left the child ill: once more, on a fresh one.
        try:
            return self._read_once(data)
        except _ChildGone as end:
            raise _fault_of(end) from None

    def close(self) -> None:
        """End the child; the next ``read`` starts another."""
        process, self._process, self._read_files = self._process, None, 0
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        os.close(self._shared)

    def _read_once(self, data: bytes) -> ExtractedText:
        process = self._process or self._start()
        self._read_files += 1
        os.ftruncate(self._shared, len(data))
        os.pwrite(self._shared, data, 0)
        try:
            answer = _ask(process, b"%d\n" % len(data), self.limits.seconds)
        except BaseException:  # also when the task is told to stop: a child left in mid-file would answer the next one
            self.close()
            raise
        if "state" in answer:
            raise UNREADABLE[answer["state"]](answer["message"])
        text = os.pread(self._shared, answer["size"], 0).decode()
        return ExtractedText(text, tuple(answer["offsets"]), answer["pages"], answer["method"])

    def _start(self) -> subprocess.Popen[bytes]:
        self._shared = _shared_memory()
        command = [
            sys.executable, "-m", self.child,
            str(self._shared), json.dumps(asdict(self.limits)), str(os.getpid()),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_IMPORT_ROOT,
            env={"PYTHONPATH": str(_IMPORT_ROOT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=[self._shared],
        )
        try:
            _ask(self._process, b"", _STARTS_WITHIN)
        except (_ChildGone, TooSlow) as fault:
            self.close()
            raise ReaderBroken(f"The process that reads files does not start: {fault}") from None
        return self._process


def _ask(process: subprocess.Popen[bytes], question: bytes, seconds: float) -> dict[str, Any]:
    """The child's next answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(question)
        process.stdin.flush()
    except BrokenPipeError:
        raise _ChildGone(_ending(process)) from None
    answered, _, _ = select.select([process.stdout], [], [], seconds)
    if not answered:
        raise TooSlow(f"Reading the file takes longer than {seconds:g} seconds.")
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise _ChildGone(_ending(process))
    answer: dict[str, Any] = json.loads(line)
    return answer


def _shared_memory() -> int:
    """A file that only this process and its child know, in memory where the system can (Linux)."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("letter")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _fault_of(end: _ChildGone) -> Unreadable:
    """What is wrong with a file that ended the child: where pdfium gets no memory it aborts."""
    if str(end) == signal.SIGABRT.name:
        return TooLarge("Reading the file takes more memory than it may.")
    return Damaged(f"The file crashes the reader ({end}).")


def _ending(process: subprocess.Popen[bytes]) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    code = process.returncode
    if code is None:
        return "it closed its side"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


_readers: dict[int, TextReader] = {}  # by process: after a fork the one on record is the other process's own


def text_of(data: bytes, limits: Limits) -> ExtractedText:
    """Read through this process's own long-lived child. Raises as ``TextReader.read``."""
    reader = _readers.get(os.getpid())
    if reader is None or reader.limits != limits:
        close_reader()
        reader = _readers[os.getpid()] = TextReader(limits)
    return reader.read(data)


@atexit.register
def close_reader() -> None:
    """End this process's child, if it has one."""
    if reader := _readers.pop(os.getpid(), None):
        reader.close()

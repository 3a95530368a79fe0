"""A compromised child process that reports what it could still reach."""

import os
import socket
import subprocess
from collections.abc import Callable

from determinations.extraction import child
from determinations.extraction.results import ExtractedText, Limits

_TRIED: dict[str, Callable[[], object]] = {
    "read a file": lambda: open("/etc/passwd"),  # noqa: SIM115 - it must not open at all
    "list a folder": lambda: os.listdir("/"),
    "look at a path": lambda: os.stat("/etc/passwd"),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "make a socket": lambda: socket.socket(socket.AF_UNIX),
    "run a program": lambda: subprocess.run(["/bin/true"], check=True),
    "open more files": lambda: os.dup(0),
}


def read_text(data: bytes, limits: Limits) -> ExtractedText:
    """The names of the operations that succeeded, one per line."""
    possible = []
    for name, attempt in _TRIED.items():
        try:
            attempt()
        except OSError:
            continue
        possible.append(name)
    text = "\n".join(["tried", *possible])
    return ExtractedText(text, (0,), 1, "text")


if __name__ == "__main__":
    child.read_text = read_text
    child.main()

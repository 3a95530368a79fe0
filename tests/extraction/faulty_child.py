"""The child process with simulated faults that a hostile file could trigger in pdfium."""

import os
import signal

from determinations.extraction import child
from determinations.extraction.results import ExtractedText, Limits

_read_text = child.read_text


def read_text(data: bytes, limits: Limits) -> ExtractedText:
    """Like the real function, except for files that request a fault."""
    if data == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if data == b"hang":
        signal.pause()
    if data == b"take memory":
        bytes(8 * 1024**3)
    return _read_text(data, limits)


if __name__ == "__main__":
    child.read_text = read_text
    child.main()

"""The child process with the faults that a hostile file could strike in pdfium; no such file is at hand."""

import os
import signal

from determinations.extraction import child
from determinations.extraction.results import ExtractedText, Limits

_read_text = child.read_text


def read_text(data: bytes, limits: Limits) -> ExtractedText:
    """As the real one, save for files that ask for a fault."""
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

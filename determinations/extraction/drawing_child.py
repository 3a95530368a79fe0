"""The process that draws pages of untrusted files. Started and controlled by ``drawer.PageDrawer``.

``open SIZE`` opens the file in the shared memory and answers with its number of pages. ``page N WIDTH TURN`` writes a
PNG after the file's bytes, ``excerpt FIRST LAST`` a PDF of these pages, ``find SIZE`` reads ranges of text from there,
as JSON, and writes their places. Like the child that reads text, it holds no secrets, and can open nothing once it has
started: fonts that a file lacks are replaced by those within pdfium.
"""

import contextlib
import json
import os
import signal
import sys
from typing import TypedDict

import pypdfium2  # noqa: F401 - sets pdfium up
from PIL import Image

from determinations.extraction.confine import limit, shut_in
from determinations.extraction.drawing import OpenFile, open_file
from determinations.extraction.results import Limits, TooLarge, Unreadable

#: Bytes. A page of eight million pixels and what pdfium holds beside it.
_MEMORY = 768 * 1024 * 1024


class _Answer(TypedDict, total=False):
    """A line that the child writes: ready, the number of pages, the size of a result, or an error."""

    ready: bool
    pages: int
    size: int
    state: str
    message: str


class _Server:
    """One open file at a time."""

    def __init__(self, shared: int, limits: Limits) -> None:
        self._shared, self._limits = shared, limits
        self._file: OpenFile | None = None
        self._size = 0

    def answer(self, question: str) -> _Answer:
        try:
            match question.split():
                case ["open", size]:
                    return self._open(int(size))
                case ["page", number, width, turn] if self._file is not None:
                    return self._write(self._file.draw(int(number), int(width), int(turn)))
                case ["excerpt", first, last] if self._file is not None:
                    return self._write(self._file.excerpt(int(first), int(last)))
                case ["find", size] if self._file is not None:
                    stretches = json.loads(os.pread(self._shared, int(size), self._size))
                    return self._write(json.dumps(self._file.find(stretches)).encode())
                case _:
                    raise ValueError(question)
        except Unreadable as reason:
            return {"state": reason.state, "message": str(reason)}
        except MemoryError:
            return {"state": TooLarge.state, "message": "Drawing the page takes more memory than allowed."}

    def _open(self, size: int) -> _Answer:
        if self._file is not None:
            self._file.close()
        self._file, self._size = None, size
        self._file = open_file(os.pread(self._shared, size, 0), self._limits)
        return {"pages": self._file.count}

    def _write(self, result: bytes) -> _Answer:
        os.ftruncate(self._shared, self._size + len(result))
        return {"size": os.pwrite(self._shared, result, self._size)}


def _say(answer: _Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """``drawing_child SHARED_FD LIMITS_AS_JSON PARENT_PID``"""
    shared, limits, parent = int(sys.argv[1]), Limits(**json.loads(sys.argv[2])), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    Image.init()  # Pillow loads its file format readers on first use
    limit(_MEMORY)
    if os.getppid() != parent:  # the parent ended before it could be watched
        return
    shut_in()
    server = _Server(shared, limits)
    _say({"ready": True})
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin:
            _say(server.answer(line))


if __name__ == "__main__":
    main()

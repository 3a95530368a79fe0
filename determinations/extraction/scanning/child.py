"""The process that recognizes text in pictures of pages. Started and controlled by ``scanning.reader.ScanReader``.

``open SIZE`` opens the file in the shared memory and answers with its number of pages; ``page N`` reads page N (from
0) and writes its words, as JSON, after the file's bytes. Like the child that reads text, it holds no secrets and opens
nothing once the engine is loaded.
"""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TypedDict

import pypdfium2  # noqa: F401 - sets pdfium up
from PIL import Image

from determinations.extraction.confine import limit, shut_in
from determinations.extraction.results import Limits, TooLarge, Unreadable
from determinations.extraction.scanning.engine import Engine
from determinations.extraction.scanning.page import read_page
from determinations.extraction.scanning.page_pictures import PagePictures, open_pages

#: Recognizing uses a processor for seconds: text letters and web pages have priority.
_MODEST = 19


class _Answer(TypedDict, total=False):
    """A line that the child writes: ready, the number of pages, a page's words, or an error."""

    ready: bool
    pages: int
    size: int
    turn: int
    state: str
    message: str


class _Server:
    """One open file at a time."""

    def __init__(self, shared: int, limits: Limits, engine: Engine) -> None:
        self._shared, self._limits, self._engine = shared, limits, engine
        self._pages: PagePictures | None = None
        self._size = 0

    def answer(self, question: str) -> _Answer:
        try:
            match question.split():
                case ["open", size]:
                    return self._open(int(size))
                case ["page", number] if self._pages is not None:
                    return self._read(self._pages, int(number))
                case _:
                    raise ValueError(question)
        except Unreadable as reason:
            return {"state": reason.state, "message": str(reason)}
        except MemoryError:
            return {"state": TooLarge.state, "message": "Recognizing the text takes more memory than allowed."}

    def _open(self, size: int) -> _Answer:
        if self._pages is not None:
            self._pages.close()
        self._pages, self._size = None, size
        self._pages = open_pages(os.pread(self._shared, size, 0), self._limits)
        return {"pages": self._pages.count}

    def _read(self, pages: PagePictures, number: int) -> _Answer:
        page = read_page(pages.draw(number), self._engine)
        words = json.dumps(page.rows).encode()
        os.ftruncate(self._shared, self._size + len(words))
        return {"size": os.pwrite(self._shared, words, self._size), "turn": page.turn}


def _write(answer: _Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _give_way() -> None:
    """Take the processor only where nothing else wants it, also where Linux shares it out by sessions."""
    with contextlib.suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text(f"{_MODEST}\n")
    os.nice(_MODEST)


def main() -> None:
    """``child SHARED_FD LIMITS_AS_JSON PARENT_PID``"""
    shared, limits, parent = int(sys.argv[1]), Limits(**json.loads(sys.argv[2])), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    engine = Engine()
    Image.init()  # Pillow loads its file format readers on first use
    engine.warm_up()
    limit(limits.scan_memory_bytes)
    _give_way()
    if os.getppid() != parent:  # the parent ended before it could be watched
        return
    shut_in()
    server = _Server(shared, limits, engine)
    _write({"ready": True})
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin:
            _write(server.answer(line))


if __name__ == "__main__":
    main()

"""The process that recognizes text in pictures of pages. Started and controlled by ``scanning.reader.ScanReader``.

``open SIZE`` opens the file in the shared memory and answers with its number of pages; ``page N`` reads page N (from
0) and writes its words, as JSON, after the file's bytes. Like the child that reads text, it holds no secrets and opens
nothing once the engine is loaded.
"""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pypdfium2  # noqa: F401 - sets pdfium up
from PIL import Image

from determinations.extraction.answering import Answer, answer_lines
from determinations.extraction.results import Limits
from determinations.extraction.scanning.engine import Engine
from determinations.extraction.scanning.page import read_page
from determinations.extraction.scanning.page_pictures import PagePictures, open_pages

#: Recognizing uses a processor for seconds: text letters and web pages have priority.
_MODEST = 19


class _Server:
    """One open file at a time."""

    def __init__(self, shared: int, limits: Limits, engine: Engine) -> None:
        self._shared, self._limits, self._engine = shared, limits, engine
        self._pages: PagePictures | None = None
        self._size = 0

    def answer(self, question: str) -> Answer:
        match question.split():
            case ["open", size]:
                return self._open(int(size))
            case ["page", number] if self._pages is not None:
                return self._read(self._pages, int(number))
            case _:
                raise ValueError(question)

    def _open(self, size: int) -> Answer:
        if self._pages is not None:
            self._pages.close()
        self._pages, self._size = None, size
        self._pages = open_pages(os.pread(self._shared, size, 0), self._limits)
        return {"pages": self._pages.count}

    def _read(self, pages: PagePictures, number: int) -> Answer:
        page = read_page(pages.draw(number), self._engine)
        words = json.dumps(page.rows).encode()
        os.ftruncate(self._shared, self._size + len(words))
        return {"size": os.pwrite(self._shared, words, self._size), "turn": page.turn}


def _give_way() -> None:
    """Take the processor only where nothing else wants it, also where Linux shares it out by sessions."""
    with contextlib.suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text(f"{_MODEST}\n")
    os.nice(_MODEST)


def prepared(shared: int, limits: Limits) -> Callable[[str], Answer]:
    """Answers about the file that was opened last."""
    engine = Engine()
    Image.init()  # Pillow loads its file format readers on first use
    engine.warm_up()
    _give_way()
    return _Server(shared, limits, engine).answer


def main() -> None:
    """Recognize text, asked by ``scanning.reader.ScanReader``."""
    answer_lines(
        prepared, lambda limits: limits.scan_memory_bytes, "Recognizing the text takes more memory than allowed."
    )


if __name__ == "__main__":
    main()

"""The process that draws pages of untrusted files. Started and controlled by ``drawer.PageDrawer``.

``open SIZE`` opens the file in the shared memory and answers with its number of pages. ``page N WIDTH TURN`` writes a
PNG after the file's bytes, ``excerpt FIRST LAST`` a PDF of these pages, ``find SIZE`` reads ranges of text from there,
as JSON, and writes their places. Like the child that reads text, it holds no secrets, and can open nothing once it has
started: fonts that a file lacks are replaced by those within pdfium.
"""

import json
import os
from collections.abc import Callable

import pypdfium2  # noqa: F401 - sets pdfium up
from PIL import Image

from determinations.extraction.answering import Answer, answer_lines
from determinations.extraction.drawing import OpenFile, open_file
from determinations.extraction.results import Limits

#: Bytes. A page of eight million pixels and what pdfium holds beside it.
_MEMORY = 768 * 1024 * 1024


class _Server:
    """One open file at a time."""

    def __init__(self, shared: int, limits: Limits) -> None:
        self._shared, self._limits = shared, limits
        self._file: OpenFile | None = None
        self._size = 0

    def answer(self, question: str) -> Answer:
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

    def _open(self, size: int) -> Answer:
        if self._file is not None:
            self._file.close()
        self._file, self._size = None, size
        self._file = open_file(os.pread(self._shared, size, 0), self._limits)
        return {"pages": self._file.count}

    def _write(self, result: bytes) -> Answer:
        os.ftruncate(self._shared, self._size + len(result))
        return {"size": os.pwrite(self._shared, result, self._size)}


def prepared(shared: int, limits: Limits) -> Callable[[str], Answer]:
    """Answers about the file that was opened last."""
    Image.init()  # Pillow loads its file format readers on first use
    return _Server(shared, limits).answer


def main() -> None:
    """Draw pages, asked by ``drawer.PageDrawer``."""
    answer_lines(prepared, lambda _limits: _MEMORY, "Drawing the page takes more memory than allowed.")


if __name__ == "__main__":
    main()

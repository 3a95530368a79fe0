"""Draws pages through a child process that may crash or hang without harm."""

import atexit
import json
import os
from collections.abc import Sequence

from determinations.extraction.drawing import Place, Stretch
from determinations.extraction.process import ChildGone, ChildReader, fault_of
from determinations.extraction.results import LIMITS, Limits, unreadable

CHILD = "determinations.extraction.drawing_child"
#: Seconds for one page: a letter's page takes a tenth of one.
SECONDS = 10.0
#: Replacing the child from time to time limits memory leaks in pdfium.
_ANSWERS_BEFORE_RENEWAL = 1_000


class PageDrawer(ChildReader):
    """One child process that draws pages of one file after another; ``child`` is the module that it runs."""

    def __init__(self, limits: Limits = LIMITS, child: str = CHILD, seconds: float = SECONDS) -> None:
        super().__init__(child, limits)
        self.seconds = seconds
        self._size = 0

    def open(self, data: bytes) -> int:
        """Open a file to draw from; returns its number of pages.

        This and the methods below raise ``Unreadable``, or ``ReaderBroken`` if the child does not start.
        """
        if self.uses >= _ANSWERS_BEFORE_RENEWAL:
            self.close()
        self.process.share(data)
        self._size = len(data)
        return int(self._ask(f"open {len(data)}")["pages"])

    def draw(self, number: int, width: int, turn: int) -> bytes:
        """Page ``number`` (from 0) of the open file as a PNG of this width, turned clockwise by these degrees."""
        return self._result(f"page {number} {width} {turn}")

    def excerpt(self, first: int, last: int) -> bytes:
        """Pages ``first`` to ``last`` (from 0) of the open file as a PDF of their own."""
        return self._result(f"excerpt {first} {last}")

    def find(self, stretches: Sequence[Stretch]) -> list[list[Place]]:
        """For each range ``[page, start, end]`` of a page's text the places where it is."""
        asked = json.dumps(stretches).encode()
        os.pwrite(self.process.shared, asked, self._size)
        found: list[list[Place]] = json.loads(self._result(f"find {len(asked)}"))
        return found

    def _result(self, question: str) -> bytes:
        return os.pread(self.process.shared, self._ask(question)["size"], self._size)

    def _ask(self, question: str) -> dict[str, int]:
        self.uses += 1
        try:
            answer = self.process.ask(question, self.seconds)
        except ChildGone as end:
            raise fault_of(end) from None
        if "state" in answer:
            raise unreadable(answer)
        return answer


_drawers: dict[int, PageDrawer] = {}  # by process: after a fork the recorded drawer belongs to the other process


def page_drawer() -> PageDrawer:
    """This process's own long-lived drawer."""
    if os.getpid() not in _drawers:
        close_page_drawer()
        _drawers[os.getpid()] = PageDrawer()
    return _drawers[os.getpid()]


@atexit.register
def close_page_drawer() -> None:
    """Stop this process's child, if it has one."""
    if drawer := _drawers.pop(os.getpid(), None):
        drawer.close()

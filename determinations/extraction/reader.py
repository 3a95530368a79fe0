"""Reads files through a child process that may crash or hang without harm."""

import atexit
import os

from determinations.extraction.process import ChildGone, ChildReader, ReaderBroken, fault_of
from determinations.extraction.results import LIMITS, ExtractedText, Limits, TooLarge, unreadable

__all__ = ["ReaderBroken", "TextReader", "close_reader", "text_of"]

CHILD = "determinations.extraction.child"
#: Replacing the child from time to time limits memory leaks in pdfium.
_FILES_BEFORE_RENEWAL = 5_000


class TextReader(ChildReader):
    """One child process that reads files one by one; started when first needed, replaced when it dies or hangs.

    ``child`` is the module that the child runs.
    """

    def __init__(self, limits: Limits = LIMITS, child: str = CHILD) -> None:
        super().__init__(child, limits)

    def read(self, data: bytes) -> ExtractedText:
        """The text of a file, and which of its pages are pictures.

        Raises ``Unreadable``, or ``ReaderBroken`` if the child does not start.
        """
        if len(data) > self.limits.bytes:
            raise TooLarge(f"The file has {len(data):,} bytes; {self.limits.bytes:,} are allowed.")
        if self.uses >= _FILES_BEFORE_RENEWAL:
            self.close()
        fresh = self.uses == 0
        try:
            return self._read_once(data)
        except ChildGone as end:
            if fresh:
                raise fault_of(end) from None
        # An earlier file may have corrupted the child: try once more in a new one.
        try:
            return self._read_once(data)
        except ChildGone as end:
            raise fault_of(end) from None

    def _read_once(self, data: bytes) -> ExtractedText:
        self.process.share(data)
        self.uses += 1
        try:
            answer = self.process.ask(str(len(data)), self.limits.seconds)
        except BaseException:
            self.uses = 0
            raise
        if "state" in answer:
            raise unreadable(answer)
        text = os.pread(self.process.shared, answer["size"], 0).decode()
        return ExtractedText(
            text, tuple(answer["offsets"]), answer["pages"], answer["method"], to_scan=tuple(answer["to_scan"])
        )


_readers: dict[int, TextReader] = {}  # by process: after a fork the recorded reader belongs to the other process


def text_of(data: bytes, limits: Limits) -> ExtractedText:
    """Read through this process's own long-lived child. Raises as ``TextReader.read``."""
    reader = _readers.get(os.getpid())
    if reader is None or reader.limits != limits:
        close_reader()
        reader = _readers[os.getpid()] = TextReader(limits)
    return reader.read(data)


@atexit.register
def close_reader() -> None:
    """Stop this process's child, if it has one."""
    if reader := _readers.pop(os.getpid(), None):
        reader.close()

"""A compromised child process that draws what it could still reach; page 99 never ends."""

import time
from collections.abc import Sequence

from determinations.extraction import drawing_child
from determinations.extraction.drawing import Place, Stretch
from determinations.extraction.results import Limits
from tests.extraction import nosy_child


class NosyFile:
    """A file of one page."""

    count = 1

    def draw(self, number: int, width: int, turn: int) -> bytes:
        if number == 99:
            time.sleep(60)
        return nosy_child.read_text(b"", Limits()).text.encode()

    def find(self, stretches: Sequence[Stretch]) -> list[list[Place]]:
        return []

    def excerpt(self, first: int, last: int) -> bytes:
        return b""

    def close(self) -> None:
        pass


if __name__ == "__main__":
    drawing_child.open_file = lambda data, limits: NosyFile()  # type: ignore[attr-defined] # replaced in the child
    drawing_child.main()

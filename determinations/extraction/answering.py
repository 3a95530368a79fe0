"""What every process that opens untrusted files does: it prepares, is shut in, and answers lines.

``process.ChildProcess`` starts it and asks. A file and long results are in the shared memory; lines are short.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TypedDict

from determinations.extraction.confine import limit, shut_in
from determinations.extraction.results import Limits, TooLarge, Unreadable


class Answer(TypedDict, total=False):
    """A line that a child writes: that it is ready, what it read and how many bytes of it are in the shared memory, or
    why it read nothing."""

    ready: bool
    size: int
    #: Of a letter.
    pages: int
    offsets: Sequence[int]
    method: str
    to_scan: Sequence[int]
    #: Degrees clockwise by which the picture of a scanned page was turned.
    turn: int
    #: Of a container: path, size, reason and message of each file.
    files: Sequence[tuple[Sequence[str], int, str, str]]
    is_cover: bool
    #: Of a table.
    heads: Sequence[str]
    rows: int
    state: str
    reason: str
    message: str


#: Given the descriptor of the shared memory and the limits: loads everything that answers need, since nothing can be
#: opened later, and returns what answers a line. ``Unreadable`` and ``MemoryError`` are answers, too.
Prepare = Callable[[int, Limits], Callable[[str], Answer]]


def answer_lines(prepare: Prepare, memory: Callable[[Limits], int], too_large: str) -> None:
    """Answer each line with one line of JSON, until the other side closes.

    The arguments of the process are ``SHARED_FD LIMITS_AS_JSON PARENT_PID``. ``memory`` gives the bytes that it may
    have, ``too_large`` says what needed more.
    """
    shared, limits, parent = int(sys.argv[1]), Limits(**json.loads(sys.argv[2])), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    answer = prepare(shared, limits)
    limit(memory(limits))
    if os.getppid() != parent:  # the parent ended before it could be watched
        return
    shut_in()
    _say({"ready": True})
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin:
            try:
                _say(answer(line))
            except Unreadable as reason:
                _say({"state": reason.state, "message": str(reason)})
            except MemoryError:
                _say({"state": TooLarge.state, "message": too_large})


def _say(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()

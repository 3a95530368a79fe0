"""Opens messages and portfolios through a child process that may crash or hang without harm."""

import os
from typing import Literal

from determinations.extraction.containers.results import LIMITS, ContainerRefused, Enclosed, Opened
from determinations.extraction.process import ChildGone, ChildReader
from determinations.extraction.results import Limits, TooSlow

CHILD = "determinations.extraction.containers.child"
Form = Literal["mail", "tnef", "outlook", "pdf"]


class ContainerReader(ChildReader):
    """One child process that opens containers one by one; ``child`` is the module that it runs."""

    def __init__(self, limits: Limits = LIMITS, child: str = CHILD) -> None:
        super().__init__(child, limits)

    def open(self, form: Form, data: bytes) -> Opened:
        """The files that a container carries. Raises ``ContainerRefused``, or ``ReaderBroken`` if no child starts."""
        if len(data) > self.limits.bytes:
            raise ContainerRefused("too_large", f"{len(data):,} bytes; {self.limits.bytes:,} are allowed.")
        was_fresh = self.uses == 0
        try:
            return self._open_once(form, data)
        except ChildGone as end:
            if was_fresh:
                raise _refusal(end) from None
        # An earlier container may have corrupted the child: try once more in a new one.
        try:
            return self._open_once(form, data)
        except ChildGone as end:
            raise _refusal(end) from None

    def _open_once(self, form: Form, data: bytes) -> Opened:
        self.process.share(data)
        uses, self.uses = self.uses, 0  # a child that ends while it answers leaves none that was used
        try:
            answer = self.process.ask(f"{form} {len(data)}", self.limits.seconds)
        except TooSlow as slow:
            raise ContainerRefused("too_slow", "Opening the file takes longer than allowed.") from slow
        self.uses = uses + 1
        if "state" in answer:  # a child that was used may lack memory that another one has
            self.close()
            raise ChildGone(answer["message"])
        if "reason" in answer:
            raise ContainerRefused(answer["reason"], answer["message"])
        files, at = [], 0
        for path, size, reason, message in answer["files"]:
            files.append(Enclosed(tuple(path), os.pread(self.process.shared, size, at), reason, message))
            at += size
        return Opened(tuple(files), answer["is_cover"])


def _refusal(end: ChildGone) -> ContainerRefused:
    return ContainerRefused("container_damaged", f"The file cannot be opened: reading it crashed ({end}).")

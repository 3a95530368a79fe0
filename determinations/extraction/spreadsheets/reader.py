"""Reads tables through a child process that may crash or hang without harm."""

import json
import os

from determinations.extraction.process import ChildGone, ChildProcess
from determinations.extraction.results import Limits, TooSlow
from determinations.extraction.spreadsheets.results import LIMITS, Cell, Row, Table, TableRefused

CHILD = "determinations.extraction.spreadsheets.child"


def read_table_file(data: bytes, limits: Limits = LIMITS) -> Table:
    """The table in a file. Raises ``TableRefused``, or ``ReaderBroken`` if no child starts."""
    if len(data) > limits.bytes:
        raise TableRefused(f"The file has {len(data):,} bytes; {limits.bytes:,} are allowed.")
    with ChildProcess(CHILD, limits) as child:
        child.share(data)
        try:
            answer = child.ask(str(len(data)), limits.seconds)
        except TooSlow:
            raise TableRefused("Reading the file takes longer than allowed. Save it as CSV, or split it.") from None
        except ChildGone:
            raise TableRefused("The file is damaged: reading it crashed.") from None
        if "message" in answer:
            raise TableRefused(answer["message"])
        lines = os.pread(child.shared, answer["size"], 0).splitlines()
    return Table(tuple(answer["heads"]), tuple(_row(*json.loads(line)) for line in lines))


def _row(number: int, cells: list[str | list[str]]) -> Row:
    return Row(number, tuple(Cell(cell) if isinstance(cell, str) else Cell(*cell) for cell in cells))

"""The same benchmark of two builds in turn, so that other work on the machine slows both."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from determinations.management.benchmark_records import NoRecord, Record, read_record


class BenchmarkFailed(Exception):
    """A benchmark of one of the builds ended with an error; the message has its last line."""


@dataclass(frozen=True, slots=True)
class Build:
    """A checkout, and the environment variables that differ from those of this process: its database, say."""

    checkout: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def measure(self, words: Sequence[str]) -> Record:
        """Run this benchmark with its arguments, and return its record. Raises :class:`BenchmarkFailed`."""
        own = self.checkout.absolute() / ".venv" / "bin" / "python"
        with TemporaryDirectory(prefix="imrsite-builds-") as folder:
            try:
                ran = subprocess.run(
                    [own if own.exists() else sys.executable, "manage.py", *words, "--record", folder],
                    cwd=self.checkout, env={**os.environ, **self.variables}, capture_output=True, text=True,
                    check=False,
                )  # fmt: skip
            except OSError as fault:
                raise BenchmarkFailed(f"{self.checkout}: {fault.strerror}.") from None
            if ran.returncode:
                raise BenchmarkFailed(f"{self.checkout}: {(ran.stderr.strip() or 'no message').splitlines()[-1]}")
            try:
                (path,) = Path(folder).glob("*.json")
                return read_record(path)
            except (NoRecord, ValueError):
                raise BenchmarkFailed(f"{self.checkout}: {words[0]} wrote no record.") from None


def in_turn(builds: Sequence[Build], words: Sequence[str], rounds: int) -> Iterator[list[Record]]:
    """The records of each round, in the order of the builds; every second round begins with the last of them.

    Raises :class:`BenchmarkFailed`.
    """
    for number in range(rounds):
        order = builds if number % 2 == 0 else builds[::-1]
        records = [build.measure(words) for build in order]
        yield records if number % 2 == 0 else records[::-1]


def median_record(records: Sequence[Record]) -> Record:
    """One record with the median of each figure that all of these runs of a build have."""
    lines = {
        line: {name: median(record.lines[line][name] for record in records) for name in _in_all(records, line)}
        for line in records[0].lines
        if all(line in record.lines for record in records)
    }
    return replace(records[-1], lines=lines)


def _in_all(records: Sequence[Record], line: str) -> list[str]:
    return [name for name in records[0].lines[line] if all(name in record.lines[line] for record in records)]

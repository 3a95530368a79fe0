"""Results of benchmarks as text: a JSON file for each run, with date, machine, commit and size of the collection.

The folder ``.github/benchmarks`` of the repository holds those that the README quotes. ``compare_benchmarks`` compares
two of them.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from django.conf import settings
from django.db import connection

#: Where records are kept.
FOLDER = settings.BASE_DIR / ".github" / "benchmarks"
#: What a figure counts: a time is better if it is lower, a rate if it is higher.
Unit = Literal["ms", "per second"]
_UNITS: tuple[Unit, ...] = get_args(Unit)


@dataclass(frozen=True, slots=True)
class Record:
    """One run of a benchmark. ``lines`` has the figures of each line by their names, ``p50`` and ``p95`` say."""

    benchmark: str
    unit: Unit
    at: str
    #: With its load when the run began: other work makes everything slower.
    machine: str
    commit: str
    letters: int
    lines: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, line: str, **figures: float) -> None:
        """Note the figures of a line, with one decimal."""
        self.lines[line] = {name: round(figure, 1) for name, figure in figures.items()}

    def write(self, folder: Path) -> Path:
        """Write the record to a file of this folder, named for what was measured; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.at[:10]}-{self.benchmark}-{self.letters}.json"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        return path


class NoRecord(Exception):
    """The file holds no record of a benchmark; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of two runs. ``ratio`` is above 1 if the newer run is slower."""

    line: str
    figure: str
    before: float
    after: float
    ratio: float


def new_record(benchmark: str, *, unit: Unit, letters: int, at: datetime) -> Record:
    """An empty record of this machine and commit."""
    return Record(benchmark, unit, at.isoformat(timespec="minutes"), _machine(), _commit(), letters)


def read_record(path: Path) -> Record:
    """The record in this file. Raises :class:`NoRecord`."""
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as fault:
        raise NoRecord(f"{path} holds no record of a benchmark ({type(fault).__name__}).") from None
    if record.unit not in _UNITS:
        raise NoRecord(f"{path} counts in an unknown unit.")
    return record


def changes(before: Record, after: Record) -> Iterator[Change]:
    """The figures that both runs have. Raises :class:`NoRecord` if they measured different things."""
    if (before.benchmark, before.unit) != (after.benchmark, after.unit):
        raise NoRecord(f"{before.benchmark} cannot be compared with {after.benchmark}.")
    for line, figures in after.lines.items():
        earlier: Mapping[str, float] = before.lines.get(line, {})
        for name in (name for name in figures if name in earlier):
            old, new = max(earlier[name], 0.1), max(figures[name], 0.1)
            yield Change(line, name, old, new, new / old if after.unit == "ms" else old / new)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
        f"PostgreSQL {version}"
    )


def _commit() -> str:
    """The commit that runs, marked if files differ from it; empty outside a repository."""
    git = ["git", "-C", str(settings.BASE_DIR)]
    named = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False)
    if named.returncode:
        return ""
    return named.stdout.strip() + (" with changes" if changed.stdout.strip() else "")

"""Processor time of running processes, by what they do: what a benchmark can compare while other work goes on."""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    seconds: float  #: of the process itself, and of the children that it has waited for
    command: str


def processor_seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds so far of these processes (IDs by name) with all that descend from them.

    A child that ended counts with its parent. Those that open untrusted files count as ``reading children``.
    """
    processes = dict(_processes())
    name_of = {pid: name for name, pid in roots.items()}
    seconds: dict[str, float] = defaultdict(float)
    for pid, process in processes.items():
        if (name := _name_of(pid, processes, name_of)) is None:
            continue
        is_reader = "determinations.extraction.child" in process.command
        seconds["reading children" if is_reader else name] += process.seconds
    return dict(seconds)


def _name_of(pid: int, processes: Mapping[int, _Process], names: Mapping[int, str]) -> str | None:
    while pid not in names:
        if pid not in processes:
            return None
        pid = processes[pid].parent
    return names[pid]


def _processes() -> list[tuple[int, _Process]]:
    processes = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:  # it has ended
                continue
            processes.append(
                (int(entry.name), _Process(int(fields[1]), sum(map(int, fields[11:15])) / _TICKS, command))
            )
    return processes

"""A part of one processor for a group of processes, by control groups of Linux: hosts of known speed on one machine.

This needs root, and a controller of processor time: version 1 (``cpu.cfs_quota_us``) or 2 (``cpu.max``).
"""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
#: Microseconds within which a group may use its part: short, so that it never waits long.
_PERIOD = 20_000


class NoShare(Exception):
    """This machine lets us limit no group of processes; says why."""


@dataclass(frozen=True, slots=True)
class ProcessorShare:
    """A control group, until :meth:`close`."""

    folder: Path

    @classmethod
    def create(cls, name: str, *, groups: Path = _GROUPS) -> "ProcessorShare":
        """A group without a limit yet. Raises :class:`NoShare`."""
        first = groups / "cpu"
        share = cls((first if first.is_dir() else groups) / name)
        try:
            share.folder.mkdir()
        except OSError as error:
            remedy = ": this needs root" if isinstance(error, PermissionError) else ""
            raise NoShare(f"no control group can be made ({error.strerror}){remedy}") from error
        return share

    def lift(self) -> None:
        """From now on there is no limit. Raises :class:`NoShare`."""
        self._write("-1", "max")

    def limit(self, cores: float) -> None:
        """From now on it may use ``cores`` of a processor (0.25: a quarter of one). Raises :class:`NoShare`."""
        quota = str(round(cores * _PERIOD))
        self._write(quota, quota)

    def _write(self, first: str, second: str) -> None:
        """Set the quota, as both versions say it."""
        try:
            if (self.folder / "cpu.cfs_quota_us").exists():
                (self.folder / "cpu.cfs_period_us").write_text(f"{_PERIOD}")
                (self.folder / "cpu.cfs_quota_us").write_text(first)
            else:
                (self.folder / "cpu.max").write_text(f"{second} {_PERIOD}")
        except OSError as error:
            raise NoShare(f"processor time cannot be limited ({error.strerror})") from error

    @property
    def prefix(self) -> Sequence[str]:
        """Starts a program inside, and all that it starts."""
        return ("sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(self.folder))

    def close(self) -> None:
        """Remove the group once its processes have ended; after 10 seconds it is left."""
        give_up_at = time.monotonic() + 10
        while self.folder.is_dir() and time.monotonic() < give_up_at:
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.1)

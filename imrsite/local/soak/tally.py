"""What faults cost in a soak run, and the table of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imrsite.local.soak.work import Damage


@dataclass(slots=True)
class Tally:
    """What one kind of fault cost. Of a burst, costs and recovery are those of its last fault."""

    times: int = 0
    lost: int = 0
    doubled: int = 0
    half_written: int = 0
    set_aside: int = 0
    stuck: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, damage: "Damage", before: "Damage") -> None:
        """Count what was not there before."""
        self.lost += max(0, damage.lost - before.lost)
        self.doubled += max(0, damage.doubled - before.doubled)
        self.half_written += max(0, damage.half_written - before.half_written)
        self.set_aside += max(0, damage.set_aside - before.set_aside)

    @classmethod
    def sum(cls, tallies: Sequence["Tally"]) -> "Tally":
        """All of them together."""
        total = cls()
        for tally in tallies:
            for name in ("times", "lost", "doubled", "half_written", "set_aside", "stuck"):
                setattr(total, name, getattr(total, name) + getattr(tally, name))
            total.seconds += tally.seconds
        return total

    def recovery(self) -> str:
        """Median, 95th percentile and longest of the seconds until nothing was open."""
        if not self.seconds:
            return "never."
        ordered = sorted(self.seconds)
        late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        over = sum(seconds > 60 for seconds in ordered) + self.stuck
        return (
            f"median {median(ordered):.1f} s, p95 {late:.1f} s, longest {ordered[-1]:.1f} s; "
            f"{over} of {len(ordered) + self.stuck} bursts took over 60 s."
        )

    @property
    def failures(self) -> int:
        """Everything that must be zero."""
        return self.lost + self.doubled + self.half_written + self.set_aside + self.stuck

    def line(self, kind: str) -> str:
        """A row of the table."""
        middle, most = (median(self.seconds), max(self.seconds)) if self.seconds else (0.0, 0.0)
        return (
            f"{kind:24} {self.times:6} {self.lost:6} {self.doubled:8} {self.half_written:13} {self.set_aside:10} "
            f"{self.stuck:6} {middle:9.1f} {most:9.1f}"
        )


#: The head of the table.
HEAD = (
    f"{'fault':24} {'times':>6} {'lost':>6} {'doubled':>8} {'half-written':>13} {'set aside':>10} {'stuck':>6} "
    f"{'median s':>9} {'longest s':>9}"
)

"""What moved between two tables of the same statistic."""

from dataclasses import dataclass
from math import sqrt

from determinations.models import StatisticsLimits
from determinations.statistics.intervals import Z
from determinations.statistics.tabulate import Table, Tally


@dataclass(frozen=True)
class Change:
    """One row now and before. ``points``: percentage points between the rates; ``clear``: more than chance."""

    key: str
    label: str
    now: Tally
    before: Tally
    share_now: float | None
    share_before: float | None
    enough: bool

    @property
    def points(self) -> float | None:
        """How far the overturn rate moved, in percentage points."""
        if self.now.rate is None or self.before.rate is None:
            return None
        return self.now.rate - self.before.rate

    @property
    def clear(self) -> bool:
        """The rates differ by more than chance would have it: two-proportion z test at 95%."""
        return self.enough and abs(_z(self.now, self.before)) > Z


def _z(one: Tally, other: Tally) -> float:
    n, m = one.decided, other.decided
    if not n or not m:
        return 0.0
    pooled = (one.overturned + other.overturned) / (n + m)
    spread = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return (one.overturned / n - other.overturned / m) / spread if spread else 0.0


def changes(now: Table, before: Table, *, limits: StatisticsLimits, all_rows: bool = False) -> list[Change]:
    """Rows of either table. Without ``all_rows`` only those that moved clearly, or most, at most six."""
    labels = {row.key: row.label for row in (*before.rows, *now.rows)}
    rows = [row.key for row in now.rows]
    rows += [row.key for row in before.rows if row.key not in set(rows)]
    found = []
    for key in rows:
        one, other = now.row(key), before.row(key)
        a, b = one.tally if one else Tally(), other.tally if other else Tally()
        found.append(
            Change(
                key=key,
                label=labels[key],
                now=a,
                before=b,
                share_now=a.share_of(now.total.items),
                share_before=b.share_of(before.total.items),
                enough=min(a.decided, b.decided) >= limits.rate_needs,
            )
        )
    if all_rows:
        return found
    judged = [change for change in found if change.enough]
    return sorted(judged, key=lambda change: (not change.clear, -abs(change.points or 0)))[:6]

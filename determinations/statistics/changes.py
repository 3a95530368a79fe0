"""Compares two tables of the same statistic, row by row."""

from dataclasses import dataclass
from math import sqrt

from determinations.models import StatisticsLimits
from determinations.statistics.intervals import Z
from determinations.statistics.tabulate import Table, Tally


@dataclass(frozen=True)
class Change:
    """One row in both tables; ``now`` is A and ``before`` is B when two selections are compared.

    ``enough_now`` and ``enough_before`` say whether each has decided items enough for its rate.
    """

    key: str
    label: str
    now: Tally
    before: Tally
    share_now: float | None
    share_before: float | None
    enough_now: bool
    enough_before: bool

    @property
    def enough(self) -> bool:
        """Whether both have decided items enough to compare their rates."""
        return self.enough_now and self.enough_before

    @property
    def points(self) -> float | None:
        """The difference between the overturn rates, in percentage points."""
        if self.now.rate is None or self.before.rate is None:
            return None
        return self.now.rate - self.before.rate

    @property
    def significant(self) -> bool:
        """Whether the rates differ significantly: two-proportion z test at the 95% level."""
        return self.enough and abs(_z(self.now, self.before)) > Z


def _z(one: Tally, other: Tally) -> float:
    n, m = one.decided, other.decided
    if not n or not m:
        return 0.0
    pooled = (one.overturned + other.overturned) / (n + m)
    spread = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return (one.overturned / n - other.overturned / m) / spread if spread else 0.0


def changes(now: Table, before: Table, *, limits: StatisticsLimits, all_rows: bool = False) -> list[Change]:
    """The rows of either table. Without ``all_rows``, at most six: significant changes first, then the largest."""
    labels = {row.key: row.label for row in (*before.rows, *now.rows)}
    rows = [row.key for row in now.rows]
    rows += [row.key for row in before.rows if row.key not in set(rows)]
    compared = []
    for key in rows:
        tally_now, tally_before = now.tally(key), before.tally(key)
        compared.append(
            Change(
                key=key,
                label=labels[key],
                now=tally_now,
                before=tally_before,
                share_now=tally_now.share_of(now.total.items),
                share_before=tally_before.share_of(before.total.items),
                enough_now=tally_now.decided >= limits.rate_needs,
                enough_before=tally_before.decided >= limits.rate_needs,
            )
        )
    if all_rows:
        return compared
    comparable = [change for change in compared if change.enough]
    return sorted(comparable, key=lambda change: (not change.significant, -abs(change.points or 0)))[:6]

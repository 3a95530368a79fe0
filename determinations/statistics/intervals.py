"""Confidence intervals and quantiles."""

from math import sqrt

#: The two-sided 95% quantile of the normal distribution.
Z = 1.959963984540054


def wilson(k: int, n: int) -> tuple[float, float] | None:
    """The 95% Wilson score interval of ``k`` of ``n``, as two shares from 0 to 1; None if ``n`` is 0.

    Wilson (1927). Unlike the normal interval it stays within 0 and 1 and is valid for small ``n``.
    """
    if n == 0:
        return None
    share, z2 = k / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (0.0 if k == 0 else max(0.0, middle - half), 1.0 if k == n else min(1.0, middle + half))


def quantile(histogram: dict[int, int], share: float) -> float | None:
    """The quantile of a histogram (value to count), interpolated linearly like SQL's ``percentile_cont``."""
    total = sum(histogram.values())
    if total == 0:
        return None
    place = share * (total - 1)
    lower = int(place)
    low, high = _at(histogram, lower), _at(histogram, min(lower + 1, total - 1))
    return low + (high - low) * (place - lower)


def _at(histogram: dict[int, int], place: int) -> int:
    """The value at index ``place`` of all values in order."""
    seen = 0
    for value in sorted(histogram):
        seen += histogram[value]
        if place < seen:
            return value
    raise ValueError("place beyond the last value")

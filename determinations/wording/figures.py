"""How numbers are written, on pages and in reports."""


def thousands(value: int | float | None) -> str:
    """A number with thousands separators."""
    return "" if value is None else f"{value:,.0f}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 letter``, ``2 letters``; with thousands separators, and ``plural`` for nouns that do not take an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def percent(value: float | None) -> str:
    """``12.3%``; a dash if there is nothing to divide by."""
    return "–" if value is None else f"{value:.1f}%"


def one(value: float) -> str:
    """One decimal."""
    return f"{value:.1f}"


def two(value: float | None) -> str:
    """Two decimals."""
    return "–" if value is None else f"{value:.2f}"


def days(value: float | None) -> str:
    """Days, with a decimal only if it is not zero."""
    return "–" if value is None else f"{value:,.1f}".removesuffix(".0")


def points(value: float | None) -> str:
    """Percentage points with a sign."""
    return "–" if value is None else f"{value:+.1f} points".replace("-", "−")


def published(value: float) -> str:
    """A published figure: as many decimals as it has, and none from a thousand on."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.2f}".rstrip("0").rstrip(".")

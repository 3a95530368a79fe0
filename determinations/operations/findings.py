"""What a check found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from determinations.intake.store_health import Obstacle


class Level(StrEnum):
    """How serious it is. ``UNKNOWN``: the check could not be made, or did not end in time."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check in words, with the remedy unless all is well. No letter text, no secrets."""

    level: Level
    what: str
    remedy: str = ""

    @classmethod
    def of(cls, obstacle: Obstacle | None, otherwise: str) -> "Finding":
        """That of an obstacle to reading letters; ``otherwise`` says that there is none."""
        if obstacle is None:
            return cls(Level.OK, otherwise)
        return cls(Level.FAILING, obstacle.what, obstacle.remedy)


class Source(StrEnum):
    """What a check asks. The checks of one source are made one after the other, apart from those of others."""

    DATABASE = "database"
    BROKER = "broker"
    FILES = "files"
    REPLICA = "replica"


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``meaning`` says what it costs users if it fails.

    ``readiness``: health checks report it; ``web``: without it the web server itself is of no use. ``alarm_after``:
    how long it has to fail until administrators are told; None for never.
    """

    code: str
    label: str
    meaning: str
    source: Source
    run: Callable[[], Finding]
    readiness: bool = False
    web: bool = False
    alarm_after: timedelta | None = timedelta()

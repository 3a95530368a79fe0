"""Loaded into the workers of a soak run: a skewed clock and a full disk, as files of the state folder ask for them."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from determinations.intake import store_health

_STATE = Path(os.environ["IMRSITE_STATE_DIR"])
#: Holds the seconds by which the clock is ahead; negative when behind.
SKEW = _STATE / "skew"
#: Exists while the disk is full.
FULL = _STATE / "full"

_real_now, _real_time, _real_free = timezone.now, time.time, store_health.free_bytes


def _skew() -> float:
    try:
        return float(SKEW.read_text() or 0)
    except (FileNotFoundError, ValueError):
        return 0.0


def _now() -> datetime:
    return _real_now() + timedelta(seconds=_skew())


def _time() -> float:
    return _real_time() + _skew()


def _free(folder: Path) -> int:
    return 0 if FULL.exists() else _real_free(folder)


setattr(timezone, "now", _now)  # noqa: B010 - replaced on purpose
setattr(time, "time", _time)  # noqa: B010 - replaced on purpose
setattr(store_health, "free_bytes", _free)  # noqa: B010 - replaced on purpose

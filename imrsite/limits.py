"""How long a web request may wait, and how many files it may hold open. Workers, commands and migrations have time."""

import contextlib
import os
import resource

#: Seconds for one statement of a web request, and for one wait for a row that somebody else holds.
STATEMENT_SECONDS, LOCK_SECONDS = 60, 20
#: Open files of a process besides those of an upload: connections, logs, libraries.
_OTHER_FILES = 512


def set_limits_of_web() -> None:
    """Before the settings of a web server are read: its statements end, whatever a person asks for."""
    os.environ.setdefault("STATEMENT_SECONDS", str(STATEMENT_SECONDS))


def database_options(options: dict[str, str], statement_seconds: int) -> dict[str, str]:
    """libpq's options with the time that a statement has; 0: as long as it takes."""
    if not statement_seconds:
        return options
    lock_seconds = min(LOCK_SECONDS, statement_seconds)
    limits = f"-c statement_timeout={statement_seconds}s -c lock_timeout={lock_seconds}s"
    return {**options, "options": f"{options.get('options', '')} {limits}".strip()}


def files_of_one_upload(wanted: int) -> int:
    """How many files one form may bring: each may be open at once, and a process has only so many.

    Raises this process's own limit as far as the system lets it; where that is not enough, fewer files are taken.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _OTHER_FILES
    if allowed != resource.RLIM_INFINITY and allowed < needed:
        allowed = needed if most == resource.RLIM_INFINITY else min(needed, most)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, allowed - _OTHER_FILES))

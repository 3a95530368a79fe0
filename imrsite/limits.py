"""Limits of web requests: time per statement and open files. Workers, commands and migrations are not limited."""

import contextlib
import os
import resource

#: Seconds for one statement of a web request, and for one wait for a locked row.
STATEMENT_SECONDS, LOCK_SECONDS = 60, 20
#: Open files of a process other than those of an upload: connections, logs, libraries.
_OTHER_FILES = 512


def set_limits_of_web() -> None:
    """Limit the time of every statement. Call it before a web server loads its settings."""
    os.environ.setdefault("STATEMENT_SECONDS", str(STATEMENT_SECONDS))


def database_options(options: dict[str, str], statement_seconds: int) -> dict[str, str]:
    """libpq's options with a limit per statement; 0 means no limit."""
    if not statement_seconds:
        return options
    lock_seconds = min(LOCK_SECONDS, statement_seconds)
    limits = f"-c statement_timeout={statement_seconds}s -c lock_timeout={lock_seconds}s"
    return {**options, "options": f"{options.get('options', '')} {limits}".strip()}


def files_of_one_upload(requested: int) -> int:
    """How many files one form may contain: all may be open at once, and a process's open files are limited.

    Raises this process's own limit as far as the system allows; if that is not enough, fewer files are accepted.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = requested + _OTHER_FILES
    if allowed != resource.RLIM_INFINITY and allowed < needed:
        allowed = needed if most == resource.RLIM_INFINITY else min(needed, most)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY:
        return requested
    return max(1, min(requested, allowed - _OTHER_FILES))

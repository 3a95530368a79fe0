"""Makes the checks: each source in a thread of its own, so that one that hangs holds up neither callers nor others.

A caller waits for at most a given time; what is not known then is ``UNKNOWN``. Results count for a moment, and no
check is started a second time while it still runs: many callers cost as much as one.
"""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from django.db import DatabaseError, connections
from redis.exceptions import RedisError

from determinations.operations.checks import CHECKS
from determinations.operations.findings import Check, Finding, Level, Source

#: Seconds for which a result counts.
COUNTS_FOR = 1.5
_NO_DATABASE = Finding(Level.UNKNOWN, "Unknown, because the database does not answer.")
_NO_ANSWER = Finding(Level.UNKNOWN, "This could not be checked in time.", "See the log of this server.")


def make_check(check: Check) -> Finding:
    """The result of one check; a fault of what it asks is a result too."""
    try:
        return check.run()
    except (DatabaseError, RedisError, OSError) as fault:
        return Finding(Level.UNKNOWN, f"This could not be checked ({type(fault).__name__}).", "See the other checks.")


def make_checks(checks: Iterable[Check] = CHECKS) -> dict[str, Finding]:
    """The results of these checks by their codes, made in this thread."""
    findings: dict[str, Finding] = {}
    for check in checks:
        down = "database" in findings and findings["database"].level is Level.FAILING
        findings[check.code] = _NO_DATABASE if down and check.source is Source.DATABASE else make_check(check)
    return findings


class _Group:
    """The checks of one source."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks = checks
        self.findings: dict[str, Finding] = {}
        self.made_at = float("-inf")
        self.begun_at = float("-inf")
        self.changed = threading.Condition()
        self.runs = False

    def ask(self, until: float) -> dict[str, Finding]:
        """Results that are recent, by their codes; those of checks that take longer than ``until`` are missing."""
        asked_at = time.monotonic()
        with self.changed:
            if not self.runs and asked_at - self.made_at > COUNTS_FOR:
                self.runs, self.begun_at, self.findings = True, asked_at, {}
                threading.Thread(target=self._make, name=f"checks of {self.checks[0].source}", daemon=True).start()
            self.changed.wait_for(lambda: not self.runs, timeout=max(0.0, until - asked_at))
            return dict(self.findings)

    def _make(self) -> None:
        try:
            down = False
            for check in self.checks:
                finding = _NO_DATABASE if down else make_check(check)
                down = down or (check.code == "database" and finding.level is Level.FAILING)
                with self.changed:
                    self.findings[check.code] = finding
        finally:
            connections.close_all()
            with self.changed:
                self.runs, self.made_at = False, time.monotonic()
                self.changed.notify_all()


class Checks:
    """Checks made in the background of this process."""

    def __init__(self, checks: Sequence[Check] = CHECKS) -> None:
        self.checks = checks
        self._groups = [
            _Group([check for check in checks if check.source is source])
            for source in Source
            if any(check.source is source for check in checks)
        ]

    def ask(self, seconds: float) -> Mapping[str, Finding]:
        """The result of every check by its code, in their order, within this time."""
        until = time.monotonic() + seconds
        findings: dict[str, Finding] = {}
        for group in self._groups:
            findings |= group.ask(until)
        return {check.code: findings.get(check.code, _NO_ANSWER) for check in self.checks}


#: Of this process.
of_database = Checks([check for check in CHECKS if check.code == "database"])
of_readiness = Checks([check for check in CHECKS if check.readiness])
of_everything = Checks(CHECKS)

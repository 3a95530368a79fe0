"""One look at everything: figures are counted and alarms looked for, at most once in a while by one process."""

import logging
import time
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from determinations.operations import alarms
from determinations.operations.checks import CHECKS
from determinations.operations.figures import count_figures
from determinations.operations.findings import Finding, Level
from determinations.operations.making_checks import make_checks

log = logging.getLogger(__name__)

#: A database that does not answer for so many looks in a row is an alarm.
_LOOKS_WITHOUT_DATABASE = 2


def look(*, now: datetime) -> None:
    """Count figures and look for alarms."""
    try:
        count_figures(now)
    except RedisError as fault:
        log.warning("Figures cannot be kept (%s).", type(fault).__name__)
    alarms.look(make_checks(CHECKS), now=now)


class DatabaseWatch:
    """Tells of a database that does not answer, which cannot keep an alarm: by e-mail to ``ALARM_EMAIL`` alone."""

    def __init__(self) -> None:
        self.failed = 0
        self.told = False
        self.since = 0.0

    def answered(self) -> None:
        """The database answers; say so if it was told that it did not."""
        if self.told:
            minutes = round((time.monotonic() - self.since) / 60)
            self.told = not _tell("over: Database", f"The database answers again, after {minutes} minutes.\n")
        if not self.told:
            self.failed = 0

    def did_not_answer(self, fault: DatabaseError) -> None:
        """The database does not answer."""
        self.failed += 1
        if self.failed == 1:
            self.since = time.monotonic()
        log.error("The database does not answer (%s).", type(fault).__name__)
        if self.failed >= _LOOKS_WITHOUT_DATABASE and not self.told:
            finding = Finding(
                Level.FAILING, "The database does not answer, so no page can be opened.",
                "Check PostgreSQL, its log and DATABASE_URL. Everything continues without a restart.",
            )  # fmt: skip
            self.told = _tell("Database", f"{finding.what}\n{finding.remedy}\n")


def _tell(subject: str, text: str) -> bool:
    if not settings.EMAIL_HOST or not settings.ALARM_EMAIL:
        return True  # no one to tell; the log has it
    return alarms.send_message(f"imrsite: {subject}", text, settings.ALARM_EMAIL)

"""Checks of what administrators rely on unseen: backups, the audit trail, sources of letters, alarms."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache

from determinations.arrivals.looking import failing_sources
from determinations.arrivals.set_aside import sources_with_files
from determinations.audit.upkeep import standing
from determinations.models import BackupRecord
from determinations.models.clock import database_now
from determinations.operations.findings import Finding, Level
from determinations.operations.recipients import alarm_recipients
from determinations.wording.figures import counted

#: The cache key that says when alarms were last looked for (see ``alarms``).
WATCHED_KEY = "alarms-watched"


def backup() -> Finding:
    """Whether backups succeed and are recent."""
    newest = BackupRecord.objects.exclude(finished_at=None).order_by("-started_at").first()
    if newest is not None and not newest.succeeded:
        return Finding(
            Level.FAILING,
            f"The backup of {newest.started_at:%Y-%m-%d %H:%M} UTC failed: {newest.message}"[:500],
            "Correct the cause, then run manage.py backup again.",
        )
    hours, remedy = settings.BACKUP_LATE_HOURS, "See the timer or the service that runs manage.py backup."
    if newest is not None and newest.message:
        return Finding(
            Level.FAILING,
            f"The backup of {newest.started_at:%Y-%m-%d %H:%M} UTC is complete, but: {newest.message}"[:500],
            "Run manage.py check_store, and restore the files from an earlier backup or upload them again.",
        )
    if newest is None:
        level = Level.FAILING if hours else Level.WARNING
        return Finding(level, "No backup was made with manage.py backup.", remedy)
    said = f"The last backup is of {newest.started_at:%Y-%m-%d %H:%M} UTC, with {newest.files:,} files."
    if hours and database_now() - newest.started_at > timedelta(hours=hours):
        return Finding(Level.FAILING, f"{said} It is older than {hours} hours.", remedy)
    return Finding(Level.OK, said)


def audit_trail() -> Finding:
    """Whether events are chained and sent on, and the chain verifies; alerts of the trail tell the latter two."""
    trail = standing(database_now())
    if trail.is_late:
        return Finding(
            Level.FAILING,
            f"{trail.waiting.number:,} events wait to be chained, the first for over five minutes.",
            "Check that a worker and the scheduler run. Events are recorded meanwhile.",
        )
    if trail.state.fault:
        return Finding(
            Level.WARNING, trail.state.fault, "Keep a copy of the database, and run manage.py verify_audit."
        )
    if trail.state.stream_fault:
        return Finding(
            Level.WARNING, trail.state.stream_fault, "Events are sent on when it works again; none is lost."
        )
    return Finding(Level.OK, f"{trail.head.position:,} events are chained.")


def sources_of_letters() -> Finding:
    """Whether workers can take letters from every source that they look at."""
    failing = failing_sources()
    if not failing and (set_aside := sources_with_files()):
        files = sum(set_aside.values())
        return Finding(
            Level.FAILING,
            f"{counted(files, 'file')} could not be taken: {', '.join(list(set_aside)[:5])}.",
            "Open Sources of letters and have them tried again. Nothing is lost; all other files are taken.",
        )
    if not failing:
        return Finding(Level.OK, "Every source of letters can be looked at.")
    named = ", ".join(source.name for source in failing[:5])
    return Finding(
        Level.FAILING,
        f"{counted(len(failing), 'source')} of letters cannot be looked at: {named}.",
        "Open Sources of letters, which says why. Nothing is lost; taking goes on by itself.",
    )


def alarms() -> Finding:
    """Whether alarms are looked for, and reach anyone."""
    if cache.get(WATCHED_KEY) is None:
        return Finding(Level.WARNING, "Nothing looks for alarms.", "Run manage.py watch as a service.")
    if not settings.EMAIL_HOST:
        return Finding(
            Level.WARNING, "Alarms are shown here, but not sent: there is no mail server.", "Set EMAIL_URL."
        )
    if not alarm_recipients():
        return Finding(
            Level.WARNING,
            "Alarms are shown here, but not sent: no administrator has an e-mail address.",
            "Set ALARM_EMAIL, or enter addresses under Accounts.",
        )
    return Finding(Level.OK, "Alarms are looked for every minute and sent by e-mail.")

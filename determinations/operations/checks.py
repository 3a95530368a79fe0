"""Every check of the installation, in the order in which pages list them."""

from collections import Counter
from contextlib import closing
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from determinations.arrivals.looking import failing_sources
from determinations.arrivals.set_aside import sources_with_files
from determinations.audit.upkeep import standing
from determinations.intake.store_health import disk_words, free_bytes, space_obstacle, store_folder, store_obstacle
from determinations.models import BackupRecord, Installation, Letter, LetterState
from determinations.models.clock import database_now
from determinations.operations.column_files import column_file
from determinations.operations.findings import Check, Finding, Level, Source
from determinations.operations.hosts import parts
from determinations.operations.recipients import alarm_recipients
from determinations.reading.breaker import ALIKE
from determinations.reading.readiness import stopped_workers, sweep_state
from determinations.reading.schema import schema_obstacle
from determinations.reading.worker_list import client, running_workers
from determinations.reading.workers import WorkerState, swept_lately, worker_state
from determinations.replica.looking import look
from determinations.replica.own_writes import EVERYBODY
from imrsite.backing import broker_client
from imrsite.connections import REPLICA, is_configured, is_pooled
from imrsite.static_files import FingerprintedStorage, uncollected

#: The cache key that says when alarms were last looked for (see ``alarms``).
WATCHED_KEY = "alarms-watched"
#: Letters set aside alike within this time raise an alarm.
_ALIKE_WITHIN = timedelta(hours=1)
#: The newest letters set aside that are looked at.
_NEWEST = 200


def database() -> Finding:
    """Whether PostgreSQL answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            (version,) = cursor.fetchone()
    except DatabaseError as fault:
        return Finding(
            Level.FAILING,
            f"The database does not answer ({type(fault).__name__}).",
            "Check PostgreSQL, its log and DATABASE_URL. Everything continues without a restart.",
        )
    return Finding(Level.OK, f"PostgreSQL {version.split()[0]} answers.")


def schema() -> Finding:
    """Whether the database has exactly the migrations of this program."""
    return Finding.of(schema_obstacle(), "All migrations of this program are applied, and no others.")


def broker() -> Finding:
    """Whether the broker answers."""
    try:
        with closing(broker_client()) as server:
            server.ping()
    except RedisError as fault:
        return Finding(
            Level.FAILING,
            f"The broker does not answer ({type(fault).__name__}).",
            "Check Redis or Valkey and REDIS_URL. What was queued is sent again by itself.",
        )
    return Finding(Level.OK, "The broker answers.")


def cache_server() -> Finding:
    """Whether the cache answers."""
    try:
        client().ping()
    except RedisError as fault:
        return Finding(
            Level.FAILING,
            f"The cache does not answer ({type(fault).__name__}).",
            "Check Redis or Valkey and CACHE_URL. Pages are slower until then.",
        )
    return Finding(Level.OK, "The cache answers.")


def store() -> Finding:
    """Whether the folder of letters is that of this database. Writes nothing: the first upload ties them."""
    if not Installation.objects.exists() and not Letter.objects.exists():
        return Finding(Level.OK, "No letter was received yet; the first one ties the letter store to this database.")
    return Finding.of(store_obstacle(), "The letter store belongs to this database.")


def space() -> Finding:
    """Whether the disk of the letters has room."""
    if obstacle := space_obstacle():
        return Finding.of(obstacle, "")
    try:
        free = free_bytes(store_folder()) // 2**20
    except OSError:
        return Finding(Level.OK, "The folder of files does not exist yet; the first upload creates it.")
    if free * 2**20 < settings.STORE_LOW_BYTES:
        return Finding(
            Level.FAILING,
            f"{disk_words()} is filling up: {free:,} MB are free. Below "
            f"{settings.STORE_FREE_BYTES // 2**20:,} MB letters are neither received nor read.",
            "Free space on it or enlarge it. STORE_LOW_MB sets when this is said.",
        )
    return Finding(Level.OK, f"{disk_words()} has {free:,} MB free.")


def static_files() -> Finding:
    """Whether this process serves collected static files."""
    remedy = "Run manage.py collectstatic, then restart the web server."
    storage = storages["staticfiles"]
    if not isinstance(storage, FingerprintedStorage):
        return Finding(Level.OK, "Static files are served from the source: this is a development server.")
    if not storage.hashed_files:
        return Finding(Level.FAILING, "Static files have not been collected; pages load slowly.", remedy)
    if uncollected:
        return Finding(Level.FAILING, f"{len(uncollected)} static files of this version were not collected.", remedy)
    return Finding(Level.OK, "Static files are collected.")


def sweep() -> Finding:
    """Whether stale work is requeued."""
    state = sweep_state()
    if (state.swept_at is None and swept_lately()) or not state.is_late:
        return Finding(Level.OK, "Interrupted work is sent again six times a minute.")
    when = "has never run" if state.swept_at is None else f"last ran at {state.swept_at:%Y-%m-%d %H:%M} UTC"
    return Finding(
        Level.FAILING,
        f"The sweep {when}.",
        "Start the scheduler (celery beat), and a worker that takes its tasks. It goes on by itself.",
    )


def worker() -> Finding:
    """Whether letters have a worker."""
    state = worker_state()
    if state is WorkerState.STARTS:
        return Finding(Level.OK, "A worker is starting.")
    if state is WorkerState.AWAY:
        return Finding(
            Level.FAILING,
            "No worker is running.",
            "Start one (celery worker), or see its log if it should be running. Uploaded letters keep their place.",
        )
    return Finding(Level.OK, "A worker is running.")


def scans() -> Finding:
    """Whether scanned letters have a worker."""
    if any("scans" in worker.queues for worker in running_workers()):
        return Finding(Level.OK, "A worker reads scans.")
    return Finding(
        Level.WARNING,
        "No worker reads scans.",
        "Start one for the queue scans; scanned letters wait for it.",
    )


def hosts() -> Finding:
    """Whether a web server, scheduler or ``watch`` fell silent without being stopped."""
    silent = [part for part in parts([]) if part.silent is not None]
    if not silent:
        return Finding(Level.OK, "Every web server and scheduler that was not stopped reports itself.")
    named = ", ".join(f"{part.name} on {part.host} ({part.silent})" for part in silent[:5])
    return Finding(
        Level.WARNING,
        f"Nothing has been heard of: {named}.",
        "See whether the host runs and reaches the cache. What another host replaces leaves this list after an hour.",
    )


def versions() -> Finding:
    """Whether all workers run this program."""
    others = [worker.name for worker in running_workers() if not worker.has_this_program]
    if not others:
        return Finding(Level.OK, "All workers run the program of the web server.")
    return Finding(
        Level.WARNING,
        f"{len(others)} workers run another version: {', '.join(others[:5])}.",
        "Restart them, so that all processes run the installed version.",
    )


def reading() -> Finding:
    """Whether a worker has stopped reading letters, and why."""
    stopped = stopped_workers()
    if not stopped:
        return Finding(Level.OK, "No worker reports a reason to stop.")
    reason = stopped[0].reasons[0] if stopped[0].reasons else {"what": "It gives no reason.", "remedy": ""}
    return Finding(
        Level.FAILING,
        f"{stopped[0].name} reads no letters: {reason['what']}"
        + (f" {len(stopped) - 1} other workers have stopped too." if len(stopped) > 1 else ""),
        reason["remedy"],
    )


def set_aside_alike() -> Finding:
    """Whether several letters were set aside for the same reason lately."""
    since = database_now() - _ALIKE_WITHIN
    newest = Letter.objects.filter(state=LetterState.SET_ASIDE).order_by("-pk")[:_NEWEST]
    lately = [letter.message for letter in newest if letter.finished_at and letter.finished_at >= since]
    message, count = Counter(lately).most_common(1)[0] if lately else ("", 0)
    if count < ALIKE:
        return Finding(Level.OK, f"{len(lately)} letters were set aside in the last hour.")
    return Finding(
        Level.FAILING,
        f"{count} letters were set aside alike in the last hour: {message[:300]}",
        "See the worker's log. When the cause is corrected, retry them on the Uploads page.",
    )


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
            f"{files} file{'s' if files > 1 else ''} could not be taken: {', '.join(list(set_aside)[:5])}.",
            "Open Sources of letters and have them tried again. Nothing is lost; all other files are taken.",
        )
    if not failing:
        return Finding(Level.OK, "Every source of letters can be looked at.")
    named = ", ".join(source.name for source in failing[:5])
    return Finding(
        Level.FAILING,
        f"{len(failing)} source{'s' if len(failing) > 1 else ''} of letters cannot be looked at: {named}.",
        "Open Sources of letters, which says why. Nothing is lost; taking goes on by itself.",
    )


def replica() -> Finding:
    """Whether the read replica answers and keeps up."""
    if not is_configured(REPLICA):
        return Finding(Level.OK, "There is no read replica (REPLICA_URL); the primary answers everything.")
    state = look(EVERYBODY)
    if state.obstacle:
        return Finding(
            Level.FAILING,
            f"{state.obstacle} The primary answers everything.",
            "Check the standby, its log and REPLICA_URL. It is used again by itself.",
        )
    return Finding(
        Level.OK,
        f"The read replica is {state.lag:,.1f} seconds behind, and answers lists, search, statistics and exports.",
    )


def pooler() -> Finding:
    """Whether statements of a web server that go through a pooler have their limits, which only the pooler can set."""
    if not is_pooled():
        return Finding(Level.OK, "This process connects to PostgreSQL directly.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM current_setting('statement_timeout')::interval)")
        (seconds,) = cursor.fetchone()
    if seconds != settings.STATEMENT_SECONDS:
        return Finding(
            Level.WARNING,
            f"A statement through the pooler may take {seconds:,.0f} seconds instead of {settings.STATEMENT_SECONDS} "
            "(0: no limit).",
            "Set statement_timeout in the connect_query of the pooler, see imrsite/deploy/several-hosts.md.",
        )
    return Finding(Level.OK, "This process connects through a pooler, which limits statements.")


_MINUTE = timedelta(minutes=1)
CHECKS = (
    Check(
        "database", "Database", "No page can be opened.", Source.DATABASE, database,
        readiness=True, web=True, alarm_after=_MINUTE,
    ),
    Check(
        "schema", "Migrations", "Workers read nothing, and pages may fail.", Source.DATABASE, schema,
        readiness=True, web=True, alarm_after=_MINUTE,
    ),
    Check(
        "broker", "Broker", "Uploads are stored, but nothing is read, drawn or exported.", Source.BROKER, broker,
        readiness=True, alarm_after=_MINUTE,
    ),
    Check(
        "cache", "Cache", "Pages are slower, and notices about workers are missing.", Source.BROKER, cache_server,
        readiness=True, alarm_after=_MINUTE,
    ),
    Check(
        "store", "Letter store", "Letters are neither received nor read, and originals cannot be opened.",
        Source.FILES, store, readiness=True, alarm_after=_MINUTE,
    ),
    Check(
        "space", "Free space", "When it is used up, letters are neither received nor read.", Source.FILES, space,
        readiness=True,
    ),
    Check(
        "static_files", "Static files", "Pages load slowly, since browsers cannot keep the files.", Source.FILES,
        static_files, readiness=True, web=True, alarm_after=None,
    ),
    Check(
        "sweep", "Sweep", "Work that was interrupted waits.", Source.DATABASE, sweep,
        readiness=True, alarm_after=_MINUTE,
    ),
    Check(
        "worker", "Worker", "Uploaded letters are stored, but not read.", Source.BROKER, worker,
        readiness=True, alarm_after=_MINUTE,
    ),
    Check(
        "reading", "Reading of letters", "The letters wait; none is lost.", Source.DATABASE, reading,
        readiness=True, alarm_after=_MINUTE,
    ),
    Check(
        "set_aside_alike", "Letters set aside alike", "The cause is likely the installation, not the letters.",
        Source.DATABASE, set_aside_alike,
    ),
    Check("backup", "Backup", "What happens to the disks happens to the letters.", Source.DATABASE, backup),
    Check(
        "audit", "Audit trail", "Changes to the record of who did what may go unseen.", Source.DATABASE, audit_trail,
        alarm_after=_MINUTE,
    ),
    Check(
        "column_file", "Column file", "Statistics and lists are exact, but slower.", Source.DATABASE, column_file,
        alarm_after=None,
    ),
    Check(
        "replica", "Read replica", "Pages are exact, but the primary does all the work.", Source.REPLICA, replica,
        alarm_after=_MINUTE,
    ),
    Check(
        "pooler", "Pooler", "A slow page may occupy the database for longer than it should.", Source.DATABASE, pooler,
        alarm_after=None,
    ),
    Check(
        "sources", "Sources of letters", "Letters that arrive by themselves stay where they are.", Source.DATABASE,
        sources_of_letters, alarm_after=timedelta(minutes=30),
    ),
    Check("scans", "Scans", "Scanned letters wait.", Source.BROKER, scans, alarm_after=None),
    Check("hosts", "Hosts", "What ran there does not answer.", Source.BROKER, hosts, alarm_after=None),
    Check(
        "versions", "Versions", "Workers of another version may read letters otherwise.", Source.BROKER, versions,
        alarm_after=None,
    ),
    Check(
        "alarms", "Alarms", "Faults are seen only by those who open this page.", Source.DATABASE, alarms,
        alarm_after=None,
    ),
)  # fmt: skip

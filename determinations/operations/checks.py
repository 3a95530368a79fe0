"""Every check of the installation, in the order in which pages list them."""

from datetime import timedelta

from determinations.operations.checking.column_files import column_file
from determinations.operations.checking.files import space, static_files, store
from determinations.operations.checking.safeguards import alarms, audit_trail, backup, sources_of_letters
from determinations.operations.checking.servers import broker, cache_server, database, pooler, replica, schema
from determinations.operations.checking.stored_texts import stored_texts
from determinations.operations.checking.upkeep import upkeep
from determinations.operations.checking.workers import hosts, reading, scans, set_aside_alike, sweep, versions, worker
from determinations.operations.findings import Check, Source

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
        "upkeep", "Work that runs by itself", "What these steps send, renew or delete waits.", Source.BROKER, upkeep,
        alarm_after=timedelta(minutes=5),
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
        "stored_texts", "Stored texts", "These letters are left out of what reads all letters again.", Source.DATABASE,
        stored_texts,
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

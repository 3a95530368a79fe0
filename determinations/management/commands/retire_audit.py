"""``retire_audit``: removes events of the audit trail that are older than ``AUDIT_KEEP_YEARS``.

It runs as the owner of the tables, as ``migrate`` does. Only a verified beginning of the chain is removed; a signed
anchor keeps where the remaining chain begins. Without the setting, ``--before`` names the time. A worker does the same
by itself if its database role owns the tables.
"""

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date

from determinations.audit.retention import held_from, keep_since, may_retire, retire
from determinations.audit.verification import ChainBroken
from determinations.models.clock import database_now


class Command(BaseCommand):
    """Removes old events."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The time before which events are removed."""
        parser.add_argument("--before", metavar="DATE", help="remove events before this day, such as 2020-01-31")

    def handle(self, *args: object, before: str | None, **options: object) -> None:
        """Remove them in parts, each one transaction."""
        if not may_retire():
            raise CommandError(
                "This database role does not own the audit trail. Run the command with the DATABASE_URL of migrate."
            )
        now = database_now()
        until = _day(before) if before else keep_since(now)
        if until is None:
            raise CommandError("Every event is kept: set AUDIT_KEEP_YEARS, or give --before.")
        removed = 0
        try:
            while part := retire(before=until, now=now):
                removed += part
        except ChainBroken as fault:
            raise CommandError(f"{removed:,} events removed, then stopped: {fault}") from None
        self.stdout.write(f"{removed:,} events before {until:%Y-%m-%d} removed.")
        kept = held_from()
        if kept is not None and kept < until:
            self.stdout.write(
                f"Events from {kept:%Y-%m-%d} on are kept: the first of them is about a case under a legal hold."
            )


def _day(printed: str) -> datetime:
    try:
        day = parse_date(printed)
    except ValueError:
        day = None
    if day is None:
        raise CommandError("Write the day as 2020-01-31.")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)

"""``manage.py audit_dependencies``: pinned packages with known vulnerabilities or without a hash; needs no network."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from imrsite.local.advisories import LIST, LOCKS, Pin, affected, make_list, pins_of, read_list


class Command(BaseCommand):
    """Compares the lock files with the list of advisories in the project, and says how old that is."""

    help = "Compare all pinned packages with known vulnerabilities (a list in the project; needs no network)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which files, and how to renew the list."""
        parser.add_argument("--locks", type=Path, nargs="+", default=LOCKS, help="lock files (default: all four)")
        parser.add_argument("--list", type=Path, default=LIST, help="list of advisories")
        parser.add_argument("--renew", type=Path, metavar="FOLDER", help="make the list of a checkout")
        parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="with --renew: its last change")

    def handle(
        self, *, locks: list[Path], list: Path, renew: Path | None, until: date | None, **options: object
    ) -> None:
        """Print what is known; a vulnerable pin, or one without a hash, fails the command."""
        if renew is not None:
            if until is None:
                raise CommandError("Say of when the checkout is: --until 2026-11-29.")
            list.write_text(make_list(renew, until))
        pins = sorted({pin for lock in locks for pin in pins_of(lock.read_text())}, key=lambda pin: pin.name)
        without_hash = [pin for pin in pins if not pin.has_hash]
        try:
            known_until, advisories = read_list(list.read_text())
        except (OSError, ValueError) as fault:
            raise CommandError(f"The packages could not be audited: {fault}.") from None
        days = (timezone.localdate() - known_until).days
        self.stdout.write(
            f"{len(pins)} pinned packages, {len(pins) - len(without_hash)} with hashes, against {len(advisories):,} "
            f"advisories known until {known_until}."
        )
        found = affected(pins, advisories)
        for pin, advisory in found:
            self.stdout.write(f"VULNERABLE: {pin.name} {pin.version}: {advisory.id}")
        if not found:
            self.stdout.write("None of them names a pinned version.")
        self.stdout.write(
            f"NOT AUDITED: what was published in the last {days:,} days. Where there is network access, run "
            "pip-audit --disable-pip --require-hashes --requirement imrsite/requirements-test.txt "
            "--requirement imrsite/requirements-pip.txt"
        )
        self._refuse(without_hash, len(found))

    def _refuse(self, without_hash: list[Pin], vulnerable: int) -> None:
        faults = [f"{vulnerable} known vulnerabilities"] if vulnerable else []
        faults += [f"{pin.name} has no hash" for pin in without_hash]
        if faults:
            raise CommandError(f"{', '.join(faults)}.")

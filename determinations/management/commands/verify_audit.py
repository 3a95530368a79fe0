"""``verify_audit``: verifies the hash chain of the audit trail; names the first event that was changed or removed.

It prints the head of the chain, ``position:hash``. Keep heads outside the database: ``--head`` compares one with the
chain, and so does ``--against`` with every line of a stream (``AUDIT_STREAM``). Then even someone who can write the
whole chain again, or cut off its end, is found out. The exit code is 1 if anything does not fit.
"""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from determinations.audit.chain import Head
from determinations.audit.verification import ChainBroken, verify_chain
from determinations.models import AuditPending


def _head(printed: str) -> Head:
    position, _, digest = printed.partition(":")
    try:
        return Head(int(position), bytes.fromhex(digest))
    except ValueError:
        raise ArgumentTypeError("write a head as it was printed, such as 120:9f86d0...") from None


class Command(BaseCommand):
    """Verifies the audit trail."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Heads that were exported earlier."""
        parser.add_argument(
            "--head", type=_head, action="append", default=[], metavar="POSITION:HASH", help="a head printed earlier"
        )
        parser.add_argument(
            "--against", type=Path, action="append", default=[], metavar="FILE", help="a file of AUDIT_STREAM"
        )

    def handle(self, *args: object, head: list[Head], against: list[Path], **options: object) -> None:
        """Verify, and print the head."""
        heads = [*head, *(exported for path in against for exported in _heads_in(path))]
        try:
            verified = verify_chain(heads=heads)
        except ChainBroken as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(f"{verified.events:,} events verified; head {verified.head}")
        if waiting := AuditPending.objects.count():
            self.stdout.write(f"{waiting:,} newer events wait to be chained; a worker does that within seconds.")


def _heads_in(path: Path) -> Iterator[Head]:
    """The position and hash of each line of a stream in JSON."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield _head_in(line, f"{path.name}, line {number}")
    except OSError as fault:
        raise CommandError(f"{path.name} cannot be read ({fault.strerror}).") from None


def _head_in(line: str, where: str) -> Head:
    try:
        labels = json.loads(line)["labels"]
        return Head(int(labels["position"]), bytes.fromhex(labels["hash"]))
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{where}: not an event of AUDIT_STREAM in JSON.") from None

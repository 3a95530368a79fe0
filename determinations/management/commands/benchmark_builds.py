"""``benchmark_builds CHECKOUT BENCHMARK [ARGUMENT...]``: a benchmark of another build beside the same of this one.

    manage.py benchmark_builds --there DATABASE_URL=postgresql://... ../before benchmark_pages --repeat 16

Both run in turn, ``--rounds`` times, so that other work on the machine slows both; every line that both have is
printed with the median of each figure, and with how many times better this build is. The other build runs in its
checkout, in its own ``.venv`` if that exists, and needs a database of its own where its tables differ.
"""

from argparse import REMAINDER, ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from determinations.management.benchmark_records import NoRecord, changes
from determinations.management.builds import BenchmarkFailed, Build, in_turn, median_record


class Command(BaseCommand):
    """Prints both builds, line by line."""

    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The other build, and what to run."""
        parser.add_argument("checkout", type=Path, help="the checkout of the other build")
        parser.add_argument("benchmark", help="a command that has --record, such as benchmark_pages")
        parser.add_argument("arguments", nargs=REMAINDER, help="its arguments; options of this command come before")
        parser.add_argument("--rounds", type=int, default=2, help="how often each build is measured")
        parser.add_argument(
            "--this", type=Path, default=settings.BASE_DIR, help="another checkout instead of this one"
        )
        for name, whose in (("--there", "the other build"), ("--here", "this build")):
            parser.add_argument(
                name, action="append", default=[], metavar="NAME=VALUE", help=f"an environment variable of {whose}"
            )

    def handle(
        self, *args: object, checkout: Path, benchmark: str, arguments: list[str], rounds: int, this: Path,
        there: list[str], here: list[str], **options: object,
    ) -> None:  # fmt: skip
        """Measure both in turn, then compare their medians."""
        builds = [Build(checkout, _variables(there)), Build(this, _variables(here))]
        measured = []
        try:
            for records in in_turn(builds, [benchmark, *arguments], max(1, rounds)):
                measured.append(records)
                self.stdout.write(f"Round {len(measured)} of {rounds}.")
            other, own = (median_record(records) for records in zip(*measured, strict=True))
            compared = list(changes(other, own))
        except (BenchmarkFailed, NoRecord) as fault:
            raise CommandError(str(fault)) from None
        for name, record in (("other", other), ("this", own)):
            self.stdout.write(f"{name}: {record.commit}, {record.letters:,} letters, {record.machine}")
        self.stdout.write(f"{'line':48} {'figure':>14} {'other':>9} {'this':>9}   times better ({own.unit})")
        for change in compared:
            figures = f"{change.before:9.1f} {change.after:9.1f} {1 / change.ratio:6.2f}"
            self.stdout.write(f"{change.line:48} {change.figure:>14} {figures}")
        if not compared:
            raise CommandError("The two builds have no line in common.")
        if alone := other.lines.keys() ^ own.lines.keys():
            self.stdout.write(f"In only one of the builds: {', '.join(sorted(alone))}.")


def _variables(pairs: list[str]) -> dict[str, str]:
    """Raises ``CommandError`` if one of them is not ``NAME=VALUE``."""
    if wrong := [pair for pair in pairs if not pair.partition("=")[1]]:
        raise CommandError(f"{wrong[0]!r} is not NAME=VALUE.")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}

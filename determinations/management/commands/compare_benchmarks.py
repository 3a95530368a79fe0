"""``compare_benchmarks OLD NEW``: names what became slower between two records of a benchmark."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from determinations.management.benchmark_records import FOLDER, NoRecord, changes, read_record


class Command(BaseCommand):
    """Compares two records."""

    help = (
        "Compare two records that benchmarks wrote with --record (files, or names in .github/benchmarks) and list "
        "what became slower. Also shows growth: compare a record of a smaller collection with one of a larger one."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Two files, and from which ratio on a figure counts as slower."""
        parser.add_argument("old", type=Path)
        parser.add_argument("new", type=Path)
        parser.add_argument("--slower", type=float, default=1.3, help="ratio from which a figure is listed (1.3)")
        parser.add_argument("--all", action="store_true", help="list every figure")
        parser.add_argument("--fail", action="store_true", help="end with an error if something became slower")

    def handle(self, *args: object, old: Path, new: Path, slower: float, **options: object) -> None:
        """Print the figures that became slower, worst first."""
        try:
            before, after = read_record(_found(old)), read_record(_found(new))
            compared = sorted(changes(before, after), key=lambda change: (-change.ratio, change.line, change.figure))
        except NoRecord as fault:
            raise CommandError(str(fault)) from None
        for name, record in (("old", before), ("new", after)):
            self.stdout.write(f"{name}: {record.at}, {record.letters:,} letters, {record.commit}, {record.machine}")
        worse = [change for change in compared if change.ratio >= slower]
        for change in compared if options["all"] else worse:
            self.stdout.write(
                f"{change.line:48} {change.figure:>8} {change.before:9.1f} {change.after:9.1f} {change.ratio:6.2f}x"
            )
        ratios = sorted(change.ratio for change in compared)
        middle = f"; the median ratio is {ratios[len(ratios) // 2]:.2f}" if ratios else ""
        self.stdout.write(f"{len(worse)} of {len(compared)} figures are {slower:g} times slower or more{middle}.")
        left_out = before.lines.keys() ^ after.lines.keys()
        if left_out:
            self.stdout.write(f"In only one of the records: {', '.join(sorted(left_out))}.")
        if worse and options["fail"]:
            raise CommandError("Some figures became slower.")


def _found(path: Path) -> Path:
    return path if path.exists() or path.is_absolute() else FOLDER / path.name

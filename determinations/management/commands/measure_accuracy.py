"""``manage.py measure_accuracy``: measures the parser on labeled letters and writes the figures that pages show."""

import subprocess
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from determinations.management.accuracy_run import measure_letters, measure_rationales
from determinations.parsing import PARSER_VERSION
from determinations.statistics.measured_accuracy import FILE, Run, read_runs, share, write_runs


class Command(BaseCommand):
    """Prints the accuracy by field and by ground; ``--write`` keeps the figures for the page *Accuracy*."""

    help = (
        "Measure the parser on a folder of letters with right values (expected/*.json, and grounds.json if there is "
        "one) and print the figures. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("letters", type=Path, metavar="LETTERS", help="the folder")
        parser.add_argument(
            "--rationales", type=Path, metavar="FILE", help="rationales for which no rule or lesson was written"
        )
        parser.add_argument("--write", action="store_true", help="keep the figures; they ship with the product")
        parser.add_argument("--to", type=Path, default=FILE, metavar="FILE", help="with --write: another file")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            measured = measure_letters(options["letters"])
        except FileNotFoundError as error:
            raise CommandError(f"{options['letters']} has no folder named expected.") from error
        if not measured.letters:
            raise CommandError(f"{options['letters']}/expected holds no record of a letter.")
        grounds = [measured.grounds] if measured.grounds else []
        if options["rationales"]:
            grounds.append(measure_rationales(options["rationales"]))
        run = Run(
            date=timezone.now().date().isoformat(),
            parser_version=PARSER_VERSION,
            commit=_commit(),
            letters=measured.letters,
            items=measured.items,
            whole=measured.whole,
            fields=measured.fields,
            grounds=tuple(grounds),
        )
        self._print(run)
        if options["write"]:
            path: Path = options["to"]
            earlier = read_runs(path) if path.exists() else []
            write_runs([run, *(kept for kept in earlier if kept.parser_version != run.parser_version)], path)
            self.stdout.write(f"written to {path.name}")

    def _print(self, run: Run) -> None:
        self.stdout.write(f"parser {run.parser_version}, commit {run.commit or 'unknown'}, {run.date}")
        self.stdout.write(f"{run.whole} of {run.letters} letters right in every value ({run.items} items)")
        for field in dict.fromkeys(score.field for score in run.fields):
            total = share(score for score in run.fields if score.field == field)
            self.stdout.write(f"  {field:24} {total.percent:6.2f}%  {total.right} of {total.of}")
        for part in run.grounds:
            overall = part.overall
            self.stdout.write(
                f"grounds of {part.items} {part.name}: F1 {overall.f1 or 0:.1f}%, exact {part.exact_share or 0:.1f}%"
            )
            for score in part.scores:
                self.stdout.write(f"  {score.code:26} F1 {score.f1 or 0:5.1f}%  {score.labeled} labeled")


def _commit() -> str:
    """The short name of the checkout's commit; empty outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - the developer's own git
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()

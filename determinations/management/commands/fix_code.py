"""``manage.py fix_code [PATH...]``: repairs and formats the code as far as ruff can."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imrsite.local.code_rules import fixes, run_in_turn


class Command(BaseCommand):
    """Prints what ruff did; fails if findings are left that only a developer can fix."""

    help = "Repair and format the code with ruff."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", default=["."], help="files or folders (default: the whole checkout)")

    def handle(self, *args: Any, paths: list[str], **options: Any) -> None:
        outcomes = list(run_in_turn(fixes(paths)))
        for outcome in outcomes:
            self.stdout.write(f"{outcome.tool.name}: {outcome.output.strip()}")
        if not all(outcome.passed for outcome in outcomes):
            raise CommandError("Some findings need a developer: see above.")

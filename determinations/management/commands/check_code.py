"""``manage.py check_code``: style, types and import contracts, as the tests check them."""

from django.core.management.base import BaseCommand, CommandError

from imrsite.local.code_rules import CHECKS, run_together


class Command(BaseCommand):
    """Prints what each tool found; fails if any of them found something."""

    help = "Check style (ruff), types (mypy) and import contracts (import-linter)."
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        failed = []
        for outcome in run_together(CHECKS):
            self.stdout.write(f"{outcome.tool.name}: {'passed' if outcome.passed else 'FAILED'}")
            if not outcome.passed:
                self.stdout.write(outcome.output)
                failed.append(outcome.tool.name)
        if failed:
            raise CommandError(
                f"Failed: {', '.join(failed)}. 'python3 manage.py fix_code' repairs most findings of ruff."
            )

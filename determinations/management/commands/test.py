"""`manage.py test [PATH] [-k NAME]`: everything with pytest."""

from django.core.management.base import BaseCommand

from imrsite.local.testing import run_tests


class Command(BaseCommand):
    """Passes all arguments to pytest."""

    help = "Run all tests, including style and types, with pytest; options are pytest's."

    def run_from_argv(self, argv: list[str]) -> None:
        """Parse nothing here: the options are pytest's."""
        run_tests(argv[2:])

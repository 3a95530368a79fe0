"""`manage.py test [PATH] [-k NAME]`: everything with pytest."""

from django.core.management.base import BaseCommand

from imrsite.local.testing import run_tests


class Command(BaseCommand):
    """Hands all words and options to pytest."""

    help = "Run the tests, checks of style and of types with pytest; options are pytest's."

    def run_from_argv(self, argv: list[str]) -> None:
        """Not parsed here: pytest knows its options."""
        run_tests(argv[2:])

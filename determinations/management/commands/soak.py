"""`manage.py soak`: faults injected into a real stack at random; see imrsite/local/soak/."""

import sys

from django.core.management.base import BaseCommand, CommandParser

from imrsite.local.soak.run import add_options, run_soak


class Command(BaseCommand):
    """Registered for `help`; manage.py runs it before Django, since the run has a state folder of its own."""

    help = "Inject faults into a real stack at random, and count what is lost, doubled, half-written or stuck."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the same options as without Django."""
        add_options(parser)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run without this process's settings."""
        sys.exit(run_soak(argv[2:]))

"""`manage.py demo`: everything on one machine; see imrsite/local/demo.py."""

import sys

from django.core.management.base import BaseCommand, CommandParser

from imrsite.local.demo import add_options, run_demo


class Command(BaseCommand):
    """Registered for `help`; manage.py runs it before Django, whose settings depend on its options."""

    help = "Start PostgreSQL, Valkey, a worker, a scheduler and the web server, with synthetic letters."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the same options as without Django."""
        add_options(parser)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run without this process's settings."""
        sys.exit(run_demo(argv[2:]))

"""`manage.py demo`: everything on one machine; see imrsite/local/demo.py."""

import sys

from django.core.management.base import BaseCommand, CommandParser

from imrsite.local.demo import add_options, run_demo


class Command(BaseCommand):
    """Here so that `help` knows it; manage.py starts it before Django, whose settings its options decide."""

    help = "Start PostgreSQL, Valkey, a worker, a scheduler and the web server, with synthetic letters."

    def add_arguments(self, parser: CommandParser) -> None:
        """The same options as without Django."""
        add_options(parser)

    def run_from_argv(self, argv: list[str]) -> None:
        """Not with this process's settings."""
        sys.exit(run_demo(argv[2:]))

"""`manage.py services`: PostgreSQL and Valkey alone, to run the other parts by hand."""

import signal

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from imrsite.local.embedded import Services
from imrsite.local.wheels import ServiceError


class Command(BaseCommand):
    """Runs until Ctrl-C; other commands of this checkout find the services automatically."""

    help = "Run the embedded PostgreSQL and Valkey until Ctrl-C."
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        try:
            with Services(settings.STATE_DIR) as services:
                self.stdout.write(f"DATABASE_URL={services.addresses.database_url}")
                self.stdout.write(f"REDIS_URL={services.addresses.redis_url}")
                self.stdout.write("Both run until Ctrl-C; other commands of this checkout find them automatically.")
                self.stdout.flush()
                ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
                signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # only now: the servers would inherit it
                signal.sigwait(ends)
                self.stdout.write("Stopped.")
        except ServiceError as error:
            raise CommandError(str(error)) from error

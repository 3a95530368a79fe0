"""Declares the folder of letters to be the file store of this database, after a move that lost its ``store-id``."""

from django.core.management.base import BaseCommand, CommandError

from determinations.intake.store_health import StoreUnavailable, tie_store


class Command(BaseCommand):
    """Write a new ID into the database and into the store."""

    help = "Declare the folder or bucket of letters (DATA_DIR, STORE_URL) to be the file store of this database."

    def handle(self, *arguments: object, **options: object) -> None:
        """Refuse a folder that has none of the newest letters."""
        try:
            tie_store()
        except StoreUnavailable as fault:
            raise CommandError(f"Nothing was changed. {fault}") from None
        self.stdout.write("The letter store and the database belong together now.")

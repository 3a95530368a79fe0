"""``manage.py reset_sign_in``: lets in a user who lost the second factor, where no administrator can do it."""

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from determinations.access import accounts


class Command(BaseCommand):
    """Removes the second factors of one user, ends the sessions, and forgets failed attempts. It is recorded."""

    help = (
        "Remove a user's second factors, end the user's sessions and forget failed attempts (see also changepassword)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The user name."""
        parser.add_argument("username")

    def handle(self, username: str, **options: object) -> None:
        """Do it, and say what was removed."""
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no account with the user name {username}.")
        now = timezone.now()
        removed = accounts.reset_factor(user, by=None, at=now)
        accounts.unlock(user, by=None, at=now)
        self.stdout.write(f"{username}: {removed} second factors were removed; all sessions have ended.")

"""``manage.py check_counts``: do the counts that triggers keep equal a plain count of the rows?"""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from determinations.statistics.letter_tallies import correct as correct_tallies
from determinations.statistics.letter_tallies import differences


class Command(BaseCommand):
    """Compares the letters by state and layout, which the quality page shows, with the letters themselves."""

    help = "Compare the counts of letters by state and layout that triggers keep with a plain count."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to correct them."""
        parser.add_argument("--correct", action="store_true", help="correct the counts that differ")

    def handle(self, *, correct: bool, **options: object) -> None:
        """Print what differs; a difference fails the command."""
        differing = differences()
        for state, layout, letters in differing:
            self.stdout.write(f"{state} {layout or '(no layout)'}: {letters:+,} letters")
        if not differing:
            self.stdout.write("All counts are right.")
        elif correct:
            correct_tallies()
            self.stdout.write("The counts were corrected.")
        else:
            raise CommandError("Counts differ from the rows. --correct corrects them.")

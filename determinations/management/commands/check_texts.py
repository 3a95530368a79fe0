"""``manage.py check_texts``: can every stored text and value of every letter be unpacked?"""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from determinations.reading.damaged_letters import check_letters, restore


class Command(BaseCommand):
    """Reads every packed value of the database; many letters can be checked in parts."""

    help = "Unpack every stored text and value of every letter, and name the letters of which one is damaged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From where, how far, and whether to restore."""
        parser.add_argument("--from", dest="begin", type=int, default=0, metavar="LETTER", help="start at this letter")
        parser.add_argument("--limit", type=int, default=0, help="stop after about so many letters")
        parser.add_argument(
            "--read-again",
            action="store_true",
            help="have the files of damaged letters read again, and their cases written again; corrections are kept",
        )

    def handle(self, *, begin: int, limit: int, read_again: bool, **options: object) -> None:
        """Print what is damaged; anything that stays damaged fails the command."""
        letters = values = waiting = written = 0
        for step in check_letters(after=begin - 1):
            for letter_id, value in step.damaged:
                self.stdout.write(f"Letter {letter_id}: {value.label} is damaged.")
            letters, values = letters + step.letters, values + len(step.damaged)
            if read_again:
                of_file, of_case = restore(step.damaged)
                waiting, written = waiting + of_file, written + of_case
            if limit and letters >= limit:
                self.stdout.write(f"Continue with --from {step.last + 1}")
                break
        self.stdout.write(f"{letters:,} letters were checked; {values:,} values are damaged.")
        if read_again:
            self.stdout.write(
                f"{waiting:,} letters wait for a worker, which reads their files again; {written:,} cases were "
                "written again. Run the command again afterwards: what is damaged still needs a backup."
            )
        elif values:
            raise CommandError(
                f"{values:,} damaged values. --read-again has them restored from the stored files of their letters; "
                "corrections stay in force. See whether the disk of the database fails."
            )

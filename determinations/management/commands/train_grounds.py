"""``manage.py train_grounds``: writes the weights of the model of grounds from synthetic sentences and rationales."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import determinations.parsing.grounds
from determinations.management.ground_training import Trainer, digest, examples_of, model_text, read_lessons
from determinations.parsing.grounds.model import FILE


class Command(BaseCommand):
    """Reads tables of labeled texts, trains, and replaces the parser's file of weights."""

    help = (
        "Train the model of grounds on tables (grounds, request, text; or grounds, decision, request, rationale) of "
        "texts that are not taken from letters. Takes about a minute; needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("lessons", type=Path, nargs="+", metavar="FILE", help="a table of labeled texts")
        parser.add_argument(
            "--to",
            type=Path,
            default=Path(determinations.parsing.grounds.__file__).with_name(FILE),
            metavar="FILE",
            help="where the weights go; the parser's own file by default",
        )

    def handle(self, *args: object, **options: Any) -> None:
        paths: list[Path] = options["lessons"]
        try:
            lessons = read_lessons(paths)
        except (OSError, KeyError) as error:
            raise CommandError(f"The lessons could not be read: {error}") from error
        trainer = Trainer(examples_of(lessons))
        trainer.train()
        target: Path = options["to"]
        target.write_text(model_text(trainer, digest(paths)), encoding="utf-8")
        self.stdout.write(f"{len(lessons)} lessons, {len(trainer.weights)} features; written to {target.name}")

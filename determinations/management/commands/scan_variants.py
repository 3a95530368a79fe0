"""``manage.py scan_variants``: turns a folder of PDFs into scans of many kinds, to measure how well scans are read."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from determinations.synthetic.scans import SCAN_KINDS, scanned


class Command(BaseCommand):
    """Writes ``OUTPUT/KIND/NAME.pdf`` for each PDF and kind. Nothing is kept anywhere else."""

    help = "Turn PDFs into scans and faxes of many kinds, to measure how well scans are read. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("input", type=Path, help="a folder of PDF letters")
        parser.add_argument("output", type=Path, help="the folder to write to, one folder in it for each kind")
        parser.add_argument(
            "--kind",
            action="append",
            choices=sorted(SCAN_KINDS),
            help="only this kind of scan; may be repeated (default: every kind)",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="only N letters, spread over the folder")

    def handle(self, *args: Any, **options: Any) -> None:
        files = sorted(path for path in options["input"].glob("*.pdf") if path.is_file())
        if not files:
            raise CommandError(f"There are no PDF files in {options['input']}.")
        if limit := options["limit"]:
            files = files[:: max(1, len(files) // limit)][:limit]
        for kind in options["kind"] or SCAN_KINDS:
            folder = options["output"] / kind
            folder.mkdir(parents=True, exist_ok=True)
            for seed, path in enumerate(files):
                (folder / path.name).write_bytes(scanned(path.read_bytes(), SCAN_KINDS[kind], seed))
            self.stdout.write(f"{kind}: {len(files)} letters in {folder}")

"""``benchmark_storage``: what encryption costs when files are written and read, compared in one run.

In a folder of its own, which is deleted. Rounds with and without encryption take turns, so that a busy machine slows
both alike. *Reading a letter* is the whole path from the stored file to its values.
"""

import hashlib
import secrets
import statistics
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path

from django.core.management.base import BaseCommand

from determinations.extraction.reader import text_of
from determinations.extraction.results import Limits
from determinations.extraction.source import source_text
from determinations.parsing import parse_file
from determinations.storage.files import new_file, unsealed
from determinations.storage.keys import KeyRing, make_key_ring
from determinations.synthetic import letter_pdf, write_letter

_PLAIN, _ENCRYPTED = "plain", "encrypted"


class Command(BaseCommand):
    """Measures writing and reading with and without a key."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much is measured."""
        parser.add_argument("--files", type=int, default=200, help="files per round (default 200)")
        parser.add_argument("--kilobytes", type=int, default=250, help="size of a file (default 250)")
        parser.add_argument("--rounds", type=int, default=10, help="rounds each way (default 10)")

    def handle(self, *args: object, files: int, kilobytes: int, rounds: int, **options: object) -> None:
        """Measure and print."""
        rings = {_PLAIN: make_key_ring(()), _ENCRYPTED: make_key_ring((secrets.token_bytes(32),))}
        data = secrets.token_bytes(kilobytes * 1024)
        letter = letter_pdf(write_letter(1))
        with tempfile.TemporaryDirectory() as folder:
            times: dict[tuple[str, str], list[float]] = {}
            for number in range(rounds):
                for way, ring in rings.items():
                    root = Path(folder) / f"{way}{number}"
                    root.mkdir()
                    for work, run in _works(root, ring, data, letter, files):
                        times.setdefault((work, way), []).append(_seconds(run))
        for work in dict.fromkeys(work for work, _ in times):
            plain, encrypted = (statistics.median(times[work, way]) for way in (_PLAIN, _ENCRYPTED))
            self.stdout.write(
                f"{work:<18} plain {1_000 * plain / files:7.3f} ms per file, "
                f"encrypted {1_000 * encrypted / files:7.3f} ms, ratio {encrypted / plain:.2f}"
            )


def _works(root: Path, ring: KeyRing, data: bytes, letter: bytes, files: int) -> list[tuple[str, Callable[[], None]]]:
    paths = [root / str(number) for number in range(files)]
    letters = [root / f"letter{number}" for number in range(files)]
    for path in letters:
        _write(path, letter, ring)
    return [
        ("writing", lambda: _write_all(paths, data, ring)),
        ("reading, SHA-256", lambda: _read_all(paths, ring, lambda content: hashlib.sha256(content).digest())),
        ("reading a letter", lambda: _read_all(letters, ring, _values)),
    ]


def _write_all(paths: Sequence[Path], data: bytes, ring: KeyRing) -> None:
    for path in paths:
        _write(path, data, ring)


def _write(path: Path, data: bytes, ring: KeyRing) -> None:
    with new_file(path, path.name, ring) as file:
        file.write(data)


def _read_all(paths: Sequence[Path], ring: KeyRing, use: Callable[[bytes], object]) -> None:
    for path in paths:
        with unsealed(path.open("rb"), path.name, ring) as file:
            use(file.read())


def _values(data: bytes) -> int:
    return len(parse_file(source_text(text_of(data, Limits())), {}, ()))


def _seconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began

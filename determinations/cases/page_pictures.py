"""Page pictures of letters and boxes of evidence on them, drawn by a child process and cached in a folder.

A hostile PDF can harm only the child, which has no secrets and limited memory and time. Pictures are stored under the
letter's SHA-256, so each page is drawn once.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings

from determinations.cases.scanned_words import boxes_of_span, pages_of, words_of
from determinations.extraction.kinds import PICTURE_KINDS, Kind
from determinations.intake.stored_files import StoredFileFault, stored_bytes
from determinations.models import Letter, LetterText

WIDTH = 1224  # pixels: 8.5 inches at 144 to the inch
_SECONDS = 25
_ROOT = Path(__file__).resolve().parent.parent.parent
#: Increase whenever the drawing changes; cached pictures of an older version are not used.
_VERSION = 1
#: A page requests all its pictures at once: draw two at a time, and queue the others.
_drawing = threading.BoundedSemaphore(2)


class NoPicture(Exception):
    """This page cannot be drawn. The message contains no letter text."""


def page_picture(letter: Letter, number: int) -> bytes:
    """Page ``number`` of the letter's file, from 1, as a PNG. Raises ``NoPicture``."""
    if not 1 <= number <= (letter.pages or 0):
        raise NoPicture("The letter has no such page.")
    turn = _turn_of(letter, number)
    kept = pictures_folder(letter.sha256) / f"{number}-{WIDTH}-{turn}-{_VERSION}.png"
    if kept.is_file():
        return kept.read_bytes()
    picture = _ask_child(letter, {"page": number - 1, "width": WIDTH, "turn": turn})
    _keep(kept, picture)
    return picture


def has_pictures(letter: Letter) -> bool:
    """Whether the letter's file has pages that can be shown as pictures: a text file has none."""
    return letter.media_type == Kind.PDF or letter.media_type in PICTURE_KINDS


def _turn_of(letter: Letter, number: int) -> int:
    """How many degrees clockwise to turn a scanned page so that it is upright."""
    if not letter.is_scan:
        return 0
    page = pages_of(letter, LetterText.objects.of(letter.pk)).filter(number=number - 1)
    return page.values_list("turn", flat=True).first() or 0


def page_count(letter: Letter) -> int:
    """How many pages the file has: counted and stored if no text was read from it, 0 if it does not open."""
    if letter.pages is None and has_pictures(letter):
        try:
            letter.pages = min(int(_ask_child(letter, {"count": True})), settings.LETTER_PAGES)
        except (NoPicture, StoredFileFault):
            return 0
        Letter.objects.filter(pk=letter.pk, pages=None).update(pages=letter.pages)
    return letter.pages or 0


def boxes_of(
    letter: Letter, page_offsets: Sequence[int], text_length: int, spans: Iterable[tuple[str, tuple[int, int]]]
) -> list[dict[str, object]]:
    """Where the spans are: ``{path, page (from 1), left, top, width, height}``, as fractions of the page."""
    scanned = words_of(pages_of(letter, LetterText.objects.of(letter.pk)) if letter.is_scan else [])
    stretches, paths, places = [], [], []
    for path, span in spans:
        for stretch in _by_page(span, page_offsets, text_length):
            page, start, end = stretch
            if page in scanned:
                at = page_offsets[page]
                places += [(path, page, box) for box in boxes_of_span(scanned[page], at + start, at + end)]
            else:
                stretches.append(stretch)
                paths.append(path)
    found = json.loads(_ask_child(letter, {"stretches": stretches})) if stretches else []
    places += [
        (path, stretch[0], box) for path, stretch, boxes in zip(paths, stretches, found, strict=True) for box in boxes
    ]
    return [
        {"path": path, "page": page + 1, "left": box[0], "top": box[1], "width": box[2], "height": box[3]}
        for path, page, box in places
    ]


def _by_page(span: tuple[int, int], offsets: Sequence[int], length: int) -> list[list[int]]:
    """A span of the letter's text as ranges ``[page, start, end]`` of the pages' own texts."""
    stretches = []
    for page, offset in enumerate(offsets):
        end_of_page = offsets[page + 1] - 1 if page + 1 < len(offsets) else length
        start, end = max(span[0], offset), min(span[1], end_of_page)
        if start < end:
            stretches.append([page, start - offset, end - offset])
    return stretches


def _ask_child(letter: Letter, request: dict[str, object]) -> bytes:
    data = stored_bytes(letter)
    command = [sys.executable, "-m", "determinations.extraction.picture"]
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with _drawing:
        try:
            done = subprocess.run(
                command,
                input=json.dumps(request).encode() + b"\n" + data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env=environment,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NoPicture("Drawing the page took too long.") from None
    if done.returncode:
        raise NoPicture("The page cannot be drawn.")
    return done.stdout


def pictures_folder(sha256: str) -> Path:
    """The folder for a letter's page pictures."""
    return Path(settings.MEDIA_ROOT) / "pictures" / sha256[:2] / sha256


def _keep(path: Path, data: bytes) -> None:
    """Write atomically. If the disk is full, skip caching."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
            unfinished.write(data)
        os.replace(unfinished.name, path)
    except OSError:
        return

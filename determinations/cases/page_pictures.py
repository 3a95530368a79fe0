"""Page pictures of letters and places of evidence on them: stored in a folder, and requested from a worker.

A page never waits in a web request. What is not stored yet is a row that a worker finds (``reading.drawings``); what
could not be drawn stays as a row with the reason, and is not tried again. Pictures are stored under the file's
SHA-256, so each page is drawn once.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from determinations.cases.open_letter import OpenLetter
from determinations.cases.scanned_words import boxes_of_span, pages_of, words_of
from determinations.cases.sheet_values import Span
from determinations.extraction.drawing import Place, Stretch
from determinations.extraction.kinds import PICTURE_KINDS, Kind
from determinations.models import Drawing, DrawingKind, Letter, LetterText
from determinations.storage.files import pictures_area
from determinations.storage.sealed import KeyUnknown, NotAuthentic

WIDTH = 1224  # pixels: 8.5 inches at 144 to the inch
#: Increase whenever the drawing changes: stored pictures and failures of an older version no longer count.
VERSION = 2
#: Drawings that one user may have waiting; further ones are requested when the page asks again.
MOST_WAITING = 24
#: The failure of a drawing whose stored file is missing or changed. The file may be restored, so it is tried again.
FILE_FAULT = "The stored file is missing or was changed."
_FILE_TRIED_AGAIN = timedelta(minutes=1)


class NoPicture(Exception):
    """This page cannot be drawn. The message contains no letter text."""


class NotDrawnYet(Exception):
    """A worker has yet to draw this; ``is_new``: it was requested just now."""

    def __init__(self, *, is_new: bool) -> None:
        super().__init__("not drawn yet")
        self.is_new = is_new


@dataclass(frozen=True, slots=True)
class EvidencePlaces:
    """The evidence of a letter's values on its pages: ``known`` places, and ranges of text to find in the file."""

    known: tuple[tuple[str, int, Place], ...]  # path, page (from 0), place
    paths: tuple[str, ...]  # of the stretches
    stretches: tuple[Stretch, ...]

    @property
    def digest(self) -> str:
        """Names these ranges of text."""
        return hashlib.sha256(json.dumps(self.stretches).encode()).hexdigest()

    def boxes(self, found: Sequence[Sequence[Place]]) -> list[dict[str, object]]:
        """``{path, page (from 1), left, top, width, height}``, the last four as fractions of the page."""
        places = [*self.known]
        for path, stretch, its_places in zip(self.paths, self.stretches, found, strict=True):
            places += [(path, stretch[0], place) for place in its_places]
        return [
            {"path": path, "page": page + 1, "left": box[0], "top": box[1], "width": box[2], "height": box[3]}
            for path, page, box in places
        ]


def has_pictures(letter: Letter) -> bool:
    """Whether the letter's file has pages that can be shown as pictures: a text file has none."""
    return letter.media_type == Kind.PDF or letter.media_type in PICTURE_KINDS


def page_picture(letter: Letter, number: int, *, by: User, now: datetime) -> bytes:
    """Page ``number`` of the letter's file, from 1, as a PNG.

    Raises ``NoPicture``, or ``NotDrawnYet`` after requesting it.
    """
    if not 1 <= number <= (letter.pages or 0) or not has_pictures(letter):
        raise NoPicture("The letter has no such page.")
    with suppress(FileNotFoundError, NotAuthentic, KeyUnknown):  # one that does not open is drawn again
        return pictures_area().read(_page_name(letter, number))
    return _request(letter, DrawingKind.PAGE, by=by, now=now, number=number)


def page_count(letter: Letter, *, by: User, now: datetime) -> int:
    """How many pages the file has; 0 if it does not open. Raises ``NotDrawnYet`` if a worker has yet to count them."""
    if letter.pages is None and has_pictures(letter):
        with suppress(NoPicture):
            _request(letter, DrawingKind.COUNT, by=by, now=now)
    return letter.pages or 0


def boxes_of(letter: Letter, evidence: EvidencePlaces, *, by: User, now: datetime) -> list[dict[str, object]]:
    """Where the values are. Raises ``NoPicture``, or ``NotDrawnYet`` after requesting it."""
    if not evidence.stretches:
        return evidence.boxes([])
    with suppress(FileNotFoundError, NotAuthentic, KeyUnknown):
        return evidence.boxes(json.loads(pictures_area().read(_places_name(letter, evidence.digest))))
    _request(letter, DrawingKind.PLACES, by=by, now=now, digest=evidence.digest)
    return []


def excerpt_of(letter: Letter, pages: tuple[int, int], *, by: User, now: datetime) -> bytes:
    """The first to the last of these pages, from 1, as a PDF. Raises ``NoPicture``, or ``NotDrawnYet`` likewise."""
    if not 1 <= pages[0] <= pages[1] <= (letter.pages or 0) or not has_pictures(letter):
        raise NoPicture("The letter has no such pages.")
    with suppress(FileNotFoundError):
        return pictures_area().read(_excerpt_name(letter, pages))
    return _request(letter, DrawingKind.EXCERPT, by=by, now=now, digest=_digest_of(pages))


def _digest_of(pages: tuple[int, int]) -> str:
    return f"{pages[0]}-{pages[1]}"


def excerpt_pages(digest: str) -> tuple[int, int]:
    """The pages of a requested excerpt."""
    first, _, last = digest.partition("-")
    return int(first), int(last)


def evidence_of(opened: OpenLetter, text: LetterText, spans: Iterable[tuple[str, Span]]) -> EvidencePlaces:
    """The ranges of text to find on the pages for these spans, and the places of scanned words."""
    letter, offsets, length = opened.letter, text.page_offsets, len(text.text)
    scanned = words_of(pages_of(letter, text) if letter.is_scan else [])
    known: list[tuple[str, int, Place]] = []
    stretches: list[Stretch] = []
    paths: list[str] = []
    for path, span in spans:
        for stretch in _by_page(span, offsets, length):
            page, start, end = stretch
            if page in scanned:
                at = offsets[page]
                known += [(path, page, box) for box in boxes_of_span(scanned[page], at + start, at + end)]
            else:
                stretches.append(stretch)
                paths.append(path)
    return EvidencePlaces(tuple(known), tuple(paths), tuple(stretches))


def _by_page(span: Span, offsets: Sequence[int], length: int) -> list[list[int]]:
    """A span of the letter's text as ranges ``[page, start, end]`` of the pages' own texts."""
    stretches = []
    for page, offset in enumerate(offsets):
        end_of_page = offsets[page + 1] - 1 if page + 1 < len(offsets) else length
        start, end = max(span[0], offset), min(span[1], end_of_page)
        if start < end:
            stretches.append([page, start - offset, end - offset])
    return stretches


def _request(
    letter: Letter, kind: DrawingKind, *, by: User, now: datetime, number: int = 0, digest: str = ""
) -> bytes:
    """Request a drawing unless it is requested already. Always raises ``NoPicture`` or ``NotDrawnYet``."""
    known = Drawing.objects.filter(letter=letter, kind=kind, number=number, digest=digest).first()
    if known is not None and known.version == VERSION and not _is_worth_a_try(known, now):
        raise NoPicture(known.failure) if known.failure else NotDrawnYet(is_new=False)
    if known is not None:
        known.delete()
    if Drawing.objects.filter(requested_by=by, failure="").count() >= MOST_WAITING:
        raise NotDrawnYet(is_new=False)
    row = Drawing(
        letter=letter, kind=kind, number=number, digest=digest, requested_at=now, requested_by=by, version=VERSION
    )
    with suppress(IntegrityError):  # another request was faster
        with transaction.atomic():
            row.save()
        raise NotDrawnYet(is_new=True)
    raise NotDrawnYet(is_new=False)


def _is_worth_a_try(failed: Drawing, now: datetime) -> bool:
    return failed.failure == FILE_FAULT and now - failed.requested_at > _FILE_TRIED_AGAIN


# Stored results


def turn_of(letter: Letter, number: int) -> int:
    """How many degrees clockwise to turn a scanned page so that it is upright."""
    if not letter.is_scan:
        return 0
    page = pages_of(letter, LetterText.objects.of(letter.pk)).filter(number=number - 1)
    return page.values_list("turn", flat=True).first() or 0


def pictures_folder(sha256: str) -> str:
    """The folder of a file's page pictures, within the area of pictures."""
    return f"{sha256[:2]}/{sha256}"


def delete_pictures(sha256: str) -> None:
    """Delete all pictures of a file. Raises ``OSError``."""
    pictures_area().place.delete_below(pictures_folder(sha256))


def keep_page(letter: Letter, number: int, picture: bytes) -> None:
    """Store the picture of a page. Raises ``OSError``."""
    with pictures_area().write(_page_name(letter, number)) as file:
        file.write(picture)


def keep_excerpt(letter: Letter, pages: tuple[int, int], copied: bytes) -> None:
    """Store the copy of a letter's own pages. Raises ``OSError``."""
    with pictures_area().write(_excerpt_name(letter, pages)) as file:
        file.write(copied)


def keep_places(letter: Letter, digest: str, places: Sequence[Sequence[Place]]) -> None:
    """Store the places of a letter's values in place of those of other values. Raises ``OSError``."""
    area, name = pictures_area(), _places_name(letter, digest)
    with area.write(name) as file:
        file.write(json.dumps(places).encode())
    folder = pictures_folder(letter.sha256)
    for entry in area.place.entries(folder):
        if entry.name.startswith(f"{folder}/places-{letter.pk}-") and entry.name != name:
            area.delete(entry.name)


def _page_name(letter: Letter, number: int) -> str:
    return f"{pictures_folder(letter.sha256)}/{number}-{WIDTH}-{turn_of(letter, number)}-{VERSION}.png"


def _places_name(letter: Letter, digest: str) -> str:
    return f"{pictures_folder(letter.sha256)}/places-{letter.pk}-{digest}-{VERSION}.json"


def _excerpt_name(letter: Letter, pages: tuple[int, int]) -> str:
    return f"{pictures_folder(letter.sha256)}/excerpt-{_digest_of(pages)}-{VERSION}.pdf"

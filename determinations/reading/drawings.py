"""Draws what users wait for: page pictures, places of values, numbers of pages, copies of a letter's own pages."""

import logging
import time
from collections import Counter

from django.conf import settings
from django.db.models import QuerySet

from determinations.cases.open_letter import open_letter
from determinations.cases.page_pictures import (
    FILE_FAULT,
    VERSION,
    WIDTH,
    delete_pictures,
    evidence_of,
    excerpt_pages,
    keep_excerpt,
    keep_page,
    keep_places,
    turn_of,
)
from determinations.cases.sheet import sheet_of
from determinations.extraction.drawer import PageDrawer, page_drawer
from determinations.extraction.results import TooSlow, Unreadable
from determinations.intake.store_health import StoreUnavailable
from determinations.intake.stored_files import StoredFileFault, stored_bytes
from determinations.models import Drawing, DrawingKind, Letter, LetterText
from determinations.packing.codec import UnreadableValue
from determinations.wording.labels import read_labels

log = logging.getLogger(__name__)

#: Waiting drawings that are compared to find the next one.
_SEEN = 200
#: After so many pages of a letter that took too long, its other pages are not tried.
_MOST_SLOW = 3
_SLOW = "Drawing the page takes too long."


def draw_waiting(*, seconds: float) -> bool:
    """Draw what waits, for so long; returns whether anything is left.

    Users take turns, so that one who opened a slow file delays the others by one page at a time.
    """
    until, served, opened = time.monotonic() + seconds, Counter[int | None](), _Opened()
    while time.monotonic() < until:
        waiting = list(_waiting().select_related("letter").order_by("pk")[:_SEEN])
        if not waiting:
            return False
        drawing = min(
            waiting, key=lambda row: (served[row.requested_by_id], row.letter_id != opened.letter_id, row.pk)
        )
        served[drawing.requested_by_id] += 1
        _draw(drawing, opened)
    return any_waiting()


def any_waiting() -> bool:
    """Whether anything waits to be drawn."""
    return _waiting().exists()


def _waiting() -> QuerySet[Drawing]:
    return Drawing.objects.filter(failure="", version=VERSION)


def delete_outdated() -> None:
    """Delete what an older version of the product requested or failed to draw."""
    Drawing.objects.filter(version__lt=VERSION).delete()


class _Opened:
    """The file that is open in the drawer: pages of one letter follow one another."""

    letter_id: int | None = None
    pages = 0

    def drawer_of(self, letter: Letter) -> PageDrawer:
        """The drawer with the letter's file. Raises ``Unreadable`` or ``StoredFileFault``."""
        drawer = page_drawer()
        if self.letter_id != letter.pk or drawer.process.pid is None:
            self.letter_id = None
            self.pages = drawer.open(stored_bytes(letter))
            self.letter_id = letter.pk
        return drawer


def _draw(drawing: Drawing, opened: _Opened) -> None:
    slow = Drawing.objects.filter(letter=drawing.letter_id, failure=_SLOW).count()
    try:
        if slow >= _MOST_SLOW:
            raise TooSlow(_SLOW)
        _WORK[DrawingKind(drawing.kind)](drawing, opened)
    except Unreadable as reason:
        opened.letter_id = None
        failure = _SLOW if isinstance(reason, TooSlow) else str(reason)
        Drawing.objects.filter(pk=drawing.pk).update(failure=failure)
    except StoredFileFault as fault:
        log.error("Letter %d cannot be drawn (%s).", drawing.letter_id, fault.kind)
        Drawing.objects.filter(pk=drawing.pk).update(failure=FILE_FAULT)
    except (OSError, StoreUnavailable) as fault:
        why = fault.obstacle.code if isinstance(fault, StoreUnavailable) else fault.strerror
        log.error("A page picture of letter %d cannot be stored (%s).", drawing.letter_id, why)
        Drawing.objects.filter(pk=drawing.pk).delete()  # requested again by the page, if a user still waits
    else:
        if not Letter.objects.filter(sha256=drawing.letter.sha256).exists():
            delete_pictures(drawing.letter.sha256)  # the letter was erased while it was drawn
        Drawing.objects.filter(pk=drawing.pk).delete()


def _draw_page(drawing: Drawing, opened: _Opened) -> None:
    letter = drawing.letter
    picture = opened.drawer_of(letter).draw(drawing.number - 1, WIDTH, turn_of(letter, drawing.number))
    keep_page(letter, drawing.number, picture)


def _find_places(drawing: Drawing, opened: _Opened) -> None:
    """Find the places of the letter's values as they are now: they may have changed since they were requested.

    A damaged letter has none until it is read again; its page says that it is damaged.
    """
    try:
        letter = open_letter(drawing.letter_id)
        text = LetterText.objects.of(drawing.letter_id)
    except UnreadableValue as damage:
        log.error("The places of the values of letter %d cannot be found. %s", drawing.letter_id, damage)
        return
    if text is None:
        return
    evidence = evidence_of(letter, text, sheet_of(letter, read_labels()).spans)
    keep_places(letter.letter, evidence.digest, opened.drawer_of(letter.letter).find(evidence.stretches))


def _count_pages(drawing: Drawing, opened: _Opened) -> None:
    opened.drawer_of(drawing.letter)
    Letter.objects.filter(pk=drawing.letter_id, pages=None).update(pages=min(opened.pages, settings.LETTER_PAGES))


def _copy_pages(drawing: Drawing, opened: _Opened) -> None:
    first, last = excerpt_pages(drawing.digest)
    keep_excerpt(drawing.letter, (first, last), opened.drawer_of(drawing.letter).excerpt(first - 1, last - 1))


_WORK = {
    DrawingKind.PAGE: _draw_page,
    DrawingKind.PLACES: _find_places,
    DrawingKind.COUNT: _count_pages,
    DrawingKind.EXCERPT: _copy_pages,
}

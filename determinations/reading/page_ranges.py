"""Page ranges set by hand: an administrator assigns a file's pages to its letters, and a worker reads them again."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.file_text import lock_files
from determinations.models import Letter, LetterState, RemovedLetter
from determinations.models.letters import OPEN_STATES, Lane
from determinations.parsing.source import PageRange
from determinations.reading.file_letters import enter_in_batches


class PagesRefused(Exception):
    """Nothing was changed. The message is one sentence for the user."""


def set_pages(
    letter_id: int, ranges: Mapping[int, PageRange], *, by: User, now: datetime, added: PageRange | None = None
) -> list[int]:
    """Set the pages of a file's letters, by letter; ``added`` is the page range of a letter that was missed.

    From now on these pages decide where the file's letters are, whatever later parser versions find. Every letter of
    the file is requeued; returns their IDs, which the caller sends. Corrections stay in force.
    """
    check_permission(by, "correct_cases")
    with transaction.atomic():
        sha256 = Letter.objects.values_list("sha256", flat=True).get(pk=letter_id)
        lock_files([sha256])
        letters = list(Letter.objects.filter(sha256=sha256).select_for_update(no_key=True).order_by("pk"))
        _check(letters, [*ranges.values(), *([added] if added else [])])
        for letter in letters:
            first, last = ranges.get(letter.pk) or _pages_of(letter)
            letter.first_page, letter.last_page, letter.pages_set_by_hand = first, last, True
            _queue(letter)
        if added:
            letters.append(_add(letters, added))
        Letter.objects.bulk_update(
            [letter for letter in letters if letter.pk],
            [
                "first_page", "last_page", "pages_set_by_hand", "state", "message", "attempts", "lane", "queued_at",
                "started_at", "finished_at",
            ],
        )  # fmt: skip
        audit.record(
            "letter.pages_set",
            by=by,
            at=now,
            letter_id=letter_id,
            pages={str(letter.pk): [letter.first_page, letter.last_page] for letter in letters},
        )
    return [letter.pk for letter in letters]


def _check(letters: list[Letter], ranges: list[PageRange]) -> None:
    page_count = max(letter.pages or 0 for letter in letters)
    if not page_count:
        raise PagesRefused("The number of pages in this file is unknown. Read the letter again first.")
    if any(letter.state in OPEN_STATES for letter in letters):
        raise PagesRefused("The file is waiting to be read. Try again in a moment.")
    for first, last in ranges:
        if not 1 <= first <= last <= page_count:
            raise PagesRefused(f"Pages {first} to {last} are not in this file, which has {page_count}.")


def _pages_of(letter: Letter) -> PageRange:
    numbers = letter.page_numbers
    return (numbers[0], numbers[-1]) if numbers else (1, 1)


def _queue(letter: Letter) -> None:
    letter.state, letter.message, letter.attempts, letter.lane = LetterState.RECEIVED, "", 0, Lane.INTERACTIVE
    letter.queued_at = letter.started_at = letter.finished_at = None


def _add(letters: list[Letter], pages: PageRange) -> Letter:
    """Add a row for another letter of the file, with an entry in each batch that contains it."""
    first = letters[0]
    removed = RemovedLetter.objects.filter(sha256=first.sha256).aggregate(most=Max("part"))["most"] or 0
    letter = Letter.objects.create(
        sha256=first.sha256,
        part=max(removed, *(row.part for row in letters)) + 1,
        size=first.size,
        media_type=first.media_type,
        pages=first.pages,
        text_method=first.text_method,
        first_page=pages[0],
        last_page=pages[1],
        pages_set_by_hand=True,
        received_at=first.received_at,
        office_set_id=first.office_set_id,
    )
    enter_in_batches(first, [letter])
    return letter

"""Which pages of a file are which letter, set by hand: an administrator says it, a worker reads the letters again."""

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
    """Set the pages of letters of one file, by letter; ``added`` is a further letter that the file holds.

    From now on the file is read by these pages only, whatever a later parser finds in it. Every letter of the file
    goes back into the queue; returns their ids, which the caller sends. Corrections stay in force.
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
    most = max(letter.pages or 0 for letter in letters)
    if not most:
        raise PagesRefused("The file has no pages that were counted. Read it again first.")
    if any(letter.state in OPEN_STATES for letter in letters):
        raise PagesRefused("The file is about to be read. Try again in a moment.")
    for first, last in ranges:
        if not 1 <= first <= last <= most:
            raise PagesRefused(f"Pages {first} to {last} are not pages of this file, which has {most}.")


def _pages_of(letter: Letter) -> PageRange:
    numbers = letter.page_numbers
    return (numbers[0], numbers[-1]) if numbers else (1, 1)


def _queue(letter: Letter) -> None:
    letter.state, letter.message, letter.attempts, letter.lane = LetterState.RECEIVED, "", 0, Lane.INTERACTIVE
    letter.queued_at = letter.started_at = letter.finished_at = None


def _add(letters: list[Letter], pages: PageRange) -> Letter:
    """A row for one more letter of the file, with an entry in each batch that brought it."""
    model = letters[0]
    removed = RemovedLetter.objects.filter(sha256=model.sha256).aggregate(most=Max("part"))["most"] or 0
    letter = Letter.objects.create(
        sha256=model.sha256,
        part=max(removed, *(row.part for row in letters)) + 1,
        size=model.size,
        media_type=model.media_type,
        pages=model.pages,
        text_method=model.text_method,
        first_page=pages[0],
        last_page=pages[1],
        pages_set_by_hand=True,
        received_at=model.received_at,
    )
    enter_in_batches(model, [letter])
    return letter

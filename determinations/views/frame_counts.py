"""The counts in the frame of a page: unread notifications and letters to review, in one statement.

A page that counts for itself reads these with its own (``parts_of_frame``) and notes them for the frame.
"""

from collections.abc import Collection, Mapping
from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from determinations.casework.notifications import unread_of
from determinations.corrections.review_queue import queue
from determinations.paging.composed import ME, MY_NAME, NOW, Part, Value, count_of, read_parts
from determinations.paging.counts import Count
from determinations.views.requests import person_of

UNREAD, REVIEWS = "frame_unread", "frame_reviews"
#: The number of unread notifications, and the review count, stop here.
_MOST_UNREAD = 99
_MOST_REVIEWS = 999
_PARTS: Mapping[str, tuple[str, Part[Count]]] = {
    UNREAD: ("determinations.browse_cases", count_of(lambda: unread_of(User(pk=ME.sample)), _MOST_UNREAD)),
    REVIEWS: ("determinations.correct_cases", count_of(lambda: queue(now=NOW.sample), _MOST_REVIEWS)),
}
#: The attribute of a request that keeps what was counted.
_KEPT = "imrsite_frame_counts"


def parts_of_frame(held: Collection[str]) -> dict[str, Part[Count]]:
    """What the frame counts for a user with these permissions, with the values of ``given_by``."""
    return {name: part for name, (permission, part) in _PARTS.items() if permission in held}


def given_by(request: HttpRequest) -> dict[str, Value]:
    """The user and the time, as parts of statements ask for them."""
    user = person_of(request)
    return {ME.name: user.pk, MY_NAME.name: user.get_username(), NOW.name: timezone.now()}


def note_frame_counts(request: HttpRequest, counts: Mapping[str, object]) -> None:
    """Keep what the page counted, so that the frame does not count it again."""
    setattr(request, _KEPT, {name: counts[name] for name in _PARTS if name in counts})


def frame_counts(request: HttpRequest, held: Collection[str]) -> Mapping[str, Count]:
    """The counts of the frame by their names."""
    kept: Mapping[str, Count] | None = getattr(request, _KEPT, None)
    if kept is None:
        kept = cast("Mapping[str, Count]", read_parts(parts_of_frame(held), given_by(request)))
    return kept

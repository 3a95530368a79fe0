"""What the correction form sends, read once from the POST into a frozen value.

Inputs for one value are named ``<part>:<path>``, where the path names an item by its key:
``value:items/<key>/decision``. A citation's inputs also end in its place in the list: ``authority:<path>:0``. The
other inputs of the form have plain names, listed in :class:`Name`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.http import QueryDict

from determinations.cases.fields import storable
from determinations.cases.open_letter import Change
from determinations.corrections.item_changes import read_pending
from determinations.paging.counts import whole_number

_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")
_MOST_CITATIONS = 40

#: The verb of a submission that saves; every other verb changes which items there are.
SAVE = "save"
_TAKE_BACK = "take_back"


class Part(StrEnum):
    """First word of an input's name: which part of a value it holds."""

    VALUE = "value"
    SHOWN = "shown"  # digest of the value that the page showed: only what the user changed counts as typed
    EVIDENCE = "evidence"  # its place in the letter: "120-134"
    CONFIRM = "confirm"
    REVERT = "revert"
    SPLIT = "split"  # an item's new requests, one per line
    # parts of one citation
    AUTHORITY = "authority"
    EDITION = "edition"
    SECTIONS = "sections"
    PAGES = "pages"
    PRINTED = "printed"
    PLACE = "place"


class Name(StrEnum):
    """Names of the form's other inputs."""

    DO = "do"  # the button: "save", "add", "split <item key>", "take_back <number>"
    PENDING = "pending"  # changes of items that are not saved yet
    SEEN = "seen"  # the version of the letter that the page showed
    ACCEPTED = "accepted"  # warnings that the user has seen
    DISMISS = "dismiss"  # problems in which the user found nothing wrong: "<code> <path>"
    UNDO = "undo"  # numbers of corrections to take out of force
    CONFIRM_REST = "confirm_rest"
    REASON = "reason"
    NOTE = "note"
    NEW_REQUEST = "new_request"


def input_name(part: Part, path: str, place: int | None = None) -> str:
    """The name of the input that holds this part of a value, or of the citation at this place of its list."""
    return f"{part}:{path}" if place is None else f"{part}:{path}:{place}"


@dataclass(frozen=True, slots=True)
class TypedCitation:
    """One line of a list of citations, as typed."""

    authority: str
    edition: str
    sections: str
    pages: str
    printed: str
    place: str


@dataclass(frozen=True, slots=True)
class TypedField:
    """What the page sent for one value."""

    shown: str
    values: tuple[str, ...]
    evidence: str
    confirm: bool
    revert: bool
    citations: tuple[TypedCitation, ...]

    @property
    def text(self) -> str:
        """The single value; empty when the browser sent none, as for an unticked box."""
        return self.values[-1] if self.values else ""


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A problem in which the user found nothing wrong."""

    code: str
    path: str


@dataclass(frozen=True, slots=True)
class Submission:
    """One POST of the correction form. ``verb`` is what the button does, ``target`` the item it does it to."""

    verb: str
    target: str
    pending: tuple[Change, ...]
    fields: Mapping[str, TypedField]
    dismissals: tuple[Dismissal, ...]
    undone: tuple[int, ...]
    new_request: str
    split_requests: tuple[str, ...]
    seen: str
    accepted: frozenset[str]
    confirm_rest: bool
    reason: str
    note: str


def read_submission(post: QueryDict) -> Submission:
    """The submission in a POST; malformed parts are left out."""
    verb, _space, target = post.get(Name.DO, SAVE).partition(" ")
    pending = read_pending(post.get(Name.PENDING, ""))
    if verb == _TAKE_BACK:
        taken_back = whole_number(target)
        pending = [change for place, change in enumerate(pending) if place != taken_back]
    return Submission(
        verb=verb,
        target=target,
        pending=tuple(pending),
        fields=dict(_fields(post)),
        dismissals=tuple(_dismissals(post)),
        undone=tuple(number for text in post.getlist(Name.UNDO) if (number := whole_number(text)) is not None),
        new_request=_one_line(post.get(Name.NEW_REQUEST, "")),
        split_requests=tuple(filter(None, map(_one_line, post.get(input_name(Part.SPLIT, target), "").split("\n")))),
        seen=post.get(Name.SEEN, ""),
        accepted=frozenset(post.getlist(Name.ACCEPTED)),
        confirm_rest=Name.CONFIRM_REST in post,
        reason=post.get(Name.REASON, ""),
        note=post.get(Name.NOTE, "").strip(),
    )


def read_span(printed: str, length: int | None = None) -> tuple[int, int] | None:
    """``120-134`` as a span; None if it is not one, or lies beyond a text of this length."""
    match = _SPAN.fullmatch(printed)
    if not match:
        return None
    start, end = int(match[1]), int(match[2])
    return (start, end) if start < end and (length is None or end <= length) else None


def _fields(post: QueryDict) -> Iterator[tuple[str, TypedField]]:
    for name in post:
        part, _colon, path = name.partition(":")
        if part == Part.SHOWN:
            yield (
                path,
                TypedField(
                    shown=post.get(name, ""),
                    values=tuple(map(storable, post.getlist(input_name(Part.VALUE, path)))),
                    evidence=post.get(input_name(Part.EVIDENCE, path), ""),
                    confirm=input_name(Part.CONFIRM, path) in post,
                    revert=input_name(Part.REVERT, path) in post,
                    citations=tuple(_citations(post, path)),
                ),
            )


def _citations(post: QueryDict, path: str) -> Iterator[TypedCitation]:
    for place in range(_MOST_CITATIONS):
        if input_name(Part.AUTHORITY, path, place) in post:
            yield TypedCitation(
                authority=post.get(input_name(Part.AUTHORITY, path, place), ""),
                edition=post.get(input_name(Part.EDITION, path, place), ""),
                sections=post.get(input_name(Part.SECTIONS, path, place), ""),
                pages=post.get(input_name(Part.PAGES, path, place), ""),
                printed=post.get(input_name(Part.PRINTED, path, place), ""),
                place=post.get(input_name(Part.PLACE, path, place), ""),
            )


def _dismissals(post: QueryDict) -> Iterator[Dismissal]:
    for text in post.getlist(Name.DISMISS):
        code, _space, path = text.partition(" ")
        yield Dismissal(code, path)


def _one_line(text: str) -> str:
    return " ".join(text.split())

"""Reads packed texts and documents of many letters: a damaged one is left out, so that it stops no other letter.

What was left out is noted for administrators (``models.DamagedText``), whom the status page tells the letters. Nothing
is guessed and nothing is deleted: rows made of a damaged value stay as they are until its letter is read again.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar, cast

from django.db import connection
from django.db.models import Model, QuerySet

from determinations.access.scope import EVERYTHING, within
from determinations.models import CaseText, DamagedValue, DisputedItem, ItemText, LetterText, ParsedDocument
from determinations.models.packed import Stored
from determinations.packing.codec import UnreadableValue, unpack, unpack_json
from determinations.parsing.results import LetterRecord
from imrsite.connections import on_primary

log = logging.getLogger(__name__)

_NOTE = """
INSERT INTO determinations_damagedtext (letter_id, value)
SELECT id, %s FROM (SELECT id FROM determinations_letter WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE) AS present
ON CONFLICT DO NOTHING
"""

Value = TypeVar("Value")
_ITEM_TEXTS = ("rationale", "claims_text", "reviewer_text")
#: Annotates items with their texts as stored, for :func:`texts_of_item`.
STORED_ITEM_TEXTS = {f"stored_{name}": Stored(f"text__{name}") for name in _ITEM_TEXTS}


def log_damaged_text(letter_id: int) -> None:
    """Log that a text could not be shown; the check of stored texts finds which."""
    log.error("A stored text of letter %d is damaged.", letter_id)


class Damaged(NamedTuple):
    """A damaged value of a letter."""

    letter_id: int
    value: DamagedValue


@dataclass(frozen=True, slots=True)
class Readable(Generic[Value]):
    """The values that can be unpacked, by letter, and the letters whose value is damaged."""

    values: Mapping[int, Value]
    damaged: frozenset[int]


def readable_documents(documents: QuerySet[ParsedDocument]) -> Readable[LetterRecord]:
    """The documents of these rows."""
    values: dict[int, LetterRecord] = {}
    damaged: set[int] = set()
    for pk, stored in documents.values_list("pk", Stored("document")):
        try:
            values[pk] = cast(LetterRecord, unpack_json(bytes(stored)))
        except UnreadableValue:
            damaged.add(pk)
    return Readable(values, frozenset(damaged))


def readable(stored: bytes | memoryview | None, letter_id: int) -> str:
    """A text as selected by ``Stored``, for pages that show many letters; a damaged one is empty.

    The log says so. Nothing is noted, because a page may be answered by a replica.
    """
    try:
        return whole_text(stored)
    except UnreadableValue:
        log.error("A stored value of letter %d is damaged.", letter_id)
        return ""


class TextsOfItem(NamedTuple):
    """The long texts of an item; empty where the letter has none."""

    rationale: str
    claims_text: str
    reviewer_text: str


def texts_of_item(item: DisputedItem) -> TextsOfItem:
    """The texts of an item that was annotated with ``STORED_ITEM_TEXTS``. Raises UnreadableValue."""
    return TextsOfItem(*(whole_text(getattr(item, f"stored_{name}")) for name in _ITEM_TEXTS))


def whole_text(stored: bytes | memoryview | None) -> str:
    """A text as selected by ``Stored``; empty if there is none. Raises UnreadableValue."""
    return unpack(bytes(stored)) if stored else ""


def readable_texts(texts: QuerySet[LetterText]) -> Readable[str]:
    """The texts of these rows."""
    values: dict[int, str] = {}
    damaged: set[int] = set()
    for pk, stored in texts.values_list("pk", Stored("text")):
        try:
            values[pk] = unpack(bytes(stored))
        except UnreadableValue:
            damaged.add(pk)
    return Readable(values, frozenset(damaged))


def note_damaged(letter_ids: Iterable[int], value: DamagedValue) -> None:
    """Note that this value of these letters is damaged, for the status page.

    A letter that was removed in the meantime is passed over: the note holds the row of each other, as its foreign key
    does in any case, and waits for a removal that has not ended.
    """
    noted = sorted(set(letter_ids))
    if not noted:
        return
    for pk in noted:
        log.error("A stored value of letter %d is damaged (%s).", pk, value)
    with on_primary(), within(EVERYTHING), connection.cursor() as cursor:
        cursor.execute(_NOTE, [value.value, noted])


def damaged_values(letter_ids: Collection[int]) -> set[Damaged]:
    """The damaged values of these letters, whatever is noted."""
    return {
        *_damaged(LetterText.objects.filter(pk__in=letter_ids), "pk", ("text",), DamagedValue.TEXT),
        *_damaged(ParsedDocument.objects.filter(pk__in=letter_ids), "pk", ("document",), DamagedValue.DOCUMENT),
        *_damaged(CaseText.objects.filter(pk__in=letter_ids), "pk", ("summary",), DamagedValue.SUMMARY),
        *_damaged(
            ItemText.objects.filter(item__case__in=letter_ids), "item__case",
            _ITEM_TEXTS, DamagedValue.ITEMS,
        ),
    }  # fmt: skip


def _damaged(rows: QuerySet[Model], letter: str, columns: Sequence[str], value: DamagedValue) -> Iterator[Damaged]:
    for pk, *stored in rows.values_list(letter, *map(Stored, columns)):
        if not all(_is_whole(packed, value) for packed in stored):
            yield Damaged(pk, value)


def _is_whole(packed: bytes, value: DamagedValue) -> bool:
    try:
        if value is DamagedValue.DOCUMENT:
            unpack_json(bytes(packed))
        else:
            unpack(bytes(packed))
    except UnreadableValue:
        return False
    return True

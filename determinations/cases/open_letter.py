"""A letter opened for correction, and the changes that can be requested."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, TypeVar, cast

from django.utils.translation import gettext as _

from determinations.cases.cleaning import ValueRefused
from determinations.cases.fields import EffectiveItem
from determinations.cases.letter_corrections import corrections_of
from determinations.cases.merging import Merged, empty_document, merge
from determinations.models import Correction, Letter, Operation, ParsedDocument
from determinations.packing.codec import UnreadableValue
from determinations.parsing.results import LetterRecord
from determinations.reference.category_rules import active_rules, with_rules

_Shape = TypeVar("_Shape")


class GivenPart(TypedDict, total=False):
    """An item created by staff: its values as typed, and the key that the page generated for it."""

    key: str
    values: dict[str, object]


class GivenItem(GivenPart, total=False):
    """An item added ``after`` another, or merged from the items in ``of``; both hold keys or numbers."""

    after: str
    of: list[str]


class DamagedLetter(UnreadableValue):
    """The stored values of a letter are damaged. ``letter_id`` is its ID."""

    def __init__(self, letter_id: int) -> None:
        super().__init__(
            f"The stored values of letter {letter_id} are damaged: manage.py check_texts finds it and says what to do."
        )
        self.letter_id = letter_id


class CorrectionsRefused(Exception):
    """Nothing was saved. ``errors`` are (path, reason)."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__(f"{len(errors)} changes refused")
        self.errors = list(errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One requested change; the content of ``value`` depends on the operation:

    set: the new value. confirm, revert, remove_item: nothing. dismiss: the problem's code.
    add_item: ``{"after": key or "", "values": {...}}``. split_item: a list of ``{"values": {...}}``.
    merge_items: ``{"of": [keys], "values": {...}}``. reorder_items: every item's key in the new order.
    """

    operation: Operation
    path: str = ""
    value: object = None
    evidence: tuple[int, int] | None = None
    reverts: int | None = None
    reason: str = ""
    note: str = ""

    def given(self, shape: type[_Shape]) -> _Shape:
        """The value, typed for the operation."""
        return cast(_Shape, self.value)


@dataclass(frozen=True, slots=True)
class OpenLetter:
    """A letter opened for correction: the parsed document, all corrections, and the merged result.

    ``version`` changes whenever the parser or a user changes anything; forms send it back to detect conflicts.
    """

    letter: Letter
    document: LetterRecord
    parser_version: str
    grounds_version: int
    corrections: tuple[Correction, ...]
    merged: Merged
    version: str

    def target(self, path: str) -> tuple[str, str]:
        """The target of a path that names its item by number or key. Raises ValueRefused if unknown."""
        parts = path.split("/")
        if parts[0] != "items" or len(parts) == 1:
            return "", path
        item = self.item(parts[1])
        if item is None:
            raise ValueRefused(_("This item no longer exists."))
        return item["key"], parts[2] if len(parts) > 2 else ""

    def item(self, name: str) -> EffectiveItem | None:
        """The effective item of this number or key."""
        return self.merged.by_name.get(name)

    def path(self, key: str, field: str) -> str:
        """The path of a target, with its item's current number."""
        item = self.item(key) if key else None
        return "/".join(filter(None, ["items", str(item["number"]), field])) if item else field


def open_letter(letter_id: int, letter: Letter | None = None) -> OpenLetter:
    """Load a letter for correction; one that was never parsed is opened with every value missing.

    ``letter`` is its row, if it was read already. Raises :class:`DamagedLetter`.
    """
    letter = letter or Letter.objects.get(pk=letter_id)
    try:
        parsed = ParsedDocument.objects.filter(letter=letter).first()
    except UnreadableValue:
        raise DamagedLetter(letter_id) from None
    corrections = tuple(corrections_of([letter])[letter.pk])
    document = with_rules(parsed.document if parsed else empty_document(), active_rules())
    newest = corrections[-1].pk if corrections else 0
    return OpenLetter(
        letter=letter,
        document=document,
        parser_version=parsed.parser_version if parsed else "",
        grounds_version=parsed.grounds_version if parsed else 0,
        corrections=corrections,
        merged=merge(document, corrections),
        version=f"{parsed.parsed_at.timestamp() if parsed else 0:.6f}-{newest}",
    )

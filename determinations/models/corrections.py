"""Corrections by staff; append-only."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TypedDict, TypeVar, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.any_of import AnyOfTexts
from determinations.models.letters import Letter, RemovedLetter
from determinations.parsing.results import CitationRecord, Decision, GroundRecord, SpanRecord


class Operation(models.TextChoices):
    """What a correction does."""

    SET = "set", _("set a value")
    CONFIRM = "confirm", _("confirmed a value")
    REVERT = "revert", _("reverted")
    DISMISS = "dismiss", _("dismissed a problem")
    ADD_ITEM = "add_item", _("added an item")
    REMOVE_ITEM = "remove_item", _("removed an item")
    SPLIT_ITEM = "split_item", _("split an item")
    MERGE_ITEMS = "merge_items", _("merged items")
    REORDER_ITEMS = "reorder_items", _("reordered items")


#: Operations that add, remove, split, merge or reorder items. A REVERT that names one undoes it.
STRUCTURAL = (
    Operation.ADD_ITEM,
    Operation.REMOVE_ITEM,
    Operation.SPLIT_ITEM,
    Operation.MERGE_ITEMS,
    Operation.REORDER_ITEMS,
)


class CorrectionState(models.TextChoices):
    """The state of a correction, given the parser's latest result and later corrections."""

    ACTIVE = "active", _("in force")
    CONFIRMED = "confirmed", _("in force, and the parser agrees")
    CONFLICT = "conflict", _("in force, but the parser's value has changed")
    SUPERSEDED = "superseded", _("superseded by a later correction")
    ORPHANED = "orphaned", _("the corrected value no longer exists")
    REVERTED = "reverted", _("reverted")


#: States in which a correction affects the effective values.
IN_FORCE = (CorrectionState.ACTIVE, CorrectionState.CONFIRMED, CorrectionState.CONFLICT)
#: States that need review.
WANT_A_LOOK = (CorrectionState.CONFLICT, CorrectionState.ORPHANED)


#: The value of a field: a line or text, a number, a flag, names, a category with subcategory, or citations.
FieldValue = str | int | bool | list[str] | list[CitationRecord] | None
_Json = str | int | bool | list[object] | dict[str, object]
_Shape = TypeVar("_Shape")


# The shapes of ``new_value`` for operations other than setting a value.


class Dismissal(TypedDict):
    """DISMISS: the problem's code and field."""

    code: str
    field: str


class ItemValues(TypedDict, total=False):
    """The values that staff entered for an item."""

    request: str
    disputed: str
    partly_approved: bool
    decision: Decision | None
    category: str
    subcategory: str
    category_rule: str
    claims_text: str | None
    reviewer_text: str | None
    claims: list[CitationRecord]
    reviewer: list[CitationRecord]
    rationale: str | None
    grounds: list[GroundRecord]
    spans: dict[str, SpanRecord]


class MadeItem(TypedDict):
    """An item entered by staff. ``occurrence`` numbers items with the same wording in the letter, from 1."""

    key: str
    values: ItemValues
    occurrence: int


class AddedItem(MadeItem):
    """ADD_ITEM: ``after`` is the key of the preceding item, or ""."""

    after: str


class SplitItem(TypedDict):
    """SPLIT_ITEM."""

    parts: list[MadeItem]


class RememberedItem(TypedDict):
    """An item that a merge or reordering refers to: its key, and how to find it again (see ``cases.item_keys``)."""

    key: str
    anchor: str
    span: SpanRecord | None


class MergedItems(MadeItem):
    """MERGE_ITEMS: ``of`` are the merged items."""

    of: list[RememberedItem]


class ItemOrder(TypedDict):
    """REORDER_ITEMS: all items in the new order."""

    order: list[RememberedItem]


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """Query methods of corrections."""

    def of(self, letters: Iterable[Letter | RemovedLetter]) -> "CorrectionQuerySet":
        """Those of these letters, whatever numbers the letters had when they were corrected."""
        parts: dict[int, list[str]] = {}
        for letter in letters:
            parts.setdefault(letter.part, []).append(letter.sha256)
        matching = (
            models.Q(AnyOfTexts("letter_sha256", digests), letter_part=part) for part, digests in parts.items()
        )
        return self.filter(reduce(or_, matching)) if parts else self.none()


class Correction(models.Model):
    """A value that staff set, confirmed or reverted. A trigger prevents changes and deletions of rows; only ``state``
    changes, and it can be recalculated from the rows and the parsed document (``merging.merge``).

    There is no foreign key to the letter or value. The letter is identified by the SHA-256 of its file and its part in
    it, so that the corrections of a letter that is removed and uploaded again still apply. The value is identified by
    ``path`` as users saw it (``case_number``, ``items/2/decision``). An item is identified by ``item_key``, which does
    not change when items are added or reordered. The key is derived from the request as the parser read it
    (``item_anchor`` and its place in the text, ``item_span``, help to find the item again when a later parser reads it
    slightly differently), or random for an item that a user added.
    """

    letter_id = models.BigIntegerField()
    letter_sha256 = models.CharField(max_length=64, help_text="of the letter's file")
    letter_part = models.SmallIntegerField(default=1, db_default=1, help_text="which letter of the file")
    operation = models.CharField(max_length=14, choices=Operation.choices, default=Operation.SET)
    path = models.CharField(max_length=120, blank=True)
    item_key = models.CharField(max_length=24, blank=True)
    item_anchor = models.TextField(blank=True, help_text="the item's request as the parser read it")
    item_span: "models.JSONField[SpanRecord | None, SpanRecord | None]" = models.JSONField(
        null=True, help_text="[start, end] of that request in the letter's text"
    )
    parser_version = models.CharField(max_length=20, blank=True)
    parser_value: "models.JSONField[FieldValue, FieldValue]" = models.JSONField(
        null=True, help_text="the parser's value when the correction was made"
    )
    old_value: "models.JSONField[object, _Json | None]" = models.JSONField(null=True)
    new_value: "models.JSONField[object, _Json | None]" = models.JSONField(null=True)
    reverts = models.BigIntegerField(null=True, help_text="the correction that this one undoes")
    evidence: "models.JSONField[SpanRecord | None, SpanRecord | None]" = models.JSONField(
        null=True, help_text="[start, end] of the evidence that the user selected in the letter's text"
    )
    reason = models.CharField(max_length=40)
    note = models.TextField(blank=True)
    by_id = models.BigIntegerField()
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=CorrectionState.choices, default=CorrectionState.ACTIVE)

    #: Made on another copy of the letter whose corrections are read (see ``letter_corrections``). Not stored.
    is_of_copy = False

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["letter_sha256", "id"], name="correction_letter"),
            models.Index(fields=["letter_id"], name="correction_letter_id"),
            models.Index(fields=["state", "-id"], name="correction_state"),
            models.Index(fields=["by_id", "-id"], name="correction_by"),
        ]

    def __str__(self) -> str:
        return f"Correction {self.pk}"

    @property
    def field(self) -> str:
        """The field: the last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def value_before(self) -> FieldValue:
        """``old_value`` of a row that sets or confirms a value."""
        return cast(FieldValue, self.old_value)

    @property
    def value(self) -> FieldValue:
        """``new_value`` of a row that sets or confirms a value."""
        return cast(FieldValue, self.new_value)

    def given(self, shape: type[_Shape]) -> _Shape:
        """``new_value`` of any other operation, as the given shape."""
        return cast(_Shape, self.new_value)

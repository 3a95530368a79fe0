"""Corrections by staff. Each action adds Correction rows, rewrites the effective values and records an audit event,
all in one transaction. Rows are never changed or removed; undoing adds a row too.

Paths name items by number as shown (``items/2/decision``) or by key (``items/p0a1b2.../decision``). Within one save
keys are safer, since numbers shift when an item is added.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.cleaning import ValueRefused
from determinations.cases.effective import write_cases
from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS
from determinations.cases.holding import Held, holding
from determinations.cases.merging import Standing, empty_document, merge
from determinations.cases.open_letter import Change, CorrectionsRefused, DamagedLetter, OpenLetter, open_letter
from determinations.cases.readable_values import note_damaged
from determinations.casework import notifications, work
from determinations.corrections.editor import Editor
from determinations.models import Correction, DamagedValue, Operation, ParsedDocument
from determinations.models.corrections import CorrectionState

_DAMAGED = _lazy(
    "The stored values of letter %d are damaged. Nothing was saved; its file and all earlier corrections are kept. "
    "Tell an administrator its number: manage.py check_texts --read-again restores the values. Then save this again."
)


class LetterChanged(Exception):
    """Nothing was saved: the letter changed since the user opened it."""


class DamageRefused(CorrectionsRefused):
    """Nothing was saved: the stored values of the letter are damaged. Administrators are told."""


def save_changes(
    letter_id: int, changes: Sequence[Change], *, by: User, now: datetime, seen: str | None = None
) -> list[Correction]:
    """Save all changes or none; returns the rows added. Changes that change nothing are skipped.

    ``seen`` is the ``OpenLetter.version`` that the user worked on. Raises :class:`LetterChanged`,
    :class:`CorrectionsRefused` (also for a letter whose stored values are damaged, which is noted for administrators),
    or PermissionDenied for a user who may not correct.
    """
    check_permission(by, "correct_cases")
    with _damage_refused():
        return _saved_changes(letter_id, changes, by=by, now=now, seen=seen)


@contextmanager
def _damage_refused() -> Iterator[None]:
    try:
        yield
    except DamagedLetter as damaged:
        note_damaged([damaged.letter_id], DamagedValue.DOCUMENT)
        raise DamageRefused([("", _DAMAGED % damaged.letter_id)]) from None


def _saved_changes(
    letter_id: int, changes: Sequence[Change], *, by: User, now: datetime, seen: str | None
) -> list[Correction]:

    def save(held: Held) -> list[Correction]:
        opened = open_letter(letter_id)
        _refuse_while_reading(opened)
        if seen is not None and seen != opened.version:
            raise LetterChanged
        rows = Editor(opened, by=by, now=now).rows_for(changes)
        Correction.objects.bulk_create(rows)
        if not rows:
            return rows
        if not opened.parser_version:
            ParsedDocument.objects.get_or_create(
                letter=opened.letter, defaults={"parsed_at": now, "document": empty_document()}
            )
        write_cases([letter_id], held)
        notifications.tell_watchers(work.counting_letters([letter_id]), "values", by=by, now=now)
        audit.record(
            "letter.corrected",
            by=by,
            at=now,
            letter_id=letter_id,
            corrections=[row.pk for row in rows],
            paths=sorted({row.path for row in rows}),
        )
        return rows

    return holding([letter_id], save)


def _refuse_while_reading(opened: OpenLetter) -> None:
    """Raise :class:`CorrectionsRefused` while a letter is being read.

    What was read of a file whose scanned pages wait can be corrected: when they are read, corrections stay in force as
    they do whenever a letter is read again.
    """
    if not opened.letter.is_open:
        return
    if not opened.letter.waits_for_scans:
        raise CorrectionsRefused([("", _("The letter is being read right now. Save again in a moment."))])
    if not opened.parser_version:
        message = _("The scanned pages of this letter are still to be read. Its values can be corrected after that.")
        raise CorrectionsRefused([("", message)])


def staged(opened: OpenLetter, changes: Sequence[Change], *, by: User, now: datetime) -> OpenLetter:
    """The letter as it would be with these changes; saves nothing. Raises :class:`CorrectionsRefused`."""
    if not changes:
        return opened
    editor = Editor(opened, by=by, now=now)
    editor.rows_for(changes)
    return replace(editor.opened, merged=merge(opened.document, editor.opened.corrections))


def correct_field(
    letter_id: int,
    path: str,
    value: object,
    *,
    by: User,
    now: datetime,
    reason: str,
    note: str = "",
    evidence: tuple[int, int] | None = None,
) -> list[Correction]:
    """Set one value."""
    change = Change(operation=Operation.SET, path=path, value=value, evidence=evidence, reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def confirm_letter(letter_id: int, *, by: User, now: datetime, seen: str | None = None) -> list[Correction]:
    """Confirm every value of the letter."""
    check_permission(by, "correct_cases")
    with _damage_refused():
        opened = open_letter(letter_id)
    return save_changes(letter_id, list(unconfirmed(opened)), by=by, now=now, seen=seen)


def undo(
    letter_id: int,
    correction_id: int,
    *,
    by: User,
    now: datetime,
    reason: str = "reverted",
    note: str = "",
) -> list[Correction]:
    """Undo one correction, such as an added item or one whose item is no longer found."""
    change = Change(operation=Operation.REVERT, reverts=correction_id, reason=reason, note=note)
    return save_changes(letter_id, [change], by=by, now=now)


def unconfirmed(opened: OpenLetter) -> Iterator[Change]:
    """A confirmation of every value that staff have not corrected or confirmed since the parser read it."""
    standings = opened.merged.standings
    for name in LETTER_FIELDS:
        if _is_unconfirmed(standings.get(("", name))):
            yield Change(operation=Operation.CONFIRM, path=name)
    for item in opened.merged.record["items"]:
        for name in ITEM_FIELDS:
            if _is_unconfirmed(standings.get((item["key"], name))):
                yield Change(operation=Operation.CONFIRM, path=f"items/{item['key']}/{name}")


def history(letter_id: int, path: str = "") -> list[Correction]:
    """The corrections of a letter or of one of its values, newest first."""
    opened = open_letter(letter_id)
    rows = opened.corrections
    if path:
        try:
            key, field = opened.target(path)
        except ValueRefused:
            return []
        rows = tuple(row for row in rows if row.item_key == key and (not field or row.field == field))
    return list(reversed(rows))


def _is_unconfirmed(standing: Standing | None) -> bool:
    return standing is None or standing.state == CorrectionState.CONFLICT

"""One submission of the correction form: saved, staged on the page, refused, warned about, or overtaken by others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from determinations.cases.open_letter import Change, CorrectionsRefused, OpenLetter, open_letter
from determinations.cases.plausibility import lines_without_citations, warnings_of
from determinations.corrections.actions import LetterChanged, save_changes, staged, unconfirmed
from determinations.corrections.form import CorrectionForm, changes_of, form_of
from determinations.corrections.form_rows import Message
from determinations.corrections.item_changes import item_after, item_change, with_reason
from determinations.corrections.submission import SAVE, Submission
from determinations.models import Correction, LetterText, Operation
from determinations.paging.counts import whole_number
from determinations.wording.labels import Labels


@dataclass(frozen=True, slots=True)
class Saved:
    """Everything was saved; ``count`` corrections were added."""

    count: int


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Nothing was saved: the form with everything typed, the pending item changes, and the letter's version."""

    form: CorrectionForm
    pending: tuple[Change, ...]
    seen: str


@dataclass(frozen=True, slots=True)
class Staged(Unsaved):
    """A change of items is shown on the page; ``changed_item`` is the key of the item that came of it."""

    changed_item: str


@dataclass(frozen=True, slots=True)
class Refused(Unsaved):
    """Some values are not valid."""

    errors: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Warned(Unsaved):
    """Some values look wrong; saving again accepts them."""

    warnings: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class EditedMeanwhile(Unsaved):
    """Someone else changed the letter; ``others`` are their corrections, none if the parser read it again."""

    others: tuple[Correction, ...]


Outcome = Saved | Staged | Refused | Warned | EditedMeanwhile


def handle(submission: Submission, opened: OpenLetter, labels: Labels, *, by: User, now: datetime) -> Outcome:
    """Save the submission, or stage the change of items that it asks for."""
    try:
        shown = staged(opened, submission.pending, by=by, now=now)
    except CorrectionsRefused as refused:
        return _without_pending(submission, opened, labels, refused)
    if submission.verb != SAVE:
        return _stage(submission, opened, shown, labels, by=by, now=now)
    form = form_of(shown, labels, submission)
    if submission.seen != opened.version:
        return _edited_meanwhile(submission, opened, form)
    try:
        return _save(submission, opened, form, by=by, now=now)
    except CorrectionsRefused as refused:
        return Refused(form, submission.pending, submission.seen, form.refuse(refused.errors))
    except LetterChanged:
        return handle(submission, open_letter(opened.letter.pk), labels, by=by, now=now)


def _stage(
    submission: Submission, opened: OpenLetter, shown: OpenLetter, labels: Labels, *, by: User, now: datetime
) -> Outcome:
    change = item_change(
        submission.verb,
        submission.target,
        keys=[item["key"] for item in shown.merged.record["items"]],
        new_request=submission.new_request,
        split_requests=submission.split_requests,
    )
    if change is None:
        return Staged(form_of(shown, labels, submission), submission.pending, submission.seen, "")
    pending = (*submission.pending, change)
    try:
        changed = staged(opened, pending, by=by, now=now)
    except CorrectionsRefused as refused:
        form = form_of(shown, labels, submission)
        return Refused(form, submission.pending, submission.seen, form.refuse(refused.errors))
    return Staged(
        form_of(changed, labels, submission), pending, submission.seen, item_after(change, submission.target)
    )


def _save(
    submission: Submission, opened: OpenLetter, form: CorrectionForm, *, by: User, now: datetime
) -> Saved | Warned:
    """Raises :class:`CorrectionsRefused` or :class:`LetterChanged`."""
    changes = _changes(submission, form)
    warnings = _warnings(opened, changes, by=by, now=now)
    messages = [form.message(path, words) for path, words in warnings]
    if any(message.accepted_as not in submission.accepted for message in messages):
        return Warned(form, submission.pending, submission.seen, form.warn(warnings))
    rows = save_changes(opened.letter.pk, changes, by=by, now=now, seen=submission.seen)
    return Saved(len(rows))


def _changes(submission: Submission, form: CorrectionForm) -> list[Change]:
    stored = LetterText.objects.of(form.opened.letter.pk)
    text = stored.text if stored else ""
    changes = [
        *with_reason(submission.pending, reason=submission.reason, note=submission.note),
        *changes_of(form, submission, length=len(text)),
    ]
    if submission.confirm_rest:
        touched = {change.path for change in changes}
        changes += [
            change
            for change in unconfirmed(form.opened)
            if change.path not in touched and change.path in submission.fields  # what was not shown is not confirmed
        ]
    return changes


def _warnings(opened: OpenLetter, changes: Sequence[Change], *, by: User, now: datetime) -> list[tuple[str, str]]:
    """What would look wrong with these changes and does not already. Raises :class:`CorrectionsRefused`."""
    if not changes:
        return []
    result = staged(opened, changes, by=by, now=now)
    present = warnings_of(opened.merged.record)
    return [
        *(warning for warning in warnings_of(result.merged.record) if warning not in present),
        *lines_without_citations([change.path for change in changes if change.operation == Operation.SET]),
    ]


def _without_pending(
    submission: Submission, opened: OpenLetter, labels: Labels, refused: CorrectionsRefused
) -> Refused:
    """The pending changes of items no longer fit the letter: they are dropped, everything typed is kept."""
    form = form_of(opened, labels, submission)
    dropped = _("Your unsaved changes to items no longer fit this letter and were removed. Make them again.")
    return Refused(form, (), submission.seen, form.refuse([*refused.errors, ("", dropped)]))


def _edited_meanwhile(submission: Submission, opened: OpenLetter, form: CorrectionForm) -> EditedMeanwhile:
    newest = whole_number(submission.seen.rpartition("-")[2])
    others = tuple(row for row in opened.corrections if newest is not None and row.pk > newest)
    return EditedMeanwhile(form, submission.pending, opened.version, others)

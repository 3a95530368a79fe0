"""The correction form: a letter's values as fields, with what was typed on top, and the changes that follow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from determinations.cases.fields import (
    ITEM_FIELDS,
    LETTER_FIELDS,
    EffectiveItem,
    EffectiveRecord,
    read,
)
from determinations.cases.open_letter import Change, OpenLetter
from determinations.corrections.form_rows import ExplainedProblem, ItemRows, Message, Row
from determinations.corrections.kinds import (
    digest_of,
    text_of,
    typed_value,
)
from determinations.corrections.submission import Submission, TypedField, read_span
from determinations.models import Correction, Operation
from determinations.models.corrections import IN_FORCE, STRUCTURAL, CorrectionState
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import ProblemRecord


@dataclass(frozen=True, slots=True)
class LostCorrection:
    """A correction whose item the parser no longer finds, and the value that it set."""

    row: Correction
    value: str


@dataclass(slots=True)
class CorrectionForm:
    """All that the page shows of one letter."""

    opened: OpenLetter
    rows: dict[str, Row]
    items: list[ItemRows]
    problems: list[ExplainedProblem]
    structural: list[Correction]
    orphans: list[LostCorrection]

    def every_row(self) -> Iterator[Row]:
        """The letter's rows, then each item's."""
        yield from self.rows.values()
        for item in self.items:
            yield from item.rows.values()

    def row(self, path: str) -> Row | None:
        """The row of this path."""
        return next((row for row in self.every_row() if row.path == path), None)

    def message(self, path: str, words: str) -> Message:
        """An error or a warning, with the place on the page that it belongs to."""
        head, key, *_field = [*path.split("/"), "", ""]
        item = next((item for item in self.items if item.key == key), None) if head == "items" else None
        row = self.row(path)
        return Message(
            path=path,
            words=words,
            anchor=row.anchor if row else item.anchor if item else "",
            item_number=item.number if item else None,
            item_request=item.rows["request"].text if item else "",
        )

    def refuse(self, errors: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
        """Show these errors beside their values; returns them for the summary."""
        messages = tuple(self.message(path, words) for path, words in errors)
        for message in messages:
            if row := self.row(message.path):
                row.error = message.words
        return messages

    def warn(self, warnings: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
        """Show these warnings beside their values; returns them for the summary."""
        messages = tuple(self.message(path, words) for path, words in warnings)
        for message in messages:
            if row := self.row(message.path):
                row.warning = message.words
        return messages


def form_of(opened: OpenLetter, submission: Submission | None = None) -> CorrectionForm:
    """The form of a letter as it stands, with everything typed in the submission on top."""
    record = opened.merged.record
    by_path: dict[str, list[ExplainedProblem]] = {}
    for problem in record["problems"]:
        by_path.setdefault(problem["path"], []).append(_explained(problem, opened))
    rows = {name: _row(opened, "", name, record, by_path.pop(name, [])) for name in LETTER_FIELDS}
    items = []
    for item in record["items"]:
        path = f"items/{item['number']}"
        items.append(
            ItemRows(
                key=item["key"],
                number=item["number"],
                rows={
                    name: _row(opened, item["key"], name, item, by_path.pop(f"{path}/{name}", []))
                    for name in ITEM_FIELDS
                },
                problems=by_path.pop(path, []),
                is_added=not opened.merged.bases.get(item["key"]),
            )
        )
    states = opened.merged.states
    form = CorrectionForm(
        opened=opened,
        rows=rows,
        items=items,
        problems=[problem for left_over in by_path.values() for problem in left_over],
        structural=[
            correction
            for correction in opened.corrections
            if correction.operation in STRUCTURAL and states.get(correction.pk) in IN_FORCE
        ],
        orphans=[
            LostCorrection(correction, _value_set_by(correction))
            for correction in opened.corrections
            if states.get(correction.pk) == CorrectionState.ORPHANED
        ],
    )
    if submission:
        _put_typed_on_top(form, submission)
    return form


def _row(
    opened: OpenLetter, key: str, name: str, values: EffectiveRecord | EffectiveItem, problems: list[ExplainedProblem]
) -> Row:
    base = opened.merged.bases.get(key) if key else opened.document
    field = (ITEM_FIELDS if key else LETTER_FIELDS)[name]
    value = read(values, name)
    span = values["spans"].get(name)
    return Row(
        path=f"items/{key}/{name}" if key else name,
        field=field,
        value=value,
        standing=opened.merged.standings.get((key, name)),
        parser_value=read(base, name) if base else None,
        problems=problems,
        evidence=f"{span[0]}-{span[1]}" if span else "",
        digest=digest_of(field, value),
        number_path=opened.path(key, name),
    )


def _value_set_by(correction: Correction) -> str:
    field = (ITEM_FIELDS if correction.item_key else LETTER_FIELDS).get(correction.field)
    is_value = field is not None and correction.operation == Operation.SET
    return text_of(field, correction.value) if field and is_value else ""


def _explained(problem: ProblemRecord, opened: OpenLetter) -> ExplainedProblem:
    kind = PROBLEMS.get(problem["code"])
    span = problem["span"]
    parts = problem["path"].split("/")
    item = opened.item(parts[1]) if parts[0] == "items" and len(parts) > 1 else None
    path = "/".join(["items", item["key"], *parts[2:]]) if item else problem["path"]
    return {
        **problem,
        "label": kind.label if kind else problem["code"],
        "remedy": kind.remedy if kind else "",
        "evidence": f"{span[0]}-{span[1]}" if span else "",
        "dismiss": f"{problem['code']} {path}",
    }


# What was typed


def _put_typed_on_top(form: CorrectionForm, submission: Submission) -> None:
    """Show what was typed; mark what the user changed, and what others changed in the meantime."""
    for row in form.every_row():
        if typed := submission.fields.get(row.path):
            _type_into(row, typed)
    for item in form.items:
        request, disputed = (submission.fields.get(item.rows[name].path) for name in ("request", "disputed"))
        if request and disputed and request.shown == disputed.shown:
            _follow_request(item)


def _type_into(row: Row, typed: TypedField) -> None:
    value = typed_value(row.field, typed)
    row.confirmed, row.reverted = typed.confirm, typed.revert
    row.touched = digest_of(row.field, value) != typed.shown
    if row.touched:
        if row.digest != typed.shown:
            row.meanwhile = row.text or _("nothing")
        row.value = value
        row.evidence = typed.evidence


def _follow_request(item: ItemRows) -> None:
    """The part in dispute was the whole request, so it changes with it unless it was changed too."""
    request, disputed = item.rows["request"], item.rows["disputed"]
    if request.touched and not disputed.touched:
        disputed.value, disputed.touched = request.value, True


def changes_of(form: CorrectionForm, submission: Submission, *, length: int) -> list[Change]:
    """The changes of values and problems that were submitted. ``length``: of the letter's text."""
    reason, note = submission.reason, submission.note
    changes = [
        Change(
            operation=operation,
            path=row.path,
            value=row.value if operation == Operation.SET else None,
            evidence=read_span(row.evidence, length) if row.touched else None,
            reason=reason,
            note=note,
        )
        for row in form.every_row()
        if (operation := _operation_on(row))
    ]
    for dismissal in submission.dismissals:
        changes.append(
            Change(
                operation=Operation.DISMISS,
                path=dismissal.path,
                value=dismissal.code,
                reason="nothing_wrong",
                note=note,
            )
        )
    for number in submission.undone:
        changes.append(Change(operation=Operation.REVERT, reverts=number, reason="reverted", note=note))
    return changes


def _operation_on(row: Row) -> Operation | None:
    if row.touched:
        return Operation.SET
    if row.confirmed:
        return Operation.CONFIRM
    if row.reverted and row.standing:
        return Operation.REVERT
    return None

"""The correction form: a letter's values as fields, with what was typed on top, and the changes that follow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS, EffectiveItem, EffectiveRecord, Field, read
from determinations.cases.open_letter import Change, OpenLetter
from determinations.corrections.form_rows import ExplainedProblem, ItemRows, Message, Row
from determinations.corrections.kinds import digest_of, text_of, typed_value
from determinations.corrections.submission import Submission, TypedField, read_span
from determinations.models import Correction, Operation
from determinations.models.corrections import IN_FORCE, STRUCTURAL, CorrectionState
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import ItemRecord, LetterRecord, ProblemRecord
from determinations.wording.labels import Labels


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
    by_path: dict[str, Row] = field(init=False)

    def __post_init__(self) -> None:
        """The letter's rows, then each item's."""
        rows = [*self.rows.values(), *(row for item in self.items for row in item.rows.values())]
        self.by_path = {row.path: row for row in rows}

    def message(self, path: str, words: str) -> Message:
        """An error or a warning, with the place on the page that it belongs to."""
        head, key, *_field = [*path.split("/"), "", ""]
        item = next((item for item in self.items if item.key == key), None) if head == "items" else None
        row = self.by_path.get(path)
        return Message(
            path=path,
            words=words,
            anchor=row.anchor if row else item.anchor if item else "",
            item_number=item.number if item else None,
            item_request=item.rows["request"].text if item else "",
        )

    def refuse(self, errors: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
        """Show these errors next to their values; returns them for the summary."""
        messages = tuple(self.message(path, words) for path, words in errors)
        for message in messages:
            if row := self.by_path.get(message.path):
                row.error = message.words
        return messages

    def warn(self, warnings: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
        """Show these warnings next to their values; returns them for the summary."""
        messages = tuple(self.message(path, words) for path, words in warnings)
        for message in messages:
            if row := self.by_path.get(message.path):
                row.warning = message.words
        return messages


def form_of(opened: OpenLetter, labels: Labels, submission: Submission | None = None) -> CorrectionForm:
    """The form of a letter, with everything typed in the submission applied."""
    problems = _problems_by_path(opened)
    states = opened.merged.states
    form = CorrectionForm(
        opened=opened,
        rows={name: _letter_row(opened, labels, name, problems.pop(name, [])) for name in LETTER_FIELDS},
        items=[_item_rows(opened, labels, item, problems) for item in opened.merged.record["items"]],
        problems=[problem for left_over in problems.values() for problem in left_over],
        structural=[
            correction
            for correction in opened.corrections
            if correction.operation in STRUCTURAL and states.get(correction.pk) in IN_FORCE
        ],
        orphans=[
            LostCorrection(correction, _value_set_by(correction, labels))
            for correction in opened.corrections
            if states.get(correction.pk) == CorrectionState.ORPHANED
        ],
    )
    if submission:
        _put_typed_on_top(form, submission)
    return form


def _letter_row(opened: OpenLetter, labels: Labels, name: str, problems: list[ExplainedProblem]) -> Row:
    row = _row(LETTER_FIELDS[name], name, name, opened.merged.record, opened.document, labels)
    row.standing, row.problems = opened.merged.standings.get(("", name)), problems
    return row


def _item_rows(
    opened: OpenLetter, labels: Labels, item: EffectiveItem, problems: dict[str, list[ExplainedProblem]]
) -> ItemRows:
    key, by_number = item["key"], f"items/{item['number']}"
    base = opened.merged.bases.get(key)
    rows = {}
    for name, kind in ITEM_FIELDS.items():
        row = rows[name] = _row(kind, f"items/{key}/{name}", f"{by_number}/{name}", item, base, labels)
        row.standing, row.problems = opened.merged.standings.get((key, name)), problems.pop(row.number_path, [])
    return ItemRows(key, item["number"], rows, problems.pop(by_number, []), is_added=base is None)


def _row(
    kind: Field,
    path: str,
    number_path: str,
    values: EffectiveRecord | EffectiveItem,
    base: LetterRecord | ItemRecord | None,
    labels: Labels,
) -> Row:
    value = read(values, kind.name)
    span = values["spans"].get(kind.name)
    return Row(
        path=path,
        field=kind,
        value=value,
        labels=labels,
        parser_value=read(base, kind.name) if base else None,
        evidence=f"{span[0]}-{span[1]}" if span else "",
        stored=value,
        number_path=number_path,
    )


def _value_set_by(correction: Correction, labels: Labels) -> str:
    field = (ITEM_FIELDS if correction.item_key else LETTER_FIELDS).get(correction.field)
    is_value = field is not None and correction.operation == Operation.SET
    return text_of(field, correction.value, labels) if field and is_value else ""


def _problems_by_path(opened: OpenLetter) -> dict[str, list[ExplainedProblem]]:
    keys = {str(item["number"]): item["key"] for item in opened.merged.record["items"]}
    problems: dict[str, list[ExplainedProblem]] = {}
    for problem in opened.merged.record["problems"]:
        problems.setdefault(problem["path"], []).append(_explained(problem, keys))
    return problems


def _explained(problem: ProblemRecord, keys: Mapping[str, str]) -> ExplainedProblem:
    """The problem with its words; ``keys``: of the items by number."""
    kind = PROBLEMS.get(problem["code"])
    span = problem["span"]
    head, number, *rest = [*problem["path"].split("/"), ""]
    path = (
        "/".join(["items", keys[number], *filter(None, rest)])
        if head == "items" and number in keys
        else problem["path"]
    )
    return {
        **problem,
        "label": kind.label if kind else problem["code"],
        "remedy": kind.remedy if kind else "",
        "evidence": f"{span[0]}-{span[1]}" if span else "",
        "word": "",
        "dismiss": f"{problem['code']} {path}",
    }


# What was typed


def _put_typed_on_top(form: CorrectionForm, submission: Submission) -> None:
    """Show what was typed; mark what the user changed, and what others changed in the meantime."""
    for row in form.by_path.values():
        if typed := submission.fields.get(row.path):
            _type_into(row, typed)
    for item in form.items:
        request, disputed = (submission.fields.get(item.rows[name].path) for name in ("request", "disputed"))
        if request and disputed and request.shown == disputed.shown:
            _follow_request(item)


def _type_into(row: Row, typed: TypedField) -> None:
    value = typed_value(row.field, typed, row.labels)
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
        for row in form.by_path.values()
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

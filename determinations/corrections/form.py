"""The correction screen's form: the letter's values as fields, and what a person typed as changes.

Fields are named by path with the item's key: ``v:items/<key>/decision`` holds the value, ``e:`` its evidence, ``o:`` a
digest of the value that the page showed (so that only what the person touched counts, also when somebody else saved
meanwhile), ``c:`` confirms it, ``r:`` goes back to the parser's. ``pending`` holds changes of items not yet saved.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as made_by

from django.http import QueryDict
from django.utils.translation import gettext as _

from determinations.cases.fields import (
    ITEM_FIELDS,
    LETTER_FIELDS,
    EffectiveItem,
    EffectiveRecord,
    Field,
    GivenCitation,
    GivenValue,
    citations_in,
    read,
    storable,
    words_in,
)
from determinations.cases.merging import Standing
from determinations.cases.open_letter import Change, OpenLetter
from determinations.models import Correction, Operation
from determinations.models.corrections import IN_FORCE, STRUCTURAL, CorrectionState, FieldValue
from determinations.paging.counts import whole_number
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import ProblemRecord

_EVIDENCE = re.compile(r"(\d{1,9})-(\d{1,9})")
_MOST_CITATIONS = 40
_BETWEEN_SECTIONS = " | "


class ExplainedProblem(ProblemRecord):
    """A problem with what people are told of it; ``dismiss`` is what the button that dismisses it sends."""

    label: str
    remedy: str
    evidence: str
    dismiss: str


@dataclass(slots=True)
class Row:
    """One field as the page shows it."""

    path: str
    field: Field
    value: GivenValue
    standing: Standing | None = None
    parser_value: FieldValue = None
    problems: list[ExplainedProblem] = made_by(default_factory=list)
    evidence: str = ""
    digest: str = ""
    number_path: str = ""
    error: str = ""
    warning: str = ""
    meanwhile: str = ""
    touched: bool = False
    confirmed: bool = False

    @property
    def name(self) -> str:
        """The path as part of an HTML id."""
        return self.path.replace("/", "-")

    @property
    def text(self) -> str:
        """The value as it stands in its input."""
        return shown(self.field, self.value)

    @property
    def parser_text(self) -> str:
        """The parser's value in words."""
        return shown(self.field, self.parser_value) or _("nothing")

    @property
    def is_corrected(self) -> bool:
        """Whether a person's value stands here that is not the parser's."""
        return self.standing is not None and self.standing.state != CorrectionState.CONFIRMED

    @property
    def wants_a_look(self) -> bool:
        """Whether something is doubtful about the value."""
        return bool(self.problems or self.error) or (
            self.standing is not None and self.standing.state == CorrectionState.CONFLICT
        )


@dataclass(slots=True)
class ItemRows:
    """One item's fields, by name."""

    key: str
    number: int
    rows: dict[str, Row]
    problems: list[ExplainedProblem]
    is_added: bool

    @property
    def decision(self) -> str | None:
        """The decision for the badge; None while something else is typed."""
        decision = self.rows["decision"]
        value = decision.value
        return value if isinstance(value, str) and value in dict(decision.field.choices) else None

    @property
    def follows_request(self) -> bool:
        """Whether the part in dispute is the whole request."""
        return self.rows["disputed"].value == self.rows["request"].value


@dataclass(slots=True)
class CorrectionForm:
    """All that the page shows of one letter."""

    opened: OpenLetter
    rows: dict[str, Row]
    items: list[ItemRows]
    problems: list[ExplainedProblem]
    structural: list[Correction]
    orphans: list[Correction]

    def every_row(self) -> Iterator[Row]:
        """The letter's rows, then each item's."""
        yield from self.rows.values()
        for item in self.items:
            yield from item.rows.values()


def form_of(opened: OpenLetter) -> CorrectionForm:
    """The form of a letter as it stands."""
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
    return CorrectionForm(
        opened=opened,
        rows=rows,
        items=items,
        problems=[problem for some in by_path.values() for problem in some],
        structural=[
            each for each in opened.corrections if each.operation in STRUCTURAL and states.get(each.pk) in IN_FORCE
        ],
        orphans=[each for each in opened.corrections if states.get(each.pk) == CorrectionState.ORPHANED],
    )


def _row(
    opened: OpenLetter, key: str, name: str, values: EffectiveRecord | EffectiveItem, problems: list[ExplainedProblem]
) -> Row:
    base = opened.merged.bases.get(key) if key else opened.document
    found = (LETTER_FIELDS if not key else ITEM_FIELDS)[name]
    value = read(values, name)
    span = values["spans"].get(name)
    return Row(
        path=f"items/{key}/{name}" if key else name,
        field=found,
        value=value,
        standing=opened.merged.standings.get((key, name)),
        parser_value=read(base, name) if base else None,
        problems=problems,
        evidence=f"{span[0]}-{span[1]}" if span else "",
        digest=digest_of(found, value),
        number_path=opened.path(key, name),
    )


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


def shown(found: Field, value: GivenValue) -> str:
    """A value as one text."""
    if value is None:
        return ""
    match found.kind:
        case "names":
            return "\n".join(words_in(value))
        case "category":
            return " / ".join(words_in(value))
        case "citations":
            return "; ".join(citation_text(each) for each in citations_in(value))
        case "flag":
            return _("yes") if value else _("no")
        case "choice":
            return dict(found.choices).get(str(value), str(value))
    return str(value)


def citation_text(citation: GivenCitation) -> str:
    """A citation as one text: authority, edition, sections, pages."""
    pages = _("p. %s") % ", ".join(citation["pages"]) if citation["pages"] else ""
    return " · ".join(filter(None, [citation["authority"], citation["edition"], *citation["sections"], pages]))


def digest_of(found: Field, value: GivenValue) -> str:
    """A short digest of a value, the same however its white space or absence is written."""
    compared: object = "" if value is None else value
    if found.kind == "citations":
        compared = [
            [each["authority"], each["edition"] or "", each["sections"], each["pages"]] for each in citations_in(value)
        ]
    elif isinstance(value, str):
        compared = " ".join(value.split())
    if found.kind == "number":
        compared = str(compared)
    return hashlib.sha256(json.dumps(compared).encode()).hexdigest()[:12]


# What a person typed


def typed_into(form: CorrectionForm, post: QueryDict) -> None:
    """Put what was typed over the form's values; mark what the person touched, and what others changed meanwhile."""
    for row in form.every_row():
        if f"o:{row.path}" not in post:
            continue
        typed = _typed(row, post)
        row.confirmed = f"c:{row.path}" in post
        row.touched = digest_of(row.field, typed) != post[f"o:{row.path}"]
        if row.digest != post[f"o:{row.path}"] and row.touched:
            row.meanwhile = shown(row.field, row.value) or _("nothing")
        if row.touched:
            row.value = typed
            row.evidence = post.get(f"e:{row.path}", "")
    for item in form.items:
        request, disputed = item.rows["request"], item.rows["disputed"]
        if request.touched and not disputed.touched and post.get(f"o:{disputed.path}") == post[f"o:{request.path}"]:
            disputed.value, disputed.touched = request.value, True


def _typed(row: Row, post: QueryDict) -> GivenValue:
    raw = storable(post.get(f"v:{row.path}", ""))
    match row.field.kind:
        case "flag":
            return f"v:{row.path}" in post
        case "names":
            return [" ".join(name.split()) for name in raw.split("\n") if name.strip()]
        case "category":
            return raw.split(" / ", 1) if raw else None
        case "citations":
            return list(_typed_citations(row.path, post))
        case "choice" | "date" | "line" | "number":
            return raw.strip() or None
    return " ".join(raw.split()) or None


def _typed_citations(path: str, post: QueryDict) -> Iterator[GivenCitation]:
    for place in range(_MOST_CITATIONS):
        authority = post.get(f"a:{path}:{place}", "").strip()
        if not authority:
            continue
        span = _EVIDENCE.fullmatch(post.get(f"n:{path}:{place}", ""))
        yield {
            "authority": authority.split(" ")[0],
            "edition": " ".join(post.get(f"d:{path}:{place}", "").split()) or None,
            "sections": _split(post.get(f"s:{path}:{place}", ""), _BETWEEN_SECTIONS.strip()),
            "pages": _split(post.get(f"p:{path}:{place}", ""), ","),
            "text": post.get(f"t:{path}:{place}", ""),
            "span": [int(span[1]), int(span[2])] if span else None,
        }


def _split(text: str, between: str) -> list[str]:
    return [part.strip() for part in text.split(between) if part.strip()]


def value_changes(form: CorrectionForm, post: QueryDict, *, reason: str, note: str, length: int) -> list[Change]:
    """What the person wants done to values and problems; ``typed_into`` comes first. ``length``: of the text."""
    changes: list[Change] = []
    for row in form.every_row():
        operation = _wanted(row, post)
        if operation is not None:
            evidence = evidence_of(row.evidence, length) if row.touched else None
            changes.append(
                Change(
                    operation=operation,
                    path=row.path,
                    value=row.value if operation == Operation.SET else None,
                    evidence=evidence,
                    reason=reason,
                    note=note,
                )
            )
    for dismissed in post.getlist("x"):
        code, _space, path = dismissed.partition(" ")
        changes.append(Change(operation=Operation.DISMISS, path=path, value=code, reason="nothing_wrong", note=note))
    for undone in post.getlist("u"):
        if (number := whole_number(undone)) is not None:
            changes.append(Change(operation=Operation.REVERT, reverts=number, reason="reverted", note=note))
    return changes


def _wanted(row: Row, post: QueryDict) -> Operation | None:
    if row.touched:
        return Operation.SET
    if row.confirmed:
        return Operation.CONFIRM
    if f"r:{row.path}" in post and row.standing:
        return Operation.REVERT
    return None


def evidence_of(printed: str, length: int) -> tuple[int, int] | None:
    """``120-134`` as a span, if it is one."""
    found = _EVIDENCE.fullmatch(printed)
    if not found or not int(found[1]) < int(found[2]) <= length:
        return None
    return int(found[1]), int(found[2])

"""Problems that remain after corrections are applied."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from determinations.cases.fields import DATE_FIELDS, EffectiveItem, EffectiveRecord, Target
from determinations.models.corrections import Correction, Dismissal
from determinations.parsing.checks import check_dates
from determinations.parsing.rationale import conclusion_of
from determinations.parsing.results import ItemRecord, LetterRecord, ProblemRecord, problem_record
from determinations.parsing.spans import Span

#: Problems that are settled once staff have entered items by hand.
_SETTLED_BY_ITEMS = {"no_items", "layout_not_known", "layout_not_read", "not_a_determination", "decision_left_over"}
#: Reviewing one of a pair settles the other.
_TWINS = {"claims": "claims_text", "reviewer": "reviewer_text", "request": "disputed"}
_TWINS |= {twin: name for name, twin in _TWINS.items()}


class _FoundProblem(ProblemRecord, total=False):
    """A problem found after corrections names its item by key, since its number may differ from the parser's."""

    key: str


@dataclass(slots=True)
class ReplayedItem:
    """One item during the replay: ``base`` is what the parser read, ``numbers`` are its parsed numbers."""

    key: str
    values: EffectiveItem
    base: ItemRecord | None
    numbers: list[int] = field(default_factory=list)


class ProblemsLeft:
    """The parser's problems, rechecked where a correction changed the values that they concern.

    ``settled`` are the values that staff set or confirmed. ``dismissals_at_work`` are then the dismissals that still
    hide a problem.
    """

    def __init__(
        self,
        document: LetterRecord,
        record: EffectiveRecord,
        items: Sequence[ReplayedItem],
        settled: AbstractSet[Target],
    ) -> None:
        self.document = document
        self.record = record
        self.items = items
        self.settled = settled
        self.dismissals_at_work: list[Correction] = []
        self._by_key = {item.key: item for item in items}

    def after(self, dismissed: Sequence[Correction], items_are_entered: bool) -> Iterator[ProblemRecord]:
        """The problems that remain after dismissals and, possibly, changes of items."""
        by_number = {number: item for item in self.items for number in item.numbers}
        dismissals: dict[tuple[str, Target], Correction] = {}
        for row in reversed(dismissed):  # the first of several counts
            given = row.given(Dismissal)
            dismissals[given["code"], (row.item_key, given["field"])] = row
        for problem in (*self._kept(), *self._found_anew()):
            parts = problem["path"].split("/")
            key = ""
            if parts[0] == "items" and len(parts) > 1:
                item = by_number.get(int(parts[1])) if "key" not in problem else self._by_key.get(problem["key"])
                if item is None:
                    continue
                key = item.key
                problem["path"] = "/".join(["items", str(item.values["number"]), *parts[2:]])
            target = (key, parts[-1] if not key or len(parts) > 2 else "")
            dismissal = dismissals.get((problem["code"], target))
            if dismissal:
                self.dismissals_at_work.append(dismissal)
            elif not self._is_settled(problem, target, items_are_entered):
                problem.pop("key", None)
                yield problem

    def _kept(self) -> Iterator[_FoundProblem]:
        dates_changed = any(("", name) in self.settled for name in DATE_FIELDS)
        rechecked = {number for item in self.items if self._is_judged_anew(item) for number in item.numbers}
        for problem in self.document["problems"]:
            if problem["code"] == "dates_contradict" and dates_changed:
                continue
            parts = problem["path"].split("/")
            if problem["code"] == "rationale_contradicts_decision" and len(parts) > 1 and int(parts[1]) in rechecked:
                continue
            yield {**problem}

    def _found_anew(self) -> Iterator[_FoundProblem]:
        if any(("", name) in self.settled for name in DATE_FIELDS):
            dates: dict[str, date] = {
                name: date.fromisoformat(day) for name in DATE_FIELDS if (day := self.record[name])
            }
            spans = {name: Span(*span) for name, span in self.record["spans"].items()}
            for problem in check_dates(dates, spans):
                yield {**problem_record(problem)}
        for item in self.items:
            rationale, decision = item.values["rationale"], item.values["decision"]
            if not (self._is_judged_anew(item) and rationale and decision):
                continue
            concluded = conclusion_of(rationale)
            if concluded and concluded != decision:
                yield {
                    "code": "rationale_contradicts_decision",
                    "message": f"The rationale concludes that the denial is {concluded}, not {decision}.",
                    "span": item.values["spans"].get("rationale"),
                    "path": f"items/{item.values['number']}/rationale",
                    "key": item.key,
                }

    def _is_judged_anew(self, item: ReplayedItem) -> bool:
        return (item.key, "decision") in self.settled or (item.key, "rationale") in self.settled

    def _is_settled(self, problem: ProblemRecord, target: Target, items_are_entered: bool) -> bool:
        key, name = target
        if (key, name) in self.settled or (name in _TWINS and (key, _TWINS[name]) in self.settled):
            return True
        if problem["code"] in _SETTLED_BY_ITEMS:
            return items_are_entered
        return problem["code"] == "header_missing" and {("", "case_number"), ("", "decision_date")} <= self.settled

"""A case as its page shows it: every value in words, with its place in the letter, doubts, and previous value.

Built from the parsed document with corrections applied (``open_letter``), so that the page, the correction form and
the tables agree.
"""

from collections import defaultdict
from dataclasses import replace

from determinations.cases.fields import read
from determinations.cases.merging import Standing
from determinations.cases.open_letter import OpenLetter
from determinations.cases.sheet_values import (
    Before,
    CaseSheet,
    CitedAuthority,
    Doubt,
    SheetGround,
    SheetItem,
    SheetSide,
    SheetValue,
    Span,
)
from determinations.cases.value_words import DATES, as_date, field_words
from determinations.models.corrections import FieldValue
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import (
    SIDE_TEXTS,
    CitationRecord,
    GroundRecord,
    ItemRecord,
    ProblemRecord,
    Side,
    SpanRecord,
    ground_codes,
)
from determinations.wording.labels import Labels
from determinations.wording.paths import FIELD_LABELS

_HEAD = (*DATES, "priority", "age", "sex", "specialties", "licensure", "case_number")


def sheet_of(opened: OpenLetter, labels: Labels, text: str = "") -> CaseSheet:
    """The sheet of an opened letter; with its ``text``, doubts about words of a scan quote them."""
    return _Builder(opened, labels, text).build()


class _Builder:
    """Builds the sheet; holds the lookups for every value."""

    def __init__(self, opened: OpenLetter, labels: Labels, text: str) -> None:
        self.labels = labels
        self.record = opened.merged.record
        self.standings: dict[str, Standing] = {
            opened.path(*target): standing for target, standing in opened.merged.standings.items()
        }
        self.doubts: dict[str, list[Doubt]] = defaultdict(list)
        words: dict[Doubt, list[str]] = defaultdict(list)
        for problem in self.record["problems"]:
            words[_doubt(problem)].append(_scanned_word(problem, text))
        for doubt, printed in words.items():
            quoted = tuple(dict.fromkeys(filter(None, printed)))
            self.doubts[doubt.path].append(
                replace(doubt, times=len(printed), words=quoted, is_first=not self.doubts[doubt.path])
            )
        self.shown: set[str] = set()
        self.spans: list[tuple[str, Span]] = []

    def build(self) -> CaseSheet:
        spans = self.record.get("spans", {})
        values = {
            name: self._value(name, FIELD_LABELS[name], read(self.record, name), spans.get(name)) for name in _HEAD
        }
        summary = self._value("summary", "Clinical case summary", self.record["summary"], spans.get("summary"))
        items = tuple(self._item(item) for item in self.record["items"])
        left = [doubt for path, doubts in self.doubts.items() if path not in self.shown for doubt in doubts]
        count = len(self.record["problems"])
        doubted = tuple(path for path in self.doubts if path in self.shown)
        return CaseSheet(values, summary, items, tuple(left), count, doubted, tuple(self.spans))

    def _value(self, path: str, label: str, raw: object, span: SpanRecord | None) -> SheetValue:
        self.shown.add(path)
        place = _span(span)
        if place:
            self.spans.append((path, place))
        return SheetValue(
            path=path,
            label=label[0].upper() + label[1:],
            text=field_words(path, raw),
            span=place,
            doubts=tuple(self.doubts.get(path, ())),
            before=self._before(path, raw),
            raw=as_date(raw) if path in DATES else raw,
        )

    def _before(self, path: str, raw: object) -> Before | None:
        standing = self.standings.get(path)
        if standing is None:
            return None
        correction = standing.correction
        return Before(
            parser_value=field_words(path, standing.parser_value),
            is_confirmed=field_words(path, standing.parser_value) == field_words(path, raw),
            in_conflict=standing.state == "conflict",
            by=correction.by_name,
            at=correction.at,
            reason=correction.reason,
        )

    def _item(self, item: ItemRecord) -> SheetItem:
        path = f"items/{item['number']}"
        spans = item.get("spans", {})

        def value(name: str, raw: FieldValue = None) -> SheetValue:
            return self._value(
                f"{path}/{name}", FIELD_LABELS[name], read(item, name) if raw is None else raw, spans.get(name)
            )

        names = dict.fromkeys((item["category"], item["subcategory"]))
        self.shown |= {path, f"{path}/subcategory", f"{path}/partly_approved"}
        return SheetItem(
            number=item["number"],
            path=path,
            request=value("request"),
            disputed=value("disputed"),
            decision=value("decision"),
            category=value("category", ": ".join(names)),
            treatment=(item["category"], item["subcategory"]),
            rationale=value("rationale"),
            grounds=value("grounds", [self.labels.of("ground", code) for code in ground_codes(item)]),
            stated_grounds=tuple(
                self._ground(ground, f"{path}/grounds/{at}") for at, ground in enumerate(item.get("grounds", ()), 1)
            ),
            partly_approved=item["partly_approved"],
            sides=(
                self._side(item, path, "claims", "Claims administrator"),
                self._side(item, path, "reviewer", "Reviewer"),
            ),
            doubts=tuple(
                doubt
                for part in (path, f"{path}/subcategory", f"{path}/partly_approved")
                for doubt in self.doubts.get(part, ())
            ),
            category_rule=item.get("category_rule", ""),
        )

    def _side(self, item: ItemRecord, path: str, side: Side, title: str) -> SheetSide:
        name = SIDE_TEXTS[side]
        text = self._value(f"{path}/{name}", title, item[name], item.get("spans", {}).get(name))
        self.shown.add(f"{path}/{side}")
        cited = tuple(self._cited(citation, f"{path}/{side}/{at}") for at, citation in enumerate(item[side], 1))
        return SheetSide(title, text, cited, tuple(self.doubts.get(f"{path}/{side}", ())))

    def _ground(self, ground: GroundRecord, path: str) -> SheetGround:
        place = _span(ground["span"])
        if place:
            self.spans.append((path, place))
        kind = GROUNDS.get(ground["code"])
        name = self.labels.of("ground", ground["code"])
        return SheetGround(ground["code"], name, kind.meaning if kind else "", path, place)

    def _cited(self, citation: CitationRecord, path: str) -> CitedAuthority:
        place = _span(citation.get("span"))
        if place:
            self.spans.append((path, place))
        return CitedAuthority(
            name=self.labels.of("authority", citation["authority"]),
            key=citation["authority"],
            family=citation["family"],
            edition=citation["edition"] or "",
            sections=tuple(citation["sections"]),
            pages=tuple(citation["pages"]),
            printed=citation["text"],
            path=path,
            span=place,
        )


def _scanned_word(problem: ProblemRecord, text: str) -> str:
    """The unclear word of a scan that a problem is about; empty for other problems."""
    span = problem["span"]
    return text[slice(*span)] if span and problem["code"] == "ocr_doubt" else ""


def _doubt(problem: ProblemRecord) -> Doubt:
    kind = PROBLEMS.get(problem["code"])
    return Doubt(
        label=(kind.label if kind else problem["code"].replace("_", " ")).capitalize(),
        severity=kind.severity if kind else "doubt",
        remedy=kind.remedy if kind else "",
        message=problem["message"],
        path=problem["path"],
    )


def _span(raw: SpanRecord | None) -> Span | None:
    return (int(raw[0]), int(raw[1])) if raw and raw[1] > raw[0] else None

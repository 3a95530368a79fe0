"""What changed between two readings of the same letter: gains and losses, value by value.

A better parser is one that loses nothing: so every change is shown letter by letter, against the right values where
those are known.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, cast

from determinations.parsing.results import (
    SIDES,
    CitedRecord,
    ExpectedItem,
    ExpectedRecord,
    ItemRecord,
    LetterRecord,
    ProblemRecord,
    StatedGround,
)

Record = LetterRecord | ExpectedRecord
Verdict = Literal["gain", "loss", "change"]

_NOT_COMPARED = frozenset({"file", "part", "pages", "spans", "category_rule", "number", "problems"})
_SAME = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "-": "", "–": "", "—": "", "\u00ad": "", "\ufffe": ""})


class Difference(NamedTuple):
    """One value that reads differently. Without the right value a difference is only a ``change``."""

    path: str
    verdict: Verdict
    before: object
    after: object


def differences(before: Record, after: Record, expected: Record | None = None) -> Iterator[Difference]:
    """The values that differ, by path. With ``expected`` only those that became right (gain) or wrong (loss).

    Problems have no right value: they are compared only without ``expected``.
    """
    old, new = dict(_values(before)), dict(_values(after))
    right = None if expected is None else dict(_values(expected))
    if right is None:
        old["problems"], new["problems"] = _problems(before), _problems(after)
    for path in sorted(old.keys() | new.keys() | (right or {}).keys()):
        was, now = old.get(path), new.get(path)
        if _normal(was) == _normal(now):
            continue
        if right is None:
            yield Difference(path, "change", was, now)
        elif path in right:
            was_right, now_right = _normal(was) == _normal(right[path]), _normal(now) == _normal(right[path])
            if was_right != now_right:
                yield Difference(path, "gain" if now_right else "loss", was, now)


def compared(record: Record, expected: Record) -> Iterator[tuple[str, bool]]:
    """Every value of ``expected`` by path, and whether the record has the same."""
    values = dict(_values(record))
    for path, right in _values(expected):
        yield path, _normal(values.get(path)) == _normal(right)


def _values(record: Record) -> Iterator[tuple[str, object]]:
    """The record's values by path, without its problems; citations and grounds without their places."""
    for name, value in record.items():
        if name == "items":
            items: Sequence[ItemRecord | ExpectedItem] = record["items"]
            yield "number of items", len(items)
            for number, item in enumerate(items, 1):
                yield from ((f"items/{number}/{part}", item_value) for part, item_value in _item_values(item))
        elif name not in _NOT_COMPARED:
            yield name, value


def _problems(record: Record) -> list[str] | None:
    """The record's problems by code and path."""
    problems = cast(list[ProblemRecord] | None, record.get("problems"))
    if problems is None:
        return None
    return sorted(f"{problem['code']} {problem.get('path', '')}".strip() for problem in problems)


def _item_values(item: ItemRecord | ExpectedItem) -> Iterator[tuple[str, object]]:
    for name, value in item.items():
        if name in SIDES:
            yield name, sorted(_citation(citation) for citation in cast(list[CitedRecord], value))
        elif name == "grounds":
            yield name, sorted(ground["code"] for ground in cast(list[StatedGround], value))
        elif name not in _NOT_COMPARED:
            yield name, value


def _citation(citation: CitedRecord) -> str:
    """A citation in one line. Other sources count as one authority, editions as printed in the MTUS only."""
    family = citation["family"]
    authority = "other" if family == "other" else citation["authority"]
    edition = (citation.get("edition") or "") if family == "mtus" else ""
    places = "; ".join([*citation.get("sections", ()), *citation.get("pages", ())]) if family != "other" else ""
    return " | ".join((authority, edition, places))


def _normal(value: object) -> object:
    """The value without white space, hyphens and styles of quotes: text readers differ in them."""
    if isinstance(value, str):
        return "".join(value.translate(_SAME).split())
    if isinstance(value, list | tuple):
        return [_normal(part) for part in value]
    return value

"""The PostgreSQL query of a search: the text of a ``tsquery``, exact, or as an index answers it alone."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from itertools import pairwise

from determinations.searching.query import FIELDS, Alternatives, Part, needs_place
from determinations.searching.vectors import CITES, NOTES, REQUEST, REVIEWER, SUMMARY, pair

#: Weights of the fields whose words have places under no prefix, and prefixes of those that have one.
_WEIGHTS = {"request": "A", "rationale": "C", "cites": "D"}
_PREFIXES = {"request": REQUEST, "cites": CITES, "summary": SUMMARY, "reviewer": REVIEWER, "notes": NOTES}


class Scope(Enum):
    """Whose words are searched."""

    CASES = "cases"
    ITEMS = "items"


def to_tsquery(alternatives: Alternatives, scope: Scope, *, notes: bool = False) -> str:
    """The text of the ``tsquery``. Without ``notes`` they find nothing: whoever may not read notes cannot ask them."""
    return " | ".join(f"({' & '.join(_part_query(part, scope, notes) for part in parts)})" for parts in alternatives)


def to_index_query(alternatives: Alternatives, scope: Scope, *, notes: bool = False) -> str:
    """The text of a ``tsquery`` that an index answers alone, for every row that matches, and others.

    Phrases are their words in any order, and what no index tells is left out. Empty if no index helps.
    """
    texts = [
        [_index_query(part, scope, notes) for part in parts if not (part.negated and needs_place(part))]
        for parts in alternatives
    ]
    if any(not [part for part in parts if not part.startswith("!")] for parts in texts):
        return ""
    return " | ".join(f"({' & '.join(parts)})" for parts in texts)


def alone(part: Part) -> str:
    """The query that finds the part in a text of its own, such as a note."""
    return to_tsquery(((replace(part, field="", negated=False),),), Scope.ITEMS)


def _part_query(part: Part, scope: Scope, notes: bool) -> str:
    query = _phrase_query(part, scope, notes) if part.slots else _words_query(part, scope, notes)
    return f"!({query})" if part.negated else f"({query})"


def _index_query(part: Part, scope: Scope, notes: bool) -> str:
    if part.slots:
        words = [lexeme for slot in part.slots for lexeme in slot]
        texts = (
            " & ".join(_lexeme(lexeme, prefix, "") for lexeme in words)
            for prefix, _weight in _places(part.field, scope, notes)
        )
        return f"({' | '.join(f'({text})' for text in texts)})"
    if part.field == "rationale":  # words of items, of any weight
        return _part_query(replace(part, field=""), Scope.ITEMS, notes)
    return _part_query(part, scope, notes)


def _places(field: str, scope: Scope, notes: bool) -> list[tuple[str, str]]:
    """Prefix and weight of the lexemes of a field; for any field those of all that count for the rows."""
    if field == "notes" and not notes:
        return [("-", "")]  # no lexeme begins so
    if field and field not in FIELDS:
        return [("-", "")]  # a field of the office: its values are not among the words of letters
    if field in _PREFIXES:
        return [(_PREFIXES[field], "")]
    if field == "rationale":
        return [("", "C")]
    if scope is Scope.ITEMS:  # the summary and the reviewer say nothing of one item
        return [("", "")]
    return [("", ""), (SUMMARY, ""), (REVIEWER, ""), *([(NOTES, "")] if notes else [])]


def _lexeme(lexeme: str, prefix: str, weight: str, beginning: bool = False) -> str:
    signs = f"{'*' if beginning else ''}{weight}"
    return f"'{prefix}{lexeme}'{':' + signs if signs else ''}"


def _words_query(part: Part, scope: Scope, notes: bool) -> str:
    places = _places(part.field, scope, notes)

    def anywhere(lexeme: str, beginning: bool) -> str:
        return f"({' | '.join(_lexeme(lexeme, *place, beginning) for place in places)})"

    ways = (
        " & ".join(anywhere(lexeme, part.beginning and number == 0) for lexeme in way)
        for number, way in enumerate(part.ways)
    )
    return " | ".join(f"({way})" for way in ways)


def _phrase_query(part: Part, scope: Scope, notes: bool) -> str:
    if part.field in ("request", "cites"):  # words under the prefix have no places: those under none have
        prefix, weight = _PREFIXES[part.field], _WEIGHTS[part.field]
        words = " & ".join(_lexeme(lexeme, prefix, "") for slot in part.slots for lexeme in slot)
        return f"{words} & ({_sequence(part.slots, '', weight)})"
    return " | ".join(f"({_sequence(part.slots, *place)})" for place in _places(part.field, scope, notes))


def _sequence(slots: Sequence[tuple[str, ...]], prefix: str, weight: str) -> str:
    """The slots one after the other; by pairs of neighbors within a term, and in very long letters without places."""
    whole = " <-> ".join(_together(slot, prefix, weight) for slot in slots)
    if len(slots) == 1:
        return whole
    neighbors = [
        (
            f"{_together(first, prefix, weight)} <-> {_together(second, prefix, weight)}",
            _lexeme(pair(first[-1], second[0]), prefix, ""),
        )
        for first, second in pairwise(slots)
    ]
    either = " & ".join(f"({adjacent} | {without_place})" for adjacent, without_place in neighbors)
    some = " | ".join(without_place for _adjacent, without_place in neighbors)
    return f"({whole}) | ({either} & ({some}))"


def _together(slot: Sequence[str], prefix: str, weight: str) -> str:
    return f"({' <0> '.join(_lexeme(lexeme, prefix, weight) for lexeme in slot)})"

"""What was typed into the search box, in the normal form; ``tsquery`` makes a query of PostgreSQL of it.

Every word must occur. ``"a phrase"``, ``-not``, ``OR`` and ``word*`` work as in a web search; ``request:``,
``rationale:``, ``summary:``, ``cites:``, ``reviewer:`` and ``notes:`` in front of a word or phrase look in one field,
``only:`` takes a drug or an abbreviation as it is printed, without its other names.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from determinations.searching.normal_form import slots_of
from determinations.searching.pieces import Slot
from determinations.searching.singular import STOP_WORDS, shorter_singulars

#: The fields that a search can be limited to, each with the other names that are understood.
FIELDS = {
    "request": ("requests", "item"),
    "rationale": ("reason", "rationales"),
    "summary": ("history",),
    "cites": ("guideline", "guidelines", "cited", "citation"),
    "reviewer": ("specialty", "licensure"),
    "notes": ("note",),
}
_FIELD_OF = {name: field for field, others in FIELDS.items() for name in (field, *others)}
_ONLY = "only"
_UNITS = frozenset("mg mcg ml percent cm mm mg/ml hour day week month year unit gram g kg".split())

_PART = re.compile(r'(?P<not>-)?(?P<fields>(?:[A-Za-z]+:)*)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]*))', re.ASCII)
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\x00": " "})


@dataclass(frozen=True, slots=True)
class Part:
    """A condition on the words: a phrase of ``slots`` in their order, or one slot in one of several ``ways``.

    Each way is the lexemes that must all occur. ``field`` is empty for any field.
    """

    ways: tuple[tuple[str, ...], ...] = ()
    slots: tuple[tuple[str, ...], ...] = ()
    field: str = ""
    negated: bool = False
    beginning: bool = False

    @property
    def lexemes(self) -> frozenset[str]:
        """Every lexeme that shows the part where it stands alone; of phrases, see ``slots``."""
        return frozenset(lexeme for way in self.ways for lexeme in way)

    def is_said_in(self, field: str) -> bool:
        """Whether a match in this field is one of the part."""
        return not self.negated and self.field in ("", field)


@dataclass(frozen=True, slots=True)
class _Typed:
    """A word or phrase as typed, with what stands in front of it."""

    text: str
    field: str
    only: bool
    negated: bool
    quoted: bool


Alternatives = tuple[tuple[Part, ...], ...]


def read_query(text: str, more_fields: Collection[str] = ()) -> Alternatives:
    """The alternatives of a search, each the parts that must all hold; empty for a text without words.

    ``more_fields`` are names of fields whose words are not in letters: parts in them match nothing here.
    """
    alternatives = []
    for typed in _alternatives(text, more_fields):
        parts = tuple(_parts(typed))
        if parts:
            alternatives.append(parts)
    return tuple(alternatives)


def needs_places(alternatives: Alternatives) -> bool:
    """Whether no index alone tells which rows match: a phrase, a rationale, or nothing but ``-not``."""
    parts = [part for alternative in alternatives for part in alternative]
    return only_not(alternatives) or any(needs_place(part) for part in parts)


def needs_place(part: Part) -> bool:
    """Whether the places of its words tell whether the part matches."""
    return bool(part.slots) or part.field == "rationale"


def parts_in_one_text(part: Part) -> Iterator[tuple[Part, ...]]:
    """The part in ways of which each is a row's if all its parts are in texts of the row, each in one of them."""
    if part.slots or part.beginning:
        yield (part,)
    else:
        yield from (tuple(replace(part, ways=((lexeme,),)) for lexeme in way) for way in part.ways)


def parts_apart(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """The parts in groups that an index is asked for apart: each one, with those that are negated beside the first."""
    negated = tuple(part for part in parts if part.negated)
    meant = [part for part in parts if not part.negated]
    return [(part, *(negated if part is meant[0] else ())) for part in meant]


def only_not(alternatives: Alternatives) -> bool:
    """Whether rows without any of the words match: no index finds them."""
    return any(all(part.negated for part in parts) for parts in alternatives)


def in_field(alternatives: Alternatives, field: str) -> Alternatives:
    """The same search in one field; parts that name a field of their own keep it."""
    return tuple(tuple(replace(part, field=part.field or field) for part in parts) for parts in alternatives)


def _alternatives(text: str, more_fields: Collection[str]) -> Iterator[list[_Typed]]:
    field_of = {**{name: name for name in more_fields}, **_FIELD_OF}
    typed: list[_Typed] = []
    field, only = "", False
    for match in _PART.finditer(text.translate(_QUOTES)):
        if not match[0]:
            continue
        if match["word"] == "OR" and not match["fields"] and not match["not"] and typed:
            yield typed
            typed = []
            continue
        names = [name.lower() for name in match["fields"].split(":")[:-1]]
        unknown = [name for name in names if name != _ONLY and name not in field_of]
        field = next((field_of[name] for name in names if name in field_of), field)
        only = only or _ONLY in names
        words = match["phrase"] if match["phrase"] is not None else " ".join([*unknown, match["word"]]).strip()
        negated = bool(match["not"] and words)
        if not words and not names and match["not"]:
            words = "-"  # "L4 - L5"
        if not words:
            continue  # "request: norco": the field is that of the next word
        typed.append(_Typed(words, field, only, negated, match["phrase"] is not None))
        field, only = "", False
    if typed:
        yield typed


def _parts(typed: Sequence[_Typed]) -> Iterator[Part]:
    """The parts of one alternative. Words without meaning count if there are no others."""
    parts = [(part, filler) for run in _runs(typed) for part, filler in _parts_of(run)]
    meant = [part for part, filler in parts if not filler]
    yield from meant or (part for part, _filler in parts)


def _runs(typed: Sequence[_Typed]) -> Iterator[_Typed]:
    """Words that follow one another and are searched alike, together: "physical therapy" is one term.

    Words that make a term mean the term, in any of its spellings, and not its words wherever they are.
    """

    def alike(part: _Typed) -> tuple[object, ...]:
        alone = part.quoted or part.negated or _beginning(part.text)
        return (part.field, part.only, id(part) if alone else None)

    for _alike, run in groupby(typed, alike):
        parts = list(run)
        yield replace(parts[0], text=" ".join(part.text for part in parts))


def _beginning(text: str) -> str:
    """The letters before the star of ``lumb*``; empty for other words."""
    start = text.removesuffix("*")
    return start.lower() if start != text and len(start) >= 2 and start.isalnum() else ""


def _parts_of(run: _Typed) -> Iterator[tuple[Part, bool]]:
    """The parts of a run, each with whether it is nothing but a stop word."""
    plain = Part(field=run.field, negated=run.negated)
    if not run.quoted and (start := _beginning(run.text)):
        yield replace(plain, ways=((start,), *((word,) for word in shorter_singulars(start))), beginning=True), False
        return
    slots = slots_of(run.text, typed=True)
    if run.quoted or run.negated:
        if len(slots) > 1 and (run.quoted or not _is_level(slots)):
            yield replace(plain, slots=tuple(_in_phrase(slot, run.only) for slot in slots)), False
        elif slots:
            yield replace(plain, ways=(_in_phrase(slots[-1], run.only),)), False
        return
    for group in _groups(slots, run.text):
        if len(group) > 1:
            yield replace(plain, slots=tuple(_in_phrase(slot, run.only) for slot in group)), False
        else:
            (slot,) = group
            ways = (_in_phrase(slot, run.only), *([slot.words] if _is_joined(slot) else []))
            yield replace(plain, ways=ways), _is_filler(slot)


def _groups(slots: Sequence[Slot], text: str) -> Iterator[list[Slot]]:
    """Slots that belong together although nobody quoted them: ``10/325``, ``5 mg``; a level without its upper part."""
    at = 0
    while at < len(slots):
        slot = slots[at]
        if at + 1 < len(slots) and _level(slots[at + 1]).startswith(f"={slot.words[0]}/") and not _level(slot):
            at += 1
            continue
        end = at + 1
        while end < len(slots) and _is_number(slots[at]) and _continues(slots[end - 1], slots[end], text):
            end += 1
        if end == at + 1 and end < len(slots) and _is_number(slot) and slots[end].key in _UNITS:
            end += 1
        yield list(slots[at:end])
        at = end


def _continues(before: Slot, slot: Slot, text: str) -> bool:
    between = text[before.end : slot.start].strip()
    return (_is_number(slot) and between in ("/", "-")) or (
        slot.key == "x" or (before.key == "x" and _is_number(slot))
    )


def _is_number(slot: Slot) -> bool:
    return slot.key.replace(".", "").isdigit()


def _is_filler(slot: Slot) -> bool:
    return slot.words == (slot.key,) and slot.key in STOP_WORDS


def _is_joined(slot: Slot) -> bool:
    """Whether a hyphen joins two words that some write apart ("post operative") and that say little elsewhere."""
    return len(slot.words) == 2 and slot.key[0] != "=" and slot.words[0] not in ("over", "under")


def _level(slot: Slot) -> str:
    """The level of the spine whose lower part the slot is; empty for other slots."""
    return next((lexeme for lexeme in slot.lexemes if lexeme[0] == "=" and "/" in lexeme), "")


def _is_level(slots: Sequence[Slot]) -> bool:
    return len(slots) == 2 and bool(_level(slots[1]))


def _in_phrase(slot: Slot, only: bool) -> tuple[str, ...]:
    return slot.words if only else (_level(slot) or slot.key,)

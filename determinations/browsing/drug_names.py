"""Other names of a drug: a search for hydrocodone should also find letters that print Norco."""

from dataclasses import dataclass
from functools import lru_cache

from determinations.parsing.categories import DRUGS

#: The longest search, see ``filters.words``; names beyond it are left out.
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class OtherNames:
    """A drug name as typed, its other names in letters, and the search that finds all of them."""

    typed: str
    others: tuple[str, ...]
    search: str


@lru_cache(maxsize=1024)
def other_names(text: str) -> OtherNames | None:
    """The other names of a drug, if the text is one drug name and nothing else; None otherwise.

    A name that contains another as a word adds no matches and is left out: "vicodin es" beside "vicodin".
    """
    typed = " ".join(text.lower().split())
    group = next((group for group in _groups() if typed in group), ())
    names = [typed, *(name for name in group if not _contains(name, typed))]
    kept: list[str] = []
    for name in names:
        covered = any(_contains(name, other) for other in names if other != name)
        if not covered and len(_either([*kept, name])) <= _LONGEST:
            kept.append(name)
    others = tuple(name for name in kept if name != typed)
    return OtherNames(typed, others, _either(kept)) if others else None


@lru_cache(maxsize=1)
def _groups() -> tuple[tuple[str, ...], ...]:
    """Names of the same drug. The generic name comes first; a name can belong to two classes of drugs."""
    names: dict[str, dict[str, None]] = {}
    for drug in DRUGS.values():
        if drug.generic:
            names.setdefault(drug.generic, {drug.generic: None})[drug.name] = None
    return tuple(tuple(group) for group in names.values() if len(group) > 1)


def _contains(name: str, other: str) -> bool:
    return f" {other} " in f" {name} "


def _either(names: list[str]) -> str:
    return " OR ".join(f'"{name}"' if " " in name else name for name in names)

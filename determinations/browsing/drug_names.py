"""The other names of a drug: who searches hydrocodone wants the letters that print Norco, too."""

from dataclasses import dataclass
from functools import lru_cache

from determinations.parsing.categories import DRUGS

#: Characters that a search may have (see ``search.QueryWords``): further names are left out.
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class OtherNames:
    """A drug as it was typed, the further names that letters print for it, and the search that finds them all."""

    typed: str
    others: tuple[str, ...]
    search: str


@lru_cache(maxsize=1024)
def other_names(text: str) -> OtherNames | None:
    """The other names of what was typed, if that is one drug's name and nothing else; None otherwise.

    A name that holds another one as a word finds nothing more and is left out: "vicodin es" beside "vicodin".
    """
    typed = " ".join(text.lower().split())
    group = next((group for group in _groups() if typed in group), ())
    names = [typed, *(name for name in group if not _holds(name, typed))]
    kept: list[str] = []
    for name in names:
        told = any(_holds(name, other) for other in names if other != name)
        if not told and len(_either([*kept, name])) <= _LONGEST:
            kept.append(name)
    others = tuple(name for name in kept if name != typed)
    return OtherNames(typed, others, _either(kept)) if others else None


@lru_cache(maxsize=1)
def _groups() -> tuple[tuple[str, ...], ...]:
    """Names of the same drug. A generic comes first among its names; one name can stand in two classes of drugs."""
    names: dict[str, dict[str, None]] = {}
    for drug in DRUGS.values():
        if drug.generic:
            names.setdefault(drug.generic, {drug.generic: None})[drug.name] = None
    return tuple(tuple(group) for group in names.values() if len(group) > 1)


def _holds(name: str, other: str) -> bool:
    return f" {other} " in f" {name} "


def _either(names: list[str]) -> str:
    return " OR ".join(f'"{name}"' if " " in name else name for name in names)

"""What letters write in several ways: abbreviations with their words, drugs with their names (see ``terms.toml``)."""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

from determinations.parsing.categories import DRUGS
from determinations.searching.singular import STOP_WORDS, singular
from determinations.searching.words import words_of_piece

_DATA = files(__package__) / "terms.toml"
#: Raise it when the same text gives other search words than before, other than by a change of the data.
FORM = 2


@dataclass(frozen=True)
class Term:
    """One thing with several names. ``name`` is the first of them; ``drug``: its names are brands and ingredients."""

    name: str
    forms: tuple[str, ...]
    capitals: tuple[str, ...]
    example: str
    drug: bool

    @cached_property
    def lexeme(self) -> str:
        """What stands for the term in search vectors: a drug's ingredient, or the shortest form of another term."""
        shown = self.name if self.drug else min((*self.forms, *self.capitals), key=len)
        return f"={shown.lower().replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a term, by the keys of its words. ``also`` are the words and terms that it implies."""

    keys: tuple[str, ...]
    term: Term
    capitals: bool
    also: tuple[str, ...]


@lru_cache(maxsize=1)
def all_terms() -> tuple[Term, ...]:
    """Every term: those of ``terms.toml``, then the drugs of the parser that have several names."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    terms = [
        Term(entry["forms"][0], tuple(entry["forms"]), tuple(entry.get("capitals", ())), entry["example"], False)
        for entry in data["term"]
    ]
    terms += [_drug(entry["names"]) for entry in data["drug"]]
    named = {form.lower() for term in terms for form in term.forms}
    left_out = named | set(data["apart"])
    for generic, names in _drugs_of_the_parser(data["several"]).items():
        kept = [name for name in names if name == generic or name not in left_out]
        if len(kept) > 1 and generic not in left_out:
            terms.append(_drug(kept))
    return tuple(terms)


def _drug(names: Iterable[str]) -> Term:
    kept = tuple(names)
    return Term(kept[0], kept, (), "", True)


def _drugs_of_the_parser(several: Iterable[str]) -> dict[str, list[str]]:
    """The names of each drug, its generic name first; names that contain another as a word are left out."""
    groups: dict[str, list[str]] = {}
    for drug in DRUGS.values():
        if drug.generic and drug.generic not in several:
            groups.setdefault(drug.generic, [drug.generic]).append(drug.name)
    listed = {drug.name for drug in DRUGS.values()}
    return {
        generic: list(dict.fromkeys(n for n in names if n == generic or not _contains_another(n, names)))
        for generic, names in groups.items()
        if generic in listed
    }


def _contains_another(name: str, names: Iterable[str]) -> bool:
    return any(other != name and f" {other} " in f" {name} " for other in names)


def _keys(form: str) -> tuple[str, ...]:
    return tuple(key_of(word.text) for piece in form.split() for word in words_of_piece(piece) if word.text)


@lru_cache(maxsize=1)
def names_of_terms() -> frozenset[str]:
    """Names of one word as they are written: "TENS" is not the plural of ten, and "ESIs" is that of ESI."""
    return frozenset(form.lower() for term in all_terms() for form in (*term.forms, *term.capitals) if form.isalpha())


def key_of(word: str) -> str:
    """By what a word of the normal form is compared: its singular, unless it is a name."""
    if word in names_of_terms():
        return word
    return word[:-1] if word.endswith("s") and word[:-1] in names_of_terms() else singular(word)


@lru_cache(maxsize=1)
def forms_by_first() -> Mapping[str, tuple[Form, ...]]:
    """The ways to write terms by their first key, the longest first."""
    plain = {
        (_keys(form), form in term.capitals): term for term in all_terms() for form in (*term.forms, *term.capitals)
    }
    forms: dict[str, list[Form]] = {}
    for (keys, capitals), term in plain.items():
        also = () if term.drug else tuple(_implied(term, keys, plain))
        forms.setdefault(keys[0], []).append(Form(keys, term, capitals, also))
    return {first: tuple(sorted(every, key=lambda form: -len(form.keys))) for first, every in forms.items()}


def _implied(term: Term, keys: tuple[str, ...], plain: Mapping[tuple[tuple[str, ...], bool], Term]) -> Iterator[str]:
    """The words of the term in full, for an abbreviation, and the terms within them: LESI is an ESI."""
    full = _keys(term.name)
    if keys != full:
        yield from (word for word in dict.fromkeys(full) if word not in STOP_WORDS and word not in keys)
    parts = {full[a:b] for a in range(len(full)) for b in range(a + 1, len(full) + 1)}
    for part in sorted(parts):
        other = plain.get((part, False))
        if other and other is not term:
            yield other.lexeme


def version() -> int:
    """A number that changes with everything that decides the search words of a text; fits a small integer."""
    drugs = ";".join(f"{drug.generic}={drug.name}" for drug in DRUGS.values())
    said = f"{FORM}\n{_DATA.read_text(encoding='utf-8')}\n{drugs}"
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=2).digest()) % 32_000 + 1

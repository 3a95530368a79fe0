"""What is right for a query: a plain scan over texts, which shares nothing with the code that searches.

The third column of ``queries.tsv`` says what a letter must contain: groups joined by `` & ``, each of alternatives
joined by `` | ``. An alternative is words that follow one another, whatever signs are between them, singular or
plural; or a regular expression between slashes, which reads capitals if it has any. ``!`` in front of a group: none of
them; ``field@``: in the texts of that field.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_SAME = str.maketrans(
    {**dict.fromkeys("‐‑‒–—−", "-"), **dict.fromkeys("‘’ʼ", "'"), **dict.fromkeys("“”", '"'), "®": "", "™": ""}
)

#: The texts of a letter by field: request, rationale, cites, summary, reviewer.
Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Standard:
    """One query of the standard."""

    kind: str
    query: str
    right: str


def read_standard() -> list[Standard]:
    """All queries."""
    lines = (files(__package__) / "queries.tsv").read_text(encoding="utf-8").splitlines()
    return [Standard(*line.split("\t")) for line in lines if line and not line.startswith("#")]


def normalised(texts: Texts) -> dict[str, list[str]]:
    """The texts with one kind of dash and quote, one space between words, and no stops in "M.R.I."."""
    return {field: [_normalised(text) for text in several] for field, several in texts.items()}


def _normalised(text: str) -> str:
    text = " ".join(text.translate(_SAME).split())
    return re.sub(r"\b(?:[A-Za-z]\.){2,}", lambda match: match[0].replace(".", ""), text)


def is_right(right: str, texts: Texts) -> bool:
    """Whether a letter with these normalised texts is among the right ones."""
    return all(_group(group, texts) for group in right.split(" & "))


def _group(group: str, texts: Texts) -> bool:
    wanted = not group.startswith("!")
    field, at, alternatives = group.removeprefix("!").partition("@")
    if not at:
        field, alternatives = "", field
    read = texts[field] if field else [text for several in texts.values() for text in several]
    return wanted is any(_contains(pattern, read) for pattern in alternatives.split(" | "))


def _contains(pattern: str, texts: Iterable[str]) -> bool:
    expression, capitals = _compiled(pattern.strip())
    return any(expression.search(text if capitals else text.lower()) for text in texts)


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> tuple[re.Pattern[str], bool]:
    if pattern.startswith("/"):
        body = pattern[1:-1]
        return re.compile(body), bool(re.search(r"(?<!\\)[A-Z]", body))
    before = "a-z" if pattern[0].isalpha() else "a-z0-9"  # "mg" is a word of "10/325mg"
    after = "0-9" if pattern[-1].isdigit() else "a-z0-9"  # so is "325"
    return re.compile(rf"(?<![{before}]){''.join(_words(pattern.lower()))}(?![{after}])"), False


def _words(pattern: str) -> Iterator[str]:
    before = ""
    for word in re.findall(r"[a-z]+|[0-9.]+|%", pattern):
        if before:
            yield r"[^a-z0-9]*" if before[-1].isdigit() != word[0].isdigit() or word == "%" else r"[^a-z0-9]+"
        yield _plural(word)
        before = word


def _plural(word: str) -> str:
    if not word.isalpha():
        return re.escape(word) + (r"(?:\.0+)?" if word.isdigit() else "")
    if len(word) < 3:
        return word if len(word) == 1 else f"{word}s?"
    if word.endswith("y"):
        return f"{word[:-1]}(?:ys?|ies)"
    if word.endswith("is"):
        return f"{word[:-2]}(?:is|es)"
    return f"{word}(?:e?s)?"

"""The names of the ODG's chapters, found at a place in a text.

The names that begin with a letter are one expression, compiled when a text first has the letter: a process that reads
its first letters does not wait for all of them.
"""

import re
from functools import cache
from typing import NamedTuple

from determinations.parsing.citations.printed_names import authorities, name_pattern, names_pattern

# Any of ``:;,.()/`` and dashes.
_PUNCTUATION = r"[^\w\s!-'*+\-<-@\[-`{-~]"
# After a chapter's name: "Chapter", "section"; else punctuation, the end, or a word that begins a topic.
_END = (
    r"(?:\s*\(\s*\))?(?:\s+(?i:complaints?|disorders?|conditions?|problems?|injur(?:y|ies)|spine|pain|procedures?))?"
    r"(?:(?:\s+(?i:treatment|guidelines?|chapters?|sections?)\b)*\s+(?i:chapters?|sections?)(?:\s+(?i:guidelines?))?"
    rf"(?:\s*{_PUNCTUATION}|\s+|$)"
    r"|(?:\s+(?i:treatment))?(?:\s+(?i:guidelines?))?"
    rf"(?:\s*{_PUNCTUATION}|\s*-\s|\s*$|\s+(?=(?:&|(?i:and|under|regarding|on|for))\s)))"
)
_BEFORE_A_WORD = r"\s+(?=\w)"


class NamedChapter(NamedTuple):
    """A chapter named at ``start``:``end`` of a text, as ``text``; ``end`` includes what must follow the name."""

    key: str
    start: int
    end: int
    text: str


def chapter_at(text: str, position: int) -> NamedChapter | None:
    """The chapter named at this place, as a chapter: "Shoulder (Acute & Chronic)", "Knee & Leg Chapter"."""
    return _at(text, position, _END)


def chapter_before_a_word(text: str, position: int) -> NamedChapter | None:
    """The chapter whose name is at this place and followed by another word: "Lumbar Physical Therapy"."""
    return _at(text, position, _BEFORE_A_WORD)


def chapter_of(name: str) -> str | None:
    """The key of the chapter that all of ``name`` names."""
    keys, names = _beginning_with(name[:1].lower(), _END)
    match = names.fullmatch(name) if names else None
    return keys[int((match.lastgroup or "c0")[1:])] if match else None


def _at(text: str, position: int, end: str) -> NamedChapter | None:
    keys, names = _beginning_with(text[position : position + 1].lower(), end)
    match = names.match(text, position) if names else None
    if match is None:
        return None
    return NamedChapter(keys[int((match.lastgroup or "c0")[1:])], match.start(), match.end(), match.group())


@cache
def _beginning_with(letter: str, end: str) -> tuple[tuple[str, ...], re.Pattern[str] | None]:
    """The keys of the chapters with names that begin with this letter, and an expression for these names."""
    chapters = [
        (chapter.key, names)
        for chapter in sorted(
            (chapter for chapter in authorities() if chapter.family == "odg" and chapter.printed_as),
            key=lambda chapter: -max(map(len, chapter.printed_as)),
        )
        if (names := [name for name in chapter.printed_as if name[0].lower() == letter])
    ]
    if not chapters:
        return (), None
    # Long names first over all chapters ("Carpal Tunnel Syndrome" before "Hand") comes from the end that must follow.
    parts = "|".join(f"(?P<c{n}>{names_pattern(names)})" for n, (_, names) in enumerate(chapters))
    return tuple(key for key, _ in chapters), re.compile(f"(?:{parts}){end}")


def holds_chapter(text: str) -> bool:
    """Whether a chapter of the ODG is named as such inside: "Knee & Leg Chapter", "Shoulder (Acute & Chronic)"."""
    if "hapter" not in text and "cute" not in text:
        return False
    lower = text.lower()
    return any(_labelled(name).search(text) for first, name in _names() if first in lower)


@cache
def _names() -> tuple[tuple[str, str], ...]:
    """The names of all chapters, each with its first word in lower case."""
    names = {name for chapter in authorities() if chapter.family == "odg" for name in chapter.printed_as}
    return tuple((re.split(r"\W", name.lower())[0], name) for name in sorted(names))


@cache
def _labelled(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b{name_pattern(name)}\s*(?:\(\s*[Aa]cute\b|[Cc]hapter\b(?!\s*\d))")

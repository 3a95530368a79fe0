"""Finds where guideline documents are named in a piece of text: MTUS titles, ACOEM chapters, years.

A document is named by up to four tokens in this order, with nothing but punctuation and an edition between them:
``MTUS`` ``ACOEM`` ``Chapter 12`` ``Low Back Complaints``, and then perhaps its year.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import NamedTuple

from determinations.parsing.citations.printed_names import (
    authorities,
    authority,
    by_chapter,
    closest_title,
    name_pattern,
)

# "ACOEM", "ACEOM", "A.C.O.E.M.", "American College of Occupational & Environmental Medicine (ACOEM)",
# "Harris J. (Ed.), Occupational Medicine Practice Guidelines"
ACOEM = (
    r"(?:(?:Harris|Glass|Hegmann)\b[\s,]*[A-Z][\w.]*[\s,]*(?:[A-Z]\.?[\s,]*)?(?:\(?[Ee]ds?\.?\)?[.,\s]*)?)?"
    r"(?:the\s+)?(?:A\.?[CEO]\.?[CEO]\.?[CEO]?\.?M\b\.?|[Aa](?i:merican\s+college\s+of\s+(?:occupational|occupation)"
    r"(?:\s*(?:and|&)\s*environmental)?(?:\s+medicine)?)(?:\s*,?\s*\(?ACOEM\)?)?"
    r"|(?i:occupational\s+medicine(?:'s)?\s+practice\s+guidelines?))"
    r"(?:'s)?(?i:[\s,]*(?:(?:occupational\s+medicine|practice|treatment)\s+)*guidelines?\b)?"
)
MTUS = (
    r"(?:CA\s+|[Cc]alifornia\s+)?(?:(?i:MTUS)\b(?:\s*\([^)]*\))?"
    r"|[Mm](?i:edical\s+treatment\s+utilization\s+schedule)(?:\s*\(MTUS\))?)(?:(?i:\s+guidelines?\b))?"
)
# The words, in lower case, that these two patterns begin with (the ACOEM's also with "the").
ACOEM_WORDS = (
    *("a", "american", "occupational", "harris", "glass", "hegmann"),
    *(f"a{''.join(letters)}m" for n in (2, 3) for letters in product("ceo", repeat=n)),
)
MTUS_WORDS = ("ca", "california", "mtus", "medical")
CHAPTER = r"[Cc](?i:h(?:apter|ap)?\b\.?)\s*#?\d{1,2}\b"
YEAR = r"(?:19[89]|20[0-3])\d"
_ORDINAL = r"(?:\d{1,2}(?:st|nd|rd|th)|[Ss]econd|[Tt]hird|[Ff]irst)"
EDITION = re.compile(
    rf"[\s,)]*(?:\(\s*)?(?:(?P<ordinal>{_ORDINAL}\s+[Ee]d(?:ition|n)?\b\.?))?[\s,(]*"
    rf"(?:(?:[Rr]evised|[Ee]ffective|[Uu]pdated?)?\s*(?:[A-Z][a-z]+\.?\s*(?:\d{{1,2}},\s*)?)?\(?(?P<year>{YEAR})\b(?:\s+[Rr]evision|\s+[Ee]d(?:ition)?\b\.?)?)?\s*\)?"
    r"(?:\s*[Gg]uidelines?\b)?"
)
_GAP = re.compile(
    rf"[\s,:;()/–-]*(?:{_ORDINAL}\s+[Ee]d(?:ition|n)?\b\.?)?[\s,:;()/–-]*(?:{YEAR})?[\s,:;()/–-]*(?:of\s+the\s+)?"
)
# The lookbehind comes last, so that the search can skip to a "1" or a "2".
_YEAR = re.compile(rf"({YEAR})(?<![\d/-]\d{{4}})(?![\d/-])")
_EDITION_IN_WORDS = re.compile(rf"{_ORDINAL}\s+[Ee]d(?:ition|n)?\b\.?")
_BEFORE_TITLE = re.compile(r"^|,\s+and\s+|;\s*|\.\s+(?=[A-Z])")
_AFTER_TITLE = re.compile(rf"\s*(?:[,;:.(/]|$|[Pp]age|[Ss]ection|[Gg]uideline|[Cc]hapter|{YEAR}|ACOEM)")
_RANKS = {"mtus": 0, "acoem": 1, "chapter": 2, "title": 3, "short": 3}
_WORD = re.compile(r"\w+")


class Document(NamedTuple):
    """A document named at ``start``:``end``. ``key`` is None when only MTUS or ACOEM is named, or an unknown title."""

    start: int
    end: int
    key: str | None
    edition: str | None
    acoem: bool
    number: str | None = None
    title: str | None = None
    disagrees: bool = False


class Token(NamedTuple):
    """One word or phrase that names a document: ``kind`` mtus, acoem, chapter, title, or short (a short title)."""

    kind: str
    key: str | None
    start: int
    end: int
    text: str


class _Phrase:
    """A name of a document; compiled when a text first has its first word."""

    __slots__ = ("_pattern", "key", "kind", "match")

    def __init__(self, kind: str, key: str | None, pattern: str) -> None:
        self.kind, self.key, self._pattern = kind, key, pattern
        self.match: Callable[[str, int, int], re.Match[str] | None] = self._first_match

    def _first_match(self, text: str, start: int, end: int) -> re.Match[str] | None:
        self.match = re.compile(rf"(?:{self._pattern})(?!\w)").match
        return self.match(text, start, end)


@cache
def _phrases() -> Mapping[str, list[_Phrase]]:
    """First word, in lower case -> the names that may begin with it, longest first. Most words begin none."""
    phrases: list[tuple[int, str, str, str | None, str]] = []
    phrases += [(99, word, "mtus", None, MTUS) for word in MTUS_WORDS]
    phrases += [(99, word, "acoem", None, ACOEM) for word in ACOEM_WORDS]
    phrases += [(99, word, "chapter", None, CHAPTER) for word in ("chapter", "chap", "ch")]
    inside = {name for entry in authorities() if entry.family == "mtus" for name in entry.printed_as}
    for entry in authorities():
        if entry.family == "mtus" or (entry.family == "acoem" and entry.acoem_chapter):
            own = [name for name in entry.printed_as if entry.family == "mtus" or name not in inside]
            named = [(name, "title") for name in own]
            named += [(name, "short") for name in entry.short if entry.family == "mtus"]
            for name, kind in named:
                for word in _first_words(name):
                    phrases.append((len(name), word, kind, entry.key, name_pattern(name)))
    by_word = defaultdict(list)
    for _, word, kind, key, pattern in sorted(phrases, key=lambda phrase: -phrase[0]):
        by_word[word].append(_Phrase(kind, key, pattern))
    return dict(by_word)


def _first_words(name: str) -> list[str]:
    """The first word as ``_WORD`` meets it in a text: "Post-Surgical" begins with "post"."""
    first = re.split(r"\W", name.lower(), maxsplit=1)[0]
    return [first, "post"] if first.startswith("post") else [first]


def _tokens(text: str, start: int, end: int) -> Iterator[Token]:
    phrases = _phrases()
    position = start
    for word in _WORD.finditer(text, start, end):
        candidates = phrases.get(word.group().lower())
        if candidates is None or word.start() < position or text[word.start() - 1 : word.start()] == "-":
            continue
        for phrase in candidates:
            if match := phrase.match(text, word.start(), end):
                position = match.end()
                yield Token(phrase.kind, phrase.key, match.start(), position, match.group())
                break


def find_documents(text: str, start: int, end: int, *, open_start: bool) -> list[Document]:
    """The documents named in ``text[start:end]``, in order.

    Short names ("Low Back") count after ACOEM or a chapter number, before a year, with ``open_start`` at the start.
    """
    groups: list[list[Token]] = []
    rank = -1
    for token in _tokens(text, start, end):
        this_rank = _RANKS[token.kind]
        joined = bool(groups) and this_rank > rank and _is_gap(text, groups[-1][-1].end, token.start)
        if token.kind == "short" and not joined and not _short_name_stands(text, start, token, end, open_start):
            continue
        if joined:
            groups[-1].append(token)
        else:
            groups.append([token])
        rank = this_rank
    return [_document(text, group, end) for group in groups]


def _is_gap(text: str, start: int, end: int) -> bool:
    return start == end or _GAP.fullmatch(text, start, end) is not None


def _short_name_stands(text: str, start: int, token: Token, end: int, open_start: bool) -> bool:
    if open_start and not text[start : token.start].strip(" ,:;(-/") and _AFTER_TITLE.match(text, token.end, end):
        return True
    edition = EDITION.match(text, token.end, end)
    return edition is not None and edition["year"] is not None and "Section" not in text[token.end : edition.end()]


def _document(text: str, tokens: list[Token], end: int) -> Document:
    """The document that these adjoining tokens name, with the year or edition among or after them."""
    key = title = number = None
    for token in tokens:
        if token.kind == "chapter":
            number = token.text[-2:].lstrip(" .#prPR0")
        elif token.kind in {"title", "short"}:
            key, title = token.key, token.text
    acoem = number is not None or any(token.kind == "acoem" for token in tokens)
    start, names_end = tokens[0].start, tokens[-1].end
    after = EDITION.match(text, names_end, end)
    assert after is not None  # matches the empty string
    edition = after["year"] or _year_or_ordinal(text[start:names_end]) or after["ordinal"]
    disagrees = number is not None and key is not None and not _has_chapter(key, number)
    if key is None and number is not None:
        key = by_chapter().get(number)
    document_end = after.end() if after.group().strip(" ,(") else names_end
    return Document(start, document_end, key, edition, acoem, number, title, disagrees)


def _year_or_ordinal(text: str) -> str | None:
    found = _YEAR.search(text) or _EDITION_IN_WORDS.search(text)
    return found.group() if found else None


def _has_chapter(key: str, number: str) -> bool:
    entry = authority(key)
    return entry is None or not entry.acoem_chapter or number in entry.acoem_chapter.split(", ")


def find_unknown(text: str, start: int, end: int) -> list[Document]:
    """Titles that no name matches, told by the year after them: misspelled ones get their key, others ``key`` None."""
    found = []
    for year in _YEAR.finditer(text, start, end):
        before = [match.end() for match in _BEFORE_TITLE.finditer(text[start : year.start()])]
        title_start = start + before[-1]
        title = text[title_start : year.start()].strip(" ,(")
        if title and title[0].isalpha() and ":" not in title:
            found.append(Document(title_start, year.end(), closest_title(title), year[1], acoem=False, title=title))
    return found

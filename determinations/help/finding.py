"""Search in the pages of help, in memory, by the words of the product's own search: ``PT`` finds physical therapy."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from determinations.help.markdown import plain_paragraphs
from determinations.help.pages import HelpPage, all_pages
from determinations.searching.normal_form import slots_of
from determinations.searching.pieces import Slot

_LONGEST_TYPED = 200
#: How much a word counts by where it is.
_IN_TITLE, _IN_ABOUT, _IN_TEXT = 20, 8, 1
#: So many characters of a word find the words that begin with them.
_SHORTEST_BEGINNING = 3
_SNIPPET = 240
#: Words that say nothing about what is looked for.
_SMALL_WORDS = frozenset(
    "a an and are can do does for from how i in is it my of on or the to what when where why with".split()
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, marked if it is one of the words that were looked for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A page with the place in it that fits best."""

    page: HelpPage
    pieces: tuple[Piece, ...]


def find(typed: str) -> list[Result]:
    """The pages with all of these words, best first; if none has all, those with most of them."""
    wanted = _wanted(typed)
    if not wanted:
        return []
    ranked: list[tuple[int, int, int, HelpPage]] = []
    for place, page in enumerate(all_pages().values()):
        words = _words_of(page)
        scores = [_score(slot, words) for slot in wanted]
        if any(scores):
            ranked.append((-sum(map(bool, scores)), -sum(scores), place, page))
    ranked.sort(key=lambda entry: entry[:3])
    most = ranked[0][0] if ranked else 0
    return [Result(page, _snippet(page, wanted)) for matches, _, _, page in ranked if matches == most]


def _wanted(typed: str) -> list[Slot]:
    slots = slots_of(" ".join(typed[:_LONGEST_TYPED].split()), typed=True)
    telling = [slot for slot in slots if slot.key and slot.key not in _SMALL_WORDS]
    return telling or [slot for slot in slots if slot.key]


@cache
def _words_of(page: HelpPage) -> Mapping[str, int]:
    """What the page is found by, with how much each word counts."""
    counted: Counter[str] = Counter()
    for text, weight in (
        (page.title, _IN_TITLE), (page.about, _IN_ABOUT), *((text, _IN_TEXT) for text in plain_paragraphs(page)),
    ):  # fmt: skip
        for lexeme in _lexemes(slots_of(text)):
            counted[lexeme] += weight
    return counted


def _lexemes(slots: Iterable[Slot]) -> Iterator[str]:
    for slot in slots:
        yield from slot.lexemes


def _score(wanted: Slot, words: Mapping[str, int]) -> int:
    whole = max((words.get(lexeme, 0) for lexeme in wanted.lexemes), default=0)
    if whole or len(wanted.key) < _SHORTEST_BEGINNING:
        return 2 * whole
    return max((count for word, count in words.items() if word.startswith(wanted.key)), default=0)


def _snippet(page: HelpPage, wanted: Sequence[Slot]) -> tuple[Piece, ...]:
    """The beginning of the paragraph with most of the words, which are marked."""
    texts = [page.about, *plain_paragraphs(page)]
    text = max(texts, key=lambda text: len({slot.key for slot in wanted if _places(text, [slot])}))
    pieces: list[Piece] = []
    places = _places(text, wanted)
    start = text.rfind(" ", 0, max(0, places[0][0] - _SNIPPET // 3)) + 1 if places else 0
    shown = text[start : start + _SNIPPET]
    at = 0
    for first, last in ((first - start, last - start) for first, last in places):
        if first < at or last > len(shown):
            continue
        pieces += [Piece(shown[at:first], False), Piece(shown[first:last], True)]
        at = last
    tail = "…" if start + _SNIPPET < len(text) else ""
    head = [Piece("… ", False)] if start else []
    return (*head, *pieces, Piece(shown[at:] + tail, False))


def _places(text: str, wanted: Sequence[Slot]) -> list[tuple[int, int]]:
    return [(slot.start, slot.end) for slot in slots_of(text) if any(_is(slot, one) for one in wanted)]


def _is(slot: Slot, wanted: Slot) -> bool:
    if set(slot.lexemes) & set(wanted.lexemes):
        return True
    return len(wanted.key) >= _SHORTEST_BEGINNING and slot.key.startswith(wanted.key)

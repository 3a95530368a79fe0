"""Whether the lines of a paragraph follow each other: a line that is missing, printed twice or in another's place.

Only what no letter prints is reported: a sentence that ends at a line's end and goes on in lower case, a line that
stops within a sentence while the next one begins another, and the same long line twice in a row.
"""

import itertools
from collections.abc import Iterator

from determinations.parsing.results import ParsedItem, Problem
from determinations.parsing.spans import Span, line_around

#: Words that begin sentences, and are in lower case within them.
_OPENINGS = frozenset(
    "The This There These That He She His Her It However Therefore According Based Given Although Additionally "
    "Furthermore Thus When While In On At As For If With After Since Due Upon During Currently".split()
)
_LONG_LINE = 40
_SENTENCE_ENDS = ".?!"
#: A shorter last word may be an abbreviation.
_SHORTEST_LAST_WORD = 4
_TEXTS = ("claims_text", "reviewer_text", "rationale")
#: A text with more such lines is no letter in one piece; these say so.
_MOST = 20
_MISSING = "This line does not continue the one above: a line may be missing, or out of its place."
_TWICE = "This line is in the text twice in a row."


def check_line_breaks(source: str, items: tuple[ParsedItem, ...], summary: Span | None) -> Iterator[Problem]:
    """A problem for each line, from the summary to the last item's end, that cannot follow the one above it."""
    texts: list[tuple[str, Span | None]] = [("summary", summary)]
    texts += [(f"items/{item.number}/{name}", item.spans.get(name)) for item in items for name in _TEXTS]
    places = [(path, place) for path, place in texts if place]
    if not places:
        return
    start, end = places[0][1].start, max(place.end for _, place in places)
    lines = source[start:end].replace("\f", "\n").split("\n")
    for number, message in itertools.islice(_faults(lines), _MOST):
        at = start + sum(len(line) + 1 for line in lines[:number])
        path = next((path for path, place in places if place.start <= at < place.end), None)
        if path:
            yield Problem("lines_out_of_order", message, line_around(source, at), path)


def _faults(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The numbers of the lines that cannot follow the printed line above them."""
    above = ""
    for number, line in enumerate(lines):
        below = line.strip()
        if not below:
            continue
        if above:
            if below[0].islower():
                if above[-1] in _SENTENCE_ENDS and _ends_in_a_word(above):
                    yield number, _MISSING
            elif (above[-1].islower() or above[-1] == ",") and _begins_a_sentence(below):
                yield number, _MISSING
            if above == below and len(above) >= _LONG_LINE:
                yield number, _TWICE
        above = below


def _begins_a_sentence(line: str) -> bool:
    first, _, rest = line.partition(" ")
    return first in _OPENINGS and rest[:1].islower()


def _ends_in_a_word(line: str) -> bool:
    last = line.rpartition(" ")[2][:-1]
    return len(last) >= _SHORTEST_LAST_WORD and last.isalpha() and last.islower()

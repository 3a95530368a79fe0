"""Words of a scan that the engine was unsure of, where they affect a value that people filter or count by.

In running prose an unsure word is underlined on the page and raises nothing, unless it is hardly legible or an
abbreviation: for those no neighbor tells what they should be. A phrase that was corrected is reported wherever it is,
because the correction hides what the parser would have complained about.
"""

import re
from collections.abc import Iterator, Sequence

from determinations.parsing.results import ParsedLetter, Problem
from determinations.parsing.source import DoubtfulWord
from determinations.parsing.spans import Span

#: ``MRI``, ``L5-S1``, ``(EMG/NCV)``.
_ABBREVIATION = re.compile(r"[^a-z]*[A-Z][A-Z\d][^a-z]*")
_PROSE = frozenset({"summary", "rationale"})
_MESSAGES = {
    "low_confidence": "This word was read from a scan and may be wrong.",
    "illegible": "This word is hardly legible on the scan.",
    "mended": "This phrase was unclear on the scan and was read as the usual wording.",
    "misprinted": "This is misspelled in the text, as after text recognition, and was read as the usual wording.",
}
_CORRECTED = frozenset({"mended", "misprinted"})


def doubtful_values(
    letter: ParsedLetter, source: str, words: Sequence[DoubtfulWord], extent: Span
) -> Iterator[Problem]:
    """A problem for each doubtful word in a short value, each illegible one and each doubtful abbreviation in prose,
    and each corrected phrase in the letter at ``extent``."""
    if not words:
        return
    places = sorted(_places(letter), key=lambda place: place[1].end - place[1].start)  # the narrowest value first
    for word in words:
        if word.span.end <= extent.start or word.span.start >= extent.end:
            continue
        path = next((path for path, span in places if span.start < word.span.end and word.span.start < span.end), "")
        is_short = path and path.rpartition("/")[2] not in _PROSE
        is_telling = word.reason == "illegible" or _ABBREVIATION.fullmatch(source, word.span.start, word.span.end)
        if is_short or (path and is_telling) or word.reason in _CORRECTED:
            code = "value_doubtful" if word.reason == "misprinted" else "ocr_doubt"
            yield Problem(code, _MESSAGES[word.reason], word.span, path)


def _places(letter: ParsedLetter) -> Iterator[tuple[str, Span]]:
    yield from letter.spans.items()
    for item in letter.items:
        for name, span in item.spans.items():
            yield f"items/{item.number}/{name}", span

"""A letter's text in, its values out."""

from collections.abc import Callable, Mapping

from determinations.parsing.clean import clean_text
from determinations.parsing.layouts import recognise_layout
from determinations.parsing.layouts.determination import read_determination
from determinations.parsing.layouts.notice_2013 import read_notice
from determinations.parsing.mend import mend_lines
from determinations.parsing.results import ParsedLetter
from determinations.parsing.running import without_running_lines

_NO_ALIASES: Mapping[str, str] = {}
_READERS: Mapping[str, Callable[[str, Mapping[str, str]], ParsedLetter]] = {
    "determination": read_determination,
    "notice-2013": read_notice,
}


def parse_letter(text: str, aliases: Mapping[str, str] = _NO_ALIASES) -> ParsedLetter:
    """Read one letter. Every span points into ``text`` as it was given.

    ``aliases`` maps printed forms of guidelines to authority keys, on top of those that the parser knows. A text that
    is no determination letter, or in a layout that is not read, gives a letter without items and the problem that
    says so. Never raises on account of what the text says.
    """
    source = clean_text(text)
    recognised = recognise_layout(source)
    layout = recognised.layout.name if recognised.layout else None
    if recognised.problem or layout is None:
        return ParsedLetter(layout=layout, problems=(recognised.problem,) if recognised.problem else ())
    mended = mend_lines(without_running_lines(source))
    return mended.put_back(_READERS[layout](mended.text, aliases))

"""What an RTF document shows by a symbol font or by a field of a form: check marks, and choices from a list.

striprtf drops fields without a text of their own, and reads a sign of a symbol font as the letter with its code.
"""

import re
from dataclasses import dataclass, field

from determinations.extraction.rtf_changes import TEXT_WORDS, TOKEN
from determinations.extraction.symbols import CHECKED, UNCHECKED, in_unicode, is_symbol_font, sign_of

#: Documents without any of these need no second look.
_MARKED = re.compile(r"\\fcharset2(?!\d)|FORMCHECKBOX|FORMDROPDOWN|SYMBOL")
#: A font in the table of fonts: ``{\f3\froman\fcharset2{\*\panose 0505}Wingdings;}``.
_FONT_TABLE = re.compile(r"\\fonttbl(?![a-z])")
_FONT = re.compile(r"\{\\f(\d{1,6})(?!\d)(?:\\[a-z]++-?\d*+|\{[^{}]*+\}|\s)*+([A-Za-z0-9 ]{1,40});")
_SYMBOL = re.compile(r"SYMBOL\s+(\d{1,5})\s+\\\\f\s*\"([^\"]{1,40})\"")
#: The number of a field's result if its user left it as the form has it.
_UNTOUCHED = "25"


@dataclass(slots=True)
class _Field:
    """A field being read: where its group begins among the tokens, and in which depth."""

    start: int
    depth: int
    instruction: str = ""
    entries: list[str] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    has_text: bool = False

    def shown(self) -> str:
        """What the field shows, as RTF; empty if its result is text, or it is another field."""
        if self.has_text:
            return ""
        result = self.numbers.get("ffres", _UNTOUCHED)
        if result == _UNTOUCHED:
            result = self.numbers.get("ffdefres", "0")
        if "FORMCHECKBOX" in self.instruction:
            return _escaped(CHECKED if result == "1" else UNCHECKED)
        if "FORMDROPDOWN" in self.instruction:
            chosen = int(result)
            return self.entries[chosen].strip() if 0 <= chosen < len(self.entries) else ""
        symbol = _SYMBOL.search(self.instruction)
        return _escaped(sign_of(symbol[2], int(symbol[1]))) if symbol else ""


def with_marks_as_text(source: str) -> str:
    """The RTF source with check marks, signs of symbol fonts and choices as text."""
    if not _MARKED.search(source):
        return source
    fonts = {number: name for number, name in _FONT.findall(_font_table(source)) if is_symbol_font(name)}
    kept: list[str] = []
    groups: list[tuple[str, str]] = []
    fields: list[_Field] = []
    font = part = ""
    is_fallback = False
    for token in TOKEN.finditer(source):
        word, number, brace = token.groups()
        text = token[0]
        if brace == "{":
            groups.append((font, part))
        elif brace:
            if fields and fields[-1].depth == len(groups):
                ended = fields.pop()
                kept[ended.start] = ended.shown() + kept[ended.start]
            font, part = groups.pop() if groups else ("", "")
        elif word == "field" and kept and kept[-1] == "{":
            fields.append(_Field(len(kept) - 1, len(groups)))
            part = ""
        elif word == "f":
            font = fonts.get(number or "", "")
        elif word == "plain":
            font = ""
        elif word in {"fldinst", "fldrslt", "ffl", "formfield"}:
            part = word
            if word == "ffl" and fields:
                fields[-1].entries.append("")
        elif word in {"ffres", "ffdefres"} and fields:
            fields[-1].numbers[word] = number or "0"
        elif word is None or word in TEXT_WORDS:
            if fields and text != r"\*":
                _note(fields[-1], part, text)
            if font and not is_fallback:
                text = _signs(font, text, word, number)
        is_fallback = word == "u"
        kept.append(text)
    return "".join(kept)


def _font_table(source: str) -> str:
    """The group in which fonts have their numbers; empty if the document has none."""
    table = _FONT_TABLE.search(source)
    if table is None:
        return ""
    depth = 1
    for token in TOKEN.finditer(source, table.end()):
        depth += {"{": 1, "}": -1}.get(token[3], 0)
        if depth == 0:
            return source[table.end() : token.end()]
    return source[table.end() :]


def _note(read: _Field, part: str, text: str) -> None:
    if part == "fldinst":
        read.instruction += text
    elif part == "ffl" and read.entries:
        read.entries[-1] += text
    elif part == "fldrslt" and text.strip():
        read.has_text = True


def _signs(font: str, text: str, word: str | None, number: str | None) -> str:
    """A token of text in a symbol font, its signs in Unicode."""
    if word == "u":
        sign = sign_of(font, int(number or "0") % 0x10000)
        return rf"\u{ord(sign)} " if sign else text
    if text.startswith(r"\'"):
        sign = sign_of(font, int(text[2:], 16))
        return _escaped(sign) if sign else text
    if text.startswith("\\"):
        return text
    return "".join(_escaped(sign) if ord(sign) > 0x7F else sign for sign in in_unicode(font, text))


def _escaped(signs: str) -> str:
    return "".join(rf"{{\uc1\u{ord(sign)}?}}" for sign in signs)

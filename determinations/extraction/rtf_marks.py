"""What an RTF document shows by a symbol font or by a field of a form: check marks, and choices from a list.

striprtf drops fields without a text of their own, and reads a sign of a symbol font as the letter with its code.
"""

import re
from collections.abc import Mapping
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
    tokens = _Tokens({number: name for number, name in _FONT.findall(_font_table(source)) if is_symbol_font(name)})
    for token in TOKEN.finditer(source):
        tokens.take(token[0], *token.groups())
    return "".join(tokens.kept)


class _Tokens:
    """The tokens of a document from left to right, as they are to be read; ``fonts`` are those of symbols."""

    def __init__(self, fonts: Mapping[str, str]) -> None:
        self.fonts = fonts
        self.kept: list[str] = []
        #: The font and the part of a field outside of each group that is open.
        self.groups: list[tuple[str, str]] = []
        self.fields: list[_Field] = []
        self.font = self.part = ""
        #: Whether the next token stands for a sign that was given by its number.
        self.is_fallback = False

    def take(self, text: str, word: str | None, number: str | None, brace: str | None) -> None:
        """Keep the next token: a control word with its number, a brace, or text."""
        if brace == "{":
            self.groups.append((self.font, self.part))
        elif brace:
            self._end_group()
        elif word is None or word in TEXT_WORDS:
            text = self._shown(text, word, number)
        else:
            self._obey(word, number)
        self.is_fallback = word == "u"
        self.kept.append(text)

    def _end_group(self) -> None:
        if self.fields and self.fields[-1].depth == len(self.groups):
            ended = self.fields.pop()
            self.kept[ended.start] = ended.shown() + self.kept[ended.start]
        self.font, self.part = self.groups.pop() if self.groups else ("", "")

    def _shown(self, text: str, word: str | None, number: str | None) -> str:
        if self.fields and text != r"\*":
            _note(self.fields[-1], self.part, text)
        return _signs(self.font, text, word, number) if self.font and not self.is_fallback else text

    def _obey(self, word: str, number: str | None) -> None:
        if word == "field" and self.kept and self.kept[-1] == "{":
            self.fields.append(_Field(len(self.kept) - 1, len(self.groups)))
            self.part = ""
        elif word == "f":
            self.font = self.fonts.get(number or "", "")
        elif word == "plain":
            self.font = ""
        elif word in {"fldinst", "fldrslt", "ffl", "formfield"}:
            self.part = word
            if word == "ffl" and self.fields:
                self.fields[-1].entries.append("")
        elif word in {"ffres", "ffdefres"} and self.fields:
            self.fields[-1].numbers[word] = number or "0"


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

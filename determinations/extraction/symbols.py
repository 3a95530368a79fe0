"""Characters of symbol fonts, which mean a sign by their font: "þ" in Wingdings is a checked box.

Word keeps a sign from *Insert Symbol* as a code and the name of the font; without the font it is nothing, or a letter.
"""

import string
from collections.abc import Mapping

CHECKED, UNCHECKED = "☒", "☐"

_WINGDINGS = {
    0x6C: "●", 0x6E: "■", 0x6F: UNCHECKED, 0x71: "❑", 0x72: "❒", 0x78: CHECKED, 0xA7: "▪", 0xA8: UNCHECKED,
    0xD8: "➢", 0xE0: "→", 0xFB: "✗", 0xFC: "✓", 0xFD: CHECKED, 0xFE: CHECKED,
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: CHECKED, 0x52: CHECKED, 0x53: CHECKED, 0x54: CHECKED, 0xA3: UNCHECKED,
}  # fmt: skip
_SYMBOL = {
    0x44: "Δ", 0x61: "α", 0x62: "β", 0x6D: "μ", 0xA2: "′", 0xA3: "≤", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°",
    0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈",
}  # fmt: skip
#: What the signs of a font mean, by the font's name in lower case. Codes as in Microsoft's charts of these fonts.
_FONTS: Mapping[str, Mapping[int, str]] = {"wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "symbol": _SYMBOL}
#: Symbol fonts have their signs at 20 to FF, and again from here on in Unicode's private area.
_PRIVATE = 0xF000
_LETTERS = string.ascii_letters


def is_symbol_font(name: str) -> bool:
    """Whether the characters of this font are signs that ``sign_of`` knows."""
    return name.lower() in _FONTS


def sign_of(font: str, code: int) -> str:
    """The sign with this code (0 to FF, or from F000 on) in a font, in Unicode; empty if it is not known."""
    return _FONTS.get(font.lower(), {}).get(code - _PRIVATE if code >= _PRIVATE else code, "")


def in_unicode(font: str, text: str) -> str:
    """Text in a font with the signs of a symbol font in Unicode; other characters and fonts as they are.

    Plain letters stay letters in the font Symbol: half of a sentence would be Greek.
    """
    if not is_symbol_font(font):
        return text
    letters = _LETTERS if font.lower() == "symbol" else ""
    return "".join(
        character if character in letters else sign_of(font, ord(character)) or character for character in text
    )

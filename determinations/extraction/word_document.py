"""The text of a Word document: its main part with tables, text boxes and page breaks."""

from collections.abc import Iterator
from typing import Any

from determinations.extraction.symbols import CHECKED, UNCHECKED, in_unicode, sign_of


def _word(name: str) -> str:
    return "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}" + name


_TEXT, _TAB, _BREAK, _RETURN = _word("t"), _word("tab"), _word("br"), _word("cr")
_PARAGRAPH, _CELL, _ROW, _VALUE = _word("p"), _word("tc"), _word("tr"), _word("val")
_RUN, _HIDDEN = _word("r"), f"{_word('rPr')}/{_word('vanish')}"
_SYMBOL, _FONT, _FONTS = _word("sym"), _word("font"), f"{_word('rPr')}/{_word('rFonts')}"
#: Fields of a form of Word 2003, which hold no text: a box, and a list of which one entry is chosen.
_BOX, _CHOICES = _word("checkBox"), _word("ddList")
_CHECKED, _RESULT, _DEFAULT, _ENTRY = _word("checked"), _word("result"), _word("default"), _word("listEntry")
_PAGE_END, _HYPHEN, _TEXT_BOX = _word("lastRenderedPageBreak"), _word("noBreakHyphen"), _word("txbxContent")
#: Moved and deleted text, and the copy of a text box for older programs.
_LEFT_OUT = frozenset(
    {
        _word("del"), _word("moveFrom"), _word("pPr"), _word("rPr"),
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)  # fmt: skip
_SIGNS = {_TAB: "\t", _RETURN: "\n", _HYPHEN: "-", _PAGE_END: "\f"}


def text_of_word(root: Any) -> str:
    """The text of ``document.xml``, tracked insertions included, deletions not, nor runs formatted as hidden."""
    return "".join(_word_pieces(root))


def _is_hidden(run: Any) -> bool:
    """Whether Word does not show the text: its writer formatted it as hidden."""
    hidden = run.find(_HIDDEN)
    return hidden is not None and _is_on(hidden)


def _is_on(property_: Any) -> bool:
    return property_.get(_VALUE) not in {"0", "false", "off"}


def _symbol(element: Any) -> str:
    """A sign from *Insert Symbol*; without its font, its code means nothing."""
    return sign_of(element.get(_FONT, ""), int(element.get(_word("char"), "0"), 16))


def _font(run: Any) -> str:
    fonts = run.find(_FONTS)
    return "" if fonts is None else fonts.get(_word("ascii"), "")


def _box(element: Any) -> str:
    """A box as it was left, or as the form has it if nobody touched it."""
    state = element.find(_CHECKED)
    if state is None:
        state = element.find(_DEFAULT)
    return CHECKED if state is not None and _is_on(state) else UNCHECKED


def _choice(element: Any) -> str:
    """The entry that was chosen, or that the form begins with."""
    entries = [entry.get(_VALUE, "") for entry in element.iterfind(_ENTRY)]
    number = element.find(_RESULT)
    if number is None:
        number = element.find(_DEFAULT)
    chosen = int(number.get(_VALUE, "0")) if number is not None else 0
    return entries[chosen] if 0 <= chosen < len(entries) else ""


#: Elements without text that Word shows as text.
_SHOWN = {_SYMBOL: _symbol, _BOX: _box, _CHOICES: _choice}


def _word_pieces(element: Any) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _LEFT_OUT or (tag == _RUN and _is_hidden(child)):
            continue
        if tag == _TEXT:
            text = child.text or ""
            yield in_unicode(_font(element), text) if element.tag == _RUN else text
        elif tag == _BREAK:
            yield "\f" if child.get(_word("type")) == "page" else "\n"
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag in _SHOWN:
            yield _SHOWN[tag](child)
        elif tag == _CELL:
            yield "".join(_word_pieces(child)).rstrip("\n") + "\t"
        elif tag == _ROW:
            yield "".join(_word_pieces(child)).rstrip("\t") + "\n"
        elif tag == _PARAGRAPH:
            yield "".join(_word_pieces(child)) + "\n"
        else:
            if tag == _TEXT_BOX:
                yield "\n"
            yield from _word_pieces(child)

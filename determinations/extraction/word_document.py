"""The text of a Word document: its main part with tables, text boxes and page breaks."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from lxml.etree import _Element

from determinations.extraction.symbols import CHECKED, UNCHECKED, in_unicode, sign_of
from determinations.extraction.word_styles import PARAGRAPH, RUN, TABLE, HidingStyles, is_on
from determinations.extraction.word_styles import name_of as _word

_TEXT, _TAB, _BREAK, _RETURN = _word("t"), _word("tab"), _word("br"), _word("cr")
_PARAGRAPH, _CELL, _ROW, _TABLE = _word("p"), _word("tc"), _word("tr"), _word("tbl")
_VALUE = _word("val")
_RUN, _HIDDEN = _word("r"), f"{_word('rPr')}/{_word('vanish')}"
_SYMBOL, _FONT, _FONTS = _word("sym"), _word("font"), f"{_word('rPr')}/{_word('rFonts')}"
#: Fields of a form of Word 2003, which may hold no text: a box, and a list of which one entry is chosen.
_BOX, _CHOICES = _word("checkBox"), _word("ddList")
_CHECKED, _RESULT, _DEFAULT, _ENTRY = _word("checked"), _word("result"), _word("default"), _word("listEntry")
_FIELD_PART, _FIELD_PART_TYPE = _word("fldChar"), _word("fldCharType")
_STYLE_OF = {
    _TABLE: f"{_word('tblPr')}/{_word('tblStyle')}",
    _PARAGRAPH: f"{_word('pPr')}/{_word('pStyle')}",
    _RUN: f"{_word('rPr')}/{_word('rStyle')}",
}
_PAGE_END, _HYPHEN, _TEXT_BOX = _word("lastRenderedPageBreak"), _word("noBreakHyphen"), _word("txbxContent")
#: Moved and deleted text, and the copy of a text box for older programs.
_LEFT_OUT = frozenset(
    {
        _word("del"), _word("moveFrom"), _word("pPr"), _word("rPr"),
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)  # fmt: skip
_SIGNS = {_TAB: "\t", _RETURN: "\n", _HYPHEN: "-", _PAGE_END: "\f"}


@dataclass(frozen=True, slots=True)
class _Place:
    """The styles of the table and the paragraph that an element stands in; None where they name none."""

    styles: HidingStyles
    table: str | None = None
    paragraph: str | None = None

    def hides(self, run: _Element) -> bool:
        """Whether Word does not show the run: its own format says so, or its styles do where that says nothing."""
        of_run = is_on(run.find(_HIDDEN))
        if of_run is not None:
            return of_run
        return self.styles.hide((TABLE, self.table), (PARAGRAPH, self.paragraph), (RUN, _style_of(run)))

    def within(self, element: _Element) -> "_Place":
        """The place of what stands in this table or paragraph."""
        if element.tag == _TABLE:
            return replace(self, table=_style_of(element))
        return replace(self, paragraph=_style_of(element))


def _style_of(element: _Element) -> str | None:
    style = element.find(_STYLE_OF[element.tag])
    return None if style is None else style.get(_VALUE)


def is_left_out(element: _Element) -> bool:
    """Whether an element is within deleted or moved text, or in a copy for older programs."""
    return any(around.tag in _LEFT_OUT for around in element.iterancestors())


def is_hidden(run: _Element, styles: HidingStyles) -> bool:
    """Whether Word does not show a run, by its own format, or by the styles or a hidden run around it."""
    place = _Place(styles)
    for tag in (_TABLE, _PARAGRAPH):
        around = next(run.iterancestors(tag), None)
        if around is not None:
            place = place.within(around)
    outer = next(run.iterancestors(_RUN), None)
    return place.hides(run) or (outer is not None and is_hidden(outer, styles))


def _symbol(element: _Element) -> str:
    """A sign from *Insert Symbol*; without its font, its code means nothing."""
    code = _number(element.get(_word("char"), ""), 16)
    return "" if code is None else sign_of(element.get(_FONT, ""), code)


def _number(printed: str, base: int = 10) -> int | None:
    try:
        return int(printed, base)
    except ValueError:
        return None


def _font(run: _Element) -> str:
    fonts = run.find(_FONTS)
    return "" if fonts is None else fonts.get(_word("ascii"), "")


def _box(element: _Element) -> str:
    """A box as it was left, or as the form has it if nobody touched it; empty if the field's result shows it."""
    if _has_result(element):
        return ""
    state = element.find(_CHECKED)
    if state is None:
        state = element.find(_DEFAULT)
    return CHECKED if is_on(state) else UNCHECKED


def _choice(element: _Element) -> str:
    """The entry that was chosen, or that the form begins with; empty if the field's result has it as text."""
    if _has_result(element):
        return ""
    entries = [entry.get(_VALUE, "") for entry in element.iterfind(_ENTRY)]
    number = element.find(_RESULT)
    if number is None:
        number = element.find(_DEFAULT)
    chosen = _number(number.get(_VALUE, "0")) if number is not None else 0
    return entries[chosen] if chosen is not None and 0 <= chosen < len(entries) else ""


def _has_result(element: _Element) -> bool:
    """Whether the field that a box or list belongs to has text of its own, which is read as all other text."""
    start = next(element.iterancestors(_FIELD_PART), None)
    run = None if start is None else start.getparent()
    if start is None or run is None:
        return False
    is_result = False
    for beside in chain(start.itersiblings(), run.itersiblings()):
        for part in beside.iter(_FIELD_PART, _TEXT, _SYMBOL):
            if part.tag == _FIELD_PART:
                if part.get(_FIELD_PART_TYPE) != "separate":  # this field ends, or another begins
                    return False
                is_result = True
            elif is_result and (part.tag == _SYMBOL or (part.text or "").strip()):
                return True
    return False


#: Elements without text that Word shows as text.
_SHOWN = {_SYMBOL: _symbol, _BOX: _box, _CHOICES: _choice}


def text_of_word(root: _Element, styles: HidingStyles) -> str:
    """The text of ``document.xml``, tracked insertions included, deletions not, nor runs that are hidden."""
    return "".join(_word_pieces(root, _Place(styles)))


def _word_pieces(element: _Element, place: _Place) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _LEFT_OUT or (tag == _RUN and place.hides(child)):
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
            yield "".join(_word_pieces(child, place)).rstrip("\n") + "\t"
        elif tag == _ROW:
            yield "".join(_word_pieces(child, place)).rstrip("\t") + "\n"
        elif tag == _PARAGRAPH:
            yield "".join(_word_pieces(child, place.within(child))) + "\n"
        else:
            if tag == _TEXT_BOX:
                yield "\n"
            yield from _word_pieces(child, place.within(child) if tag == _TABLE else place)

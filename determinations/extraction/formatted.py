"""The text of formatted documents: Word, OpenDocument, RTF and HTML. Formatting is dropped; page breaks are kept."""

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import html_text
from lxml.etree import LxmlError, ParserError, XMLParser, fromstring
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from striprtf.striprtf import remove_pict_groups, rtf_to_text

from determinations.extraction.kinds import HEAD, Kind, text_encoding
from determinations.extraction.open_document import text_of_open_document
from determinations.extraction.plain import extracted_plain_text
from determinations.extraction.results import Damaged, ExtractedText, Limits
from determinations.extraction.rtf_changes import without_what_is_not_shown
from determinations.extraction.rtf_marks import with_marks_as_text
from determinations.extraction.symbols import CHECKED, UNCHECKED, in_unicode, sign_of

#: What documents and messages from elsewhere are written in.
_ENCODINGS = (
    *(f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 14, 15)),
    *(f"cp{number}" for number in range(1250, 1259)),
    "cp437", "cp850", "cp932", "cp936", "cp949", "cp950", "mac-roman", "koi8-r", "gb2312", "gbk", "gb18030", "big5",
    "shift_jis", "euc-jp", "euc-kr", "iso2022-jp", "utf-7", "utf-16",
)  # fmt: skip
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
#: The window title, which is not on the page; and preformatted lines, which html_text would join.
_TITLE = re.compile(r"<title\b.*?</title\s*>", re.IGNORECASE | re.DOTALL)
_PREFORMATTED = re.compile(r"<pre\b.*?(</pre\s*>|\Z)", re.IGNORECASE | re.DOTALL)
#: The style of an element that a browser does not show, such as the preview line of an e-mail.
_NOT_SHOWN = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
#: Fields of an HTML form, by the types of input that show a mark, or what was typed.
_MARKED_INPUTS = frozenset({"checkbox", "radio"})
_TYPED_INPUTS = frozenset({"text", "date", "email", "month", "number", "search", "tel", "time", "url"})
#: A picture in an RTF file: thousands of digits that are not text.
_RTF_PICTURE = re.compile(rb"[0-9A-Fa-f\r\n]{1000,}")
#: striprtf prints bars for cells, and a line end for a page break.
_RTF_CELL, _RTF_PAGE = re.compile(r"\\cell(?![a-z])"), re.compile(r"\\page(?![a-z])")


def read_formatted_text(kind: Kind, data: bytes, limits: Limits) -> ExtractedText:
    """The text of a Word, OpenDocument, RTF or HTML document. Raises ``Unreadable``."""
    try:
        match kind:
            case Kind.WORD:
                text = word_to_text(data)
            case Kind.OPEN_TEXT:
                text = open_document_to_text(data)
            case Kind.RTF:
                text = rtf_as_text(data)
            case _:
                text = html_to_text(data)
    except (
        LxmlError,
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ) as fault:  # fmt: skip - raised by the libraries on damaged files
        raise Damaged("The document cannot be opened: it is damaged.") from fault
    return extracted_plain_text(text, limits)


def warm_up() -> None:
    """Load what the libraries load on first use: no file can be opened afterwards."""
    for name in _ENCODINGS:
        codecs.lookup(name)
    html_to_text(b"<p>a</p>")
    rtf_as_text(rb"{\rtf1\ansi\ansicpg1252 a}")
    fromstring(b"<a/>", _parser())


def html_to_text(data: bytes | str) -> str:
    """The text that a browser would show; what only a style sheet hides is not known to be hidden."""
    source = data if isinstance(data, str) else _decoded_html(data)
    source = _TITLE.sub("", source)
    source = _PREFORMATTED.sub(lambda stretch: stretch[0].replace("\n", "<br>"), source)
    # Otherwise everything below the 254th level is silently lost; long reply chains are nested that deeply.
    parser = HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = document_fromstring(source.encode(), parser)
    except ParserError:  # the page has no element
        return ""
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):  # the limit is now 2,048 levels
        raise ValueError("The page is nested too deeply.")
    for element in root.xpath("*/descendant-or-self::*[@hidden or @style]"):
        if "hidden" in element.attrib or _NOT_SHOWN.search(element.get("style", "")):
            element.drop_tree()
    _fill_in_fields(root)
    return html_text.extract_text(root)


def _fill_in_fields(root: HtmlElement) -> None:
    """Make text of what the fields of a form show: check marks, entered values, the chosen option of a list."""
    for choices in list(root.iter("select")):
        options = list(choices.iter("option"))
        chosen = [option for option in options if "selected" in option.attrib]
        if not chosen and "multiple" not in choices.attrib:
            chosen = options[:1]
        for option in options:
            if option not in chosen:
                option.drop_tree()
    for entry in list(root.iter("input")):
        kind = entry.get("type", "text").lower()
        if kind in _MARKED_INPUTS:
            entry.text = CHECKED if "checked" in entry.attrib else UNCHECKED
        elif kind in _TYPED_INPUTS:
            entry.text = entry.get("value", "")
        entry.tag = "span"


def _decoded_html(data: bytes) -> str:
    declared = _CHARSET.search(data[:HEAD])
    encoding = text_encoding(data[:HEAD]) or "cp1252"
    if declared and encoding == "cp1252":
        try:
            return data.decode(declared[1].decode())
        except (LookupError, UnicodeDecodeError):
            pass
    return data.decode(encoding, errors="replace")


def rtf_as_text(data: bytes) -> str:
    """The text of an RTF document, tracked insertions included, deletions and hidden text not. Check
    marks and choices of a form are text."""
    source = without_what_is_not_shown(remove_pict_groups(_RTF_PICTURE.sub(b"", data).decode("latin-1")))
    source = with_marks_as_text(source)
    source = _RTF_PAGE.sub("\f", _RTF_CELL.sub(r"\\tab", source))
    return rtf_to_text(source, errors="replace")


# Word


def word_to_text(data: bytes) -> str:
    """The text of a Word document: its main part, text boxes and tracked insertions included, deletions not,
    nor what is formatted as hidden where it stands (a style that hides is not followed). Check marks and what was
    chosen in the fields of a form are text."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = fromstring(package.read("word/document.xml"), _parser())
    return _EMPTY_PAGE.sub("\f", "".join(_word_pieces(root)))


def open_document_to_text(data: bytes) -> str:
    """The text of an OpenDocument text."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = fromstring(package.read("content.xml"), _parser())
    return _EMPTY_PAGE.sub("\f", text_of_open_document(root))


def _parser() -> XMLParser:
    """Entities are not resolved: they could expand a small document into a large one, or read other files."""
    return XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)


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
#: A manual page break, and where Word last started a page.
_EMPTY_PAGE = re.compile(r"\f\s*\f")
#: Moved and deleted text, and the copy of a text box for older programs.
_LEFT_OUT = frozenset(
    {
        _word("del"), _word("moveFrom"), _word("pPr"), _word("rPr"),
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)  # fmt: skip
_SIGNS = {_TAB: "\t", _RETURN: "\n", _HYPHEN: "-", _PAGE_END: "\f"}


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

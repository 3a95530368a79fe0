"""The text of formatted documents: Word, OpenDocument, RTF and HTML. Formatting is dropped; page breaks are kept."""

import codecs
import io
import logging
import re
import zipfile
import zlib

import html_text
from lxml.etree import LxmlError, ParserError, XMLParser, _Element, fromstring
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from striprtf.striprtf import remove_pict_groups, rtf_to_text

from determinations.extraction.kinds import HEAD, Kind, text_encoding
from determinations.extraction.open_document import text_of_open_document
from determinations.extraction.plain import extracted_plain_text
from determinations.extraction.results import Damaged, ExtractedText, Limits
from determinations.extraction.rtf_changes import without_what_is_not_shown
from determinations.extraction.rtf_marks import with_marks_as_text
from determinations.extraction.symbols import CHECKED, UNCHECKED
from determinations.extraction.word_data import fill_in_controls
from determinations.extraction.word_document import text_of_word
from determinations.extraction.word_styles import HidingStyles, hiding_styles

logger = logging.getLogger(__name__)

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
#: What the style of an element says about showing it: ``none`` for such as the preview line of an e-mail.
_DISPLAY = re.compile(r"(?:^|;)\s*display\s*:\s*([a-z-]+)", re.IGNORECASE)
#: Fields of an HTML form, by the types of input that show a mark, or nothing that was typed.
_MARKED_INPUTS = frozenset({"checkbox", "radio"})
#: Any other type, or an unknown one, is a field for text.
_INPUTS_WITHOUT_TEXT = frozenset(
    {"button", "color", "file", "hidden", "image", "password", "range", "reset", "submit"}
)
#: A picture in an RTF file: thousands of digits that are not text.
_RTF_PICTURE = re.compile(rb"[0-9A-Fa-f\r\n]{1000,}")
#: A manual page break, and where Word last started a page.
_EMPTY_PAGE = re.compile(r"\f\s*\f")
#: striprtf prints bars for cells, and a line end for a page break.
_RTF_CELL, _RTF_PAGE = re.compile(r"\\cell(?![a-z])"), re.compile(r"\\page(?![a-z])")


def read_formatted_text(kind: Kind, data: bytes, limits: Limits) -> ExtractedText:
    """The text of a Word, OpenDocument, RTF or HTML document. Raises ``Unreadable``."""
    try:
        match kind:
            case Kind.WORD:
                text = word_to_text(data, limits)
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
        shown = _DISPLAY.findall(element.get("style", ""))
        if "hidden" in element.attrib or (shown and shown[-1].lower() == "none"):
            element.drop_tree()
    _fill_in_fields(root)
    return html_text.extract_text(root)


def _fill_in_fields(root: HtmlElement) -> None:
    """Make text of what the fields of a form show: check marks, entered values, the chosen option of a list."""
    for suggestions in list(root.iter("datalist")):
        suggestions.drop_tree()
    for choices in list(root.iter("select")):
        options = list(choices.iter("option"))
        chosen = [option for option in options if "selected" in option.attrib]
        if "multiple" not in choices.attrib:
            chosen = chosen[-1:] or options[:1]
        for option in options:
            if option not in chosen:
                option.drop_tree()
    for entry in list(root.iter("input")):
        kind = entry.get("type", "").strip().lower()
        if kind in _MARKED_INPUTS:
            entry.text = CHECKED if "checked" in entry.attrib else UNCHECKED
        elif kind not in _INPUTS_WITHOUT_TEXT:
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


def word_to_text(data: bytes, limits: Limits) -> str:
    """The text of a Word document: its main part, text boxes and tracked insertions included, deletions not.

    What is hidden by its own format or by a style is left out. Check marks and what was chosen in the fields of a form
    are text. Content controls that are mapped to data have the text of the data. Raises ``TooLarge``.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = fromstring(package.read("word/document.xml"), _parser())
        part = _part(package, "word/styles.xml")
        styles = HidingStyles() if part is None else hiding_styles(part)
        fill_in_controls(root, package, lambda name: _part(package, name), styles, limits)
    return _EMPTY_PAGE.sub("\f", text_of_word(root, styles))


def open_document_to_text(data: bytes) -> str:
    """The text of an OpenDocument text; what a style hides is left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = fromstring(package.read("content.xml"), _parser())
        styles = _part(package, "styles.xml")
    return _EMPTY_PAGE.sub("\f", text_of_open_document(root, styles))


def _part(package: zipfile.ZipFile, name: str) -> _Element | None:
    """A part that says what is shown, and how; None if it is missing or damaged: the text is read without it."""
    if name not in package.namelist():
        return None
    try:
        return fromstring(package.read(name), _parser())
    except (LxmlError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as fault:
        logger.warning("A document's %s is damaged (%s); the text is read without it.", name, type(fault).__name__)
        return None


def _parser() -> XMLParser:
    """Entities are not resolved: they could expand a small document into a large one, or read other files."""
    return XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)

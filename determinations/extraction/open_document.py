"""The text of an OpenDocument text, as LibreOffice saves it: paragraphs, tables and page breaks."""

import re
from collections.abc import Iterator

from lxml.etree import _Element

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"


def _name(prefix: str, name: str) -> str:
    return _NAMESPACE % prefix + name


_PARAGRAPHS = frozenset({_name("text", "p"), _name("text", "h")})
_SPACES, _TAB, _BREAK = _name("text", "s"), _name("text", "tab"), _name("text", "line-break")
_PAGE_END = _name("text", "soft-page-break")
_CELL, _ROW = _name("table", "table-cell"), _name("table", "table-row")
#: Deleted text, comments, and metadata.
_LEFT_OUT = frozenset(
    {_name("text", "tracked-changes"), _name("office", "annotation"), _name("text", "sequence-decls")}
)
_SIGNS = {_TAB: "\t", _BREAK: "\n", _PAGE_END: "\f"}
_STYLE, _STYLE_NAME, _IN_STYLE = _name("style", "style"), _name("style", "name"), _name("text", "style-name")
_PROPERTIES, _BREAK_BEFORE = _name("style", "paragraph-properties"), _name("xsl-fo-compatible", "break-before")
_BODY = _name("office", "body")
#: White space in the file is one space; more are written as elements.
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_MOST_SPACES = 1_000


def text_of_open_document(root: _Element) -> str:
    """The text of ``content.xml``; each page ends with a form feed."""
    body = root.find(_BODY)
    if body is None:
        raise ValueError("The document has no body.")
    page_starts = {
        style.get(_STYLE_NAME)
        for style in root.iter(_STYLE)
        for properties in style.iter(_PROPERTIES)
        if properties.get(_BREAK_BEFORE) == "page"
    }
    return "".join(_pieces(body, page_starts))


def _pieces(element: _Element, page_starts: set[str]) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _PARAGRAPHS:
            if child.get(_IN_STYLE) in page_starts:
                yield "\f"
            yield "".join(_within(child, page_starts)) + "\n"
        elif tag == _CELL:
            yield "".join(_pieces(child, page_starts)).rstrip("\n") + "\t"
        elif tag == _ROW:
            yield "".join(_pieces(child, page_starts)).rstrip("\t") + "\n"
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag not in _LEFT_OUT:
            yield from _pieces(child, page_starts)


def _within(element: _Element, page_starts: set[str]) -> Iterator[str]:
    """The text of a paragraph, of spans in it, and of text boxes anchored to it."""
    yield _WHITE_SPACE.sub(" ", element.text or "")
    for child in element:
        tag = child.tag
        if tag == _SPACES:
            yield " " * min(int(child.get(_name("text", "c"), "1")), _MOST_SPACES)
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag in _PARAGRAPHS:
            yield "\n" + "".join(_within(child, page_starts)) + "\n"
        elif tag not in _LEFT_OUT:
            yield from _within(child, page_starts)
        yield _WHITE_SPACE.sub(" ", child.tail or "")

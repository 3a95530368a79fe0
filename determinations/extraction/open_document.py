"""The text of an OpenDocument text, as LibreOffice saves it: paragraphs, tables and page breaks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml.etree import _Element

from determinations.extraction.inheritance import inherited

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
_BODY, _SECTION, _SPAN = _name("office", "body"), _name("text", "section"), _name("text", "span")
#: What hides text: ``text:display="none"`` of a style, or of a section.
_TEXT_PROPERTIES, _DISPLAY = _name("style", "text-properties"), _name("text", "display")
_DEFAULT_STYLE, _FAMILY, _PARENT = (_name("style", name) for name in ("default-style", "family", "parent-style-name"))
_FAMILY_OF_PARAGRAPHS = "paragraph"
#: White space in the file is one space; more are written as elements.
_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_MOST_SPACES = 1_000


@dataclass(frozen=True, slots=True)
class _Styles:
    """The names of paragraph styles that begin a page, and of styles that hide text or show it again, by family.

    A style of ``content.xml`` replaces one of the same family and name in ``styles.xml``. An empty name is the default
    style of a family.
    """

    page_starts: frozenset[str]
    hides: Mapping[tuple[str, str], bool]

    def hide(self, element: _Element, otherwise: bool) -> bool:
        """Whether the text of a paragraph or span is hidden by its style; ``otherwise`` if that does not say."""
        family = _FAMILY_OF_PARAGRAPHS if element.tag in _PARAGRAPHS else "text"
        return self.hides.get((family, element.get(_IN_STYLE, "")), otherwise)


def text_of_open_document(root: _Element, more_styles: _Element | None = None) -> str:
    """The text of ``content.xml``; each page ends with a form feed. ``more_styles`` is ``styles.xml``."""
    body = root.find(_BODY)
    if body is None:
        raise ValueError("The document has no body.")
    return "".join(_pieces(body, _read_styles(*(part for part in (more_styles, root) if part is not None))))


def _read_styles(*parts: _Element) -> _Styles:
    page_starts: set[str] = set()
    own: dict[tuple[str, str], bool | None] = {}
    parents: dict[tuple[str, str], tuple[str, str]] = {}
    for style in (style for part in parts for kind in (_DEFAULT_STYLE, _STYLE) for style in part.iter(kind)):
        name, family = style.get(_STYLE_NAME, ""), style.get(_FAMILY, "")
        key = family, name
        if family == _FAMILY_OF_PARAGRAPHS:
            starts_page = any(properties.get(_BREAK_BEFORE) == "page" for properties in style.iter(_PROPERTIES))
            page_starts.discard(name)
            if starts_page:
                page_starts.add(name)
        shown = [properties.get(_DISPLAY) for properties in style.iter(_TEXT_PROPERTIES) if properties.get(_DISPLAY)]
        own[key] = shown[-1] == "none" if shown else None
        if name:
            parents[key] = family, style.get(_PARENT, "")
    hides = {key: said for key in own if (said := inherited(key, own, parents)) is not None}
    return _Styles(frozenset(page_starts), hides)


def _pieces(element: _Element, styles: _Styles) -> Iterator[str]:
    for child in element:
        tag = child.tag
        if tag in _PARAGRAPHS:
            if child.get(_IN_STYLE) in styles.page_starts:
                yield "\f"
            yield "".join(_within(child, styles, styles.hide(child, False))) + "\n"
        elif tag == _CELL:
            yield "".join(_pieces(child, styles)).rstrip("\n") + "\t"
        elif tag == _ROW:
            yield "".join(_pieces(child, styles)).rstrip("\t") + "\n"
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag not in _LEFT_OUT and not (tag == _SECTION and child.get(_DISPLAY) == "none"):
            yield from _pieces(child, styles)


def _within(element: _Element, styles: _Styles, hidden: bool) -> Iterator[str]:
    """The text of a paragraph, of spans in it, and of text boxes anchored to it; ``hidden``: its own is not shown."""
    if not hidden:
        yield _WHITE_SPACE.sub(" ", element.text or "")
    for child in element:
        tag = child.tag
        if tag == _SPACES:
            yield "" if hidden else " " * min(int(child.get(_name("text", "c"), "1")), _MOST_SPACES)
        elif tag in _SIGNS:
            yield "" if hidden else _SIGNS[tag]
        elif tag in _PARAGRAPHS:
            yield "\n" + "".join(_within(child, styles, styles.hide(child, False))) + "\n"
        elif tag not in _LEFT_OUT:
            yield from _within(child, styles, styles.hide(child, hidden) if tag == _SPAN else hidden)
        if not hidden:
            yield _WHITE_SPACE.sub(" ", child.tail or "")

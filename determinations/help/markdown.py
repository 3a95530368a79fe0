"""Pages of help as HTML: Markdown without HTML in it, so that everything written is escaped.

Links lead to other pages of help, as ``[words](help:slug)``; pictures are files of ``static/help``, named without
their ending, in a light and a dark version.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from determinations.help.pages import HelpPage
from determinations.help.pictures import PICTURES

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_LINK = "help:"
#: A table that is wider than the screen scrolls, also by keyboard.
_TABLE = '<div class="table-frame" role="region" aria-label="Table" tabindex="0"><table class="data">'


class BadLink(Exception):
    """A page links to something else than a page of help."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a page, and its place in it."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as HTML, with its headings."""

    html: SafeString
    headings: tuple[Heading, ...]


@cache
def rendered(page: HelpPage) -> Rendered:
    """The page as HTML. Raises :class:`BadLink`, and ``KeyError`` for a picture that does not exist."""
    tokens = _parser().parse(page.text)
    headings = tuple(_number_headings(tokens))
    for token in _inline(tokens):
        if token.type == "link_open":
            token.attrSet("href", _address(page, str(token.attrGet("href"))))
    html: str = _parser().renderer.render(tokens, _parser().options, {})
    return Rendered(mark_safe(html), headings)  # noqa: S308 - the parser escapes everything that is written


@cache
def plain_paragraphs(page: HelpPage) -> Sequence[str]:
    """The words of each heading, paragraph, list entry and cell."""
    return [_words(token) for token in _parser().parse(page.text) if token.type == "inline"]


@cache
def bold_words(page: HelpPage) -> Sequence[str]:
    """What the page names as a button or label."""
    names: list[str] = []
    for token in _parser().parse(page.text):
        inside = False
        for child in token.children or ():
            if child.type == "strong_open":
                inside = True
                names.append("")
            elif child.type == "strong_close":
                inside = False
            elif inside:
                names[-1] += _content(child)
    return names


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # only here: few requests are for help

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _picture)
    parser.add_render_rule("table_open", lambda *_: _TABLE)
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    return parser


def _number_headings(tokens: "Sequence[Token]") -> Iterator[Heading]:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            heading = Heading(slugify(_words(inline)), _words(inline))
            token.attrSet("id", heading.anchor)
            if token.tag == "h2":
                yield heading


def _inline(tokens: "Sequence[Token]") -> "Iterator[Token]":
    for token in tokens:
        yield from token.children or ()


def _words(token: "Token") -> str:
    return "".join(map(_content, token.children or ()))


def _content(token: "Token") -> str:
    return " " if token.type == "softbreak" else token.content


def _address(page: HelpPage, link: str) -> str:
    if not link.startswith(_LINK):
        raise BadLink(f"{page.slug}: {link}")
    slug, _, anchor = link.removeprefix(_LINK).partition("#")
    return reverse("help_page", args=[slug]) + (f"#{anchor}" if anchor else "")


def _picture(self: object, tokens: "Sequence[Token]", at: int, options: object, env: object) -> str:
    """The picture in the version of the reader's color scheme. Its size is known, so nothing moves when it loads."""
    token = tokens[at]
    picture = PICTURES[str(token.attrGet("src"))]
    return format_html(
        '<picture><source srcset="{}" media="(prefers-color-scheme: dark)">'
        '<img src="{}" alt="{}" width="{}" height="{}" loading="lazy" decoding="async"></picture>',
        static(picture.file("dark")),
        static(picture.file("light")),
        token.content,
        picture.width,
        picture.height,
    )

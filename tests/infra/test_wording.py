"""Words that were replaced and must not come back to screens and messages."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.fixtures import ROOT

#: What to write instead, and the words that were replaced.
REPLACED = {
    "user, staff, reviewer, administrator": r"(some|any|no)body|a person|people",
    "appears, is listed, is shown, is": r"(?<!denial )stands?(?! it upright)|stood",
    "correct, fix": r"mend(s|ed|ing)?|puts? right",
    "per letter, per second": r"(letter|item|page|file|row|request)s (a|an) (second|minute|letter|item|page|task)",
    "no longer, does not exist, not found": r"(is|are) none|any more",
    "Recently overturned": r"overturned last",
    "American spelling": (
        r"\w*(authoris|organis|recognis|normalis|programme|labelled|grey|licence|(col|neighb|behavi|fav)our)\w*"
    ),
    "snooze, unassign, retry": r"let it rest|give to nobody|have it read again",
    "statistically significant": r"more than chance|may be chance",
    "unknown": r"not known",
    "on the relevant date": r"on the day",
    "no items match": r"nothing to count",
    "next to, with": r"beside",
}
_FORBIDDEN = re.compile(rf"\b({'|'.join(f'({words})' for words in REPLACED.values())})\b", re.IGNORECASE)
#: Literals in these are data, not messages: letters, and words that the parser looks for in letters.
_DATA = {"parsing", "synthetic", "migrations"}

_HIDDEN = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<(script|style)\b.*?</\1>", re.DOTALL)
_SHOWN_ATTRIBUTES = re.compile(r'\b(?:title|alt|placeholder|aria-label|content|data-confirm)="([^"]*)"')
_MARKUP = re.compile(r"{%.*?%}|{{.*?}}|<[^>]*>", re.DOTALL)
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|JOIN|WHERE)\b")


def texts_of_template(source: str) -> Iterator[str]:
    """What a browser shows of a template: its text, and titles and labels in attributes."""
    shown = _HIDDEN.sub(" ", source)
    yield from _SHOWN_ATTRIBUTES.findall(shown)
    yield _MARKUP.sub(" ", shown)


def messages_of_module(source: str) -> Iterator[str]:
    """The string literals of a module that hold several words, without docstrings and SQL."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() as text) if " " in text and id(node) not in docstrings:
                if not _SQL.search(text):
                    yield text


def replaced_words(texts: Iterable[str]) -> list[str]:
    """Each replaced word with what surrounds it."""
    return [text[max(0, hit.start() - 30) : hit.end() + 30] for text in texts for hit in _FORBIDDEN.finditer(text)]


def test_replaced_words_do_not_come_back() -> None:
    found: dict[str, list[str]] = {}
    for path in _sources():
        name = str(path.relative_to(ROOT))
        texts = texts_of_template if path.suffix == ".html" else messages_of_module
        if words := replaced_words(texts(path.read_text())):
            found[name] = words
    assert not found


def _sources() -> Iterator[Path]:
    yield from (ROOT / "templates").rglob("*.html")
    for package in ("determinations", "imrsite"):
        yield from (path for path in (ROOT / package).rglob("*.py") if not _DATA & set(path.parts))


def test_replaced_words_are_found_in_templates_and_messages() -> None:
    template = '<p title="Nobody is here">{# somebody #}{% if stands %}Overturned{% endif %} last</p>'
    assert replaced_words(texts_of_template(template)) == ["Nobody is here"]
    module = (
        '"""People."""\n\ndef say() -> str:\n    """Mend it."""\n    return f"12 letters a second, {1} neighbours"\n'
    )
    assert replaced_words(messages_of_module(module)) == ["12 letters a second, ", " neighbours"]

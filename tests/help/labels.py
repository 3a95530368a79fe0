"""The labels of the product: what its templates show between two tags, and the texts of its modules."""

import ast
import html
import re
from collections.abc import Iterator
from functools import cache

from tests.fixtures import ROOT
from tests.infra.test_wording import texts_of_template

_TAGS = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", re.DOTALL)
#: Where the labels of modules are.
_LABELS_OF = {
    "models",
    "wording",
    "statistics",
    "filters",
    "views",
    "duties",
    "browsing",
    "operations",
    "access",
    "codes.py",
}
#: What begins or ends a label without belonging to it: ``Apply 12 rows``, ``Name:``.
_AROUND = " \n\t.,:;()“”·…|"


@cache
def labels() -> frozenset[str]:
    """Every label, without the signs around it."""
    return frozenset(plain(label) for label in (*_of_templates(), *_of_modules()))


def plain(label: str) -> str:
    """A label in one line, without the signs around it."""
    return " ".join(html.unescape(label).split()).strip(_AROUND)


def _of_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        if path.parent.name == "help":
            continue
        source = path.read_text(encoding="utf-8")
        yield from _TAGS.sub("\0", source).split("\0")
        yield from (label for text in texts_of_template(source) for label in _TAGS.sub("\0", text).split("\0"))


def _of_modules() -> Iterator[str]:
    for path in (ROOT / "determinations").rglob("*.py"):
        if not _LABELS_OF & set(path.relative_to(ROOT / "determinations").parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value

"""Which styles of a Word document hide text: a paragraph or run in such a style is not shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml.etree import _Element

from determinations.extraction.inheritance import inherited

NAMESPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def name_of(name: str) -> str:
    """The full name of an element or attribute of a Word document."""
    return NAMESPACE + name


_VALUE, _TYPE, _ID, _DEFAULT = name_of("val"), name_of("type"), name_of("styleId"), name_of("default")
_PROPERTIES, _VANISH, _BASE = name_of("rPr"), name_of("vanish"), name_of("basedOn")
_OF_DOCUMENT = "/".join(map(name_of, ("docDefaults", "rPrDefault", "rPr", "vanish")))
_OFF = frozenset({"0", "false", "off"})
#: Styles of tables, paragraphs and runs: text is shown again where two of them hide it.
TABLE, PARAGRAPH, RUN = "table", "paragraph", "character"


@dataclass(frozen=True, slots=True)
class HidingStyles:
    """What styles say about hiding text; empty for a document that has none.

    ``hides`` is by kind and ID of the style, with what it takes from the styles that it is based on. ``defaults`` are
    the IDs of the styles of paragraphs and runs that name none; ``everything``: the document's defaults hide.
    """

    hides: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    everything: bool = False

    def hide(self, *named: tuple[str, str | None]) -> bool:
        """Whether text of these styles, given by kind and ID, is hidden.

        Hiding is a toggle (ISO/IEC 29500-1, 17.7.3): of table, paragraph and run, two that hide show again, unless the
        defaults of the document hide.
        """
        levels = [self.hides.get((kind, style or self.defaults.get(kind, "")), False) for kind, style in named]
        return self.everything or sum(levels) % 2 == 1


def is_on(property_of_text: _Element | None) -> bool | None:
    """Whether a property such as ``vanish`` is on; None if it is not given."""
    return None if property_of_text is None else property_of_text.get(_VALUE) not in _OFF


def hiding_styles(root: _Element) -> HidingStyles:
    """What ``styles.xml`` says about hiding text."""
    own: dict[tuple[str, str], bool | None] = {}
    based_on: dict[tuple[str, str], tuple[str, str]] = {}
    defaults: dict[str, str] = {}
    for style in root.iterfind(name_of("style")):
        kind, style_id = style.get(_TYPE, PARAGRAPH), style.get(_ID, "")
        own[kind, style_id] = is_on(style.find(f"{_PROPERTIES}/{_VANISH}"))
        base = style.find(_BASE)
        if base is not None:
            based_on[kind, style_id] = kind, base.get(_VALUE, "")
        if style.get(_DEFAULT) is not None and style.get(_DEFAULT) not in _OFF:
            defaults[kind] = style_id
    return HidingStyles(
        {style: bool(inherited(style, own, based_on)) for style in own},
        defaults,
        bool(is_on(root.find(_OF_DOCUMENT))),
    )

"""What a style says itself or takes from the styles that it is based on, in any kind of document."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

_Style = TypeVar("_Style", bound=Hashable)


def inherited(style: _Style, own: Mapping[_Style, bool | None], parents: Mapping[_Style, _Style]) -> bool | None:
    """What the style says, or else the nearest of its parents; None if none does. A circle of styles says nothing."""
    seen: set[_Style] = set()
    at: _Style | None = style
    while at is not None and at not in seen:
        if (said := own.get(at)) is not None:
            return said
        seen.add(at)
        at = parents.get(at)
    return None

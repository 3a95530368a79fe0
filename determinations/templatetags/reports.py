"""How a report is shown on its page."""

import base64
from collections.abc import Sequence

from django import template

register = template.Library()


@register.simple_tag
def drawing(svg: str) -> str:
    """The address of a chart that the page itself holds."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


@register.filter
def under(row: Sequence[str], heads: Sequence[str]) -> list[tuple[str, str]]:
    """The cells of a row, each with its head."""
    return list(zip(heads, row, strict=True))

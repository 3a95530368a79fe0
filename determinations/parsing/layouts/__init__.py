"""The page layouts of determination letters, and which one a text is in."""

from determinations.parsing.layouts.recognize import LAYOUTS, Layout, LayoutMatch, recognize_layout

__all__ = ["LAYOUTS", "Layout", "LayoutMatch", "recognize_layout"]

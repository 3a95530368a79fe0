"""The page layouts of determination letters, and which one a text is in."""

from determinations.parsing.layouts.recognise import LAYOUTS, Layout, Recognised, recognise_layout

__all__ = ["LAYOUTS", "Layout", "Recognised", "recognise_layout"]

"""The canvas of synthetic PDF files, whose streams are bytes, as those of real letters are.

As text (ASCII base 85), which the library prefers, they take a dozen times as long to write and a quarter more room.
"""

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

__all__ = ["Canvas"]

rl_config.useA85 = 0

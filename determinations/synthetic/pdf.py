"""Synthetic letters as PDF files in the layout of real ones, and kinds of PDF that cannot be read."""

from collections.abc import Sequence
from io import BytesIO
from zlib import crc32

from reportlab.lib.pagesizes import letter as us_letter
from reportlab.lib.pdfencrypt import StandardEncryption

from determinations.synthetic.canvas import Canvas
from determinations.synthetic.letters import SyntheticLetter

_FONT, _BOLD, _SIZE, _LEADING = "Times-Roman", "Times-Bold", 11.5, 14.0
_LEFT, _SECOND_COLUMN, _TOP = 72, 330, 724
_OWNER = "synthetic"


def letter_pdf(letter: SyntheticLetter) -> bytes:
    """The letter as PDF. Every fourth has an owner password that forbids changes, as public letters do."""
    guarded = crc32(letter.file_name.encode()) % 4 == 0
    return pages_pdf(letter.pages, _permissions_only() if guarded else None)


def pages_pdf(pages: Sequence[Sequence[str]], encryption: StandardEncryption | None = None) -> bytes:
    """A PDF with these pages of lines."""
    canvas, file = _canvas(encryption)
    for page in pages:
        _draw_lines(canvas, page)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def locked_pdf(letter: SyntheticLetter) -> bytes:
    """The letter as a password-protected PDF."""
    return pages_pdf(letter.pages, StandardEncryption("open sesame", ownerPassword=_OWNER, strength=128))


def scanned_pdf(letter: SyntheticLetter) -> bytes:
    """The letter as an unreadable scan: an image with gray lines in place of words, without text."""
    canvas, file = _canvas(None)
    for page in letter.pages:
        canvas.setFillGray(0.97)
        canvas.rect(18, 18, us_letter[0] - 36, us_letter[1] - 36, stroke=0, fill=1)
        canvas.setFillGray(0.35)
        for number, line in enumerate(page):
            if line.strip():
                canvas.rect(_LEFT, _TOP - number * _LEADING, len(line) * 4.8, 5, stroke=0, fill=1)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def damaged_pdf(letter: SyntheticLetter) -> bytes:
    """The first part of a letter's PDF, as after an interrupted upload."""
    whole = pages_pdf(letter.pages)
    return whole[: len(whole) // 3]


def _permissions_only() -> StandardEncryption:
    return StandardEncryption("", ownerPassword=_OWNER, canModify=0, canAnnotate=0, canCopy=0, strength=128)


def _canvas(encryption: StandardEncryption | None) -> tuple[Canvas, BytesIO]:
    """A new PDF canvas with reproducible output (``invariant``)."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=us_letter, pageCompression=1, invariant=1, encrypt=encryption)
    canvas.setTitle("Synthetic determination letter")
    canvas.setSubject("Synthetic: every person and fact in it is invented")
    canvas.setAuthor("A program")
    canvas.setKeywords(["synthetic"])
    return canvas, file


def _draw_lines(canvas: Canvas, lines: Sequence[str]) -> None:
    """Draw the lines of a page: headings in bold, text after a tab in a second column."""
    for number, line in enumerate(lines):
        if line.strip():
            canvas.setFont(_BOLD if line.isupper() else _FONT, _SIZE)
            height = _TOP - number * _LEADING
            for left, part in zip((_LEFT, _SECOND_COLUMN), line.split("\t"), strict=False):
                if part:
                    canvas.drawString(left, height, part)

"""Files for tests: synthetic PDFs, hostile ones too, and ZIP archives."""

import io
import zipfile
from typing import cast

import pypdf
import pypdfium2
from PIL import Image
from reportlab.lib.utils import ImageReader

from determinations.synthetic.canvas import Canvas


def pdf(*pages: str) -> bytes:
    """A PDF with these pages of text, one printed line for each line."""
    target = io.BytesIO()
    canvas = Canvas(target, invariant=True)
    for page in pages:
        for row, line in enumerate(page.splitlines()):
            canvas.drawString(72, 760 - 14 * row, line)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def locked_pdf(text: str, password: str = "secret") -> bytes:
    """A password-protected PDF."""
    target = io.BytesIO()
    canvas = Canvas(target, encrypt=password)
    canvas.drawString(72, 760, text)
    canvas.save()
    return target.getvalue()


def filled_form_pdf(value: str, *, has_appearance: bool = True, is_scan: bool = False) -> bytes:
    """A synthetic application with one line of text, a field with this value beside it, and a checked box.

    ``is_scan``: the line is within a picture of the page.
    """
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(400, 200))
    if is_scan:
        canvas.drawImage(ImageReader(Image.new("L", (400, 200), 250)), 0, 0, 400, 200)
    else:
        canvas.drawString(20, 150, "Claim number on this synthetic form:")
    canvas.acroForm.textfield(name="claim", value=value, x=220, y=140, width=160, height=24)
    canvas.acroForm.checkbox(name="expedited", checked=True, x=20, y=80, size=24)
    canvas.save()
    if has_appearance:
        return target.getvalue()
    writer, without = pypdf.PdfWriter(target), io.BytesIO()
    for annotation in writer.pages[0].annotations or ():
        del cast(pypdf.generic.DictionaryObject, annotation.get_object())["/AP"]
    writer.write(without)
    return without.getvalue()


def scanned_pdf(pages: int = 1) -> bytes:
    """Pages with a gray picture and no text."""
    target = io.BytesIO()
    canvas = Canvas(target)
    for _ in range(pages):
        canvas.rect(50, 50, 400, 600, fill=1)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def text_bomb_pdf(characters: int = 1_200_000) -> bytes:
    """A small file with more characters than are read: one compressed page that prints one word again and again."""
    target = io.BytesIO()
    canvas = Canvas(target, pageCompression=1)
    words = canvas.beginText(1, 1)
    words._code.append(f"({'bomb ' * 1000}) Tj\n" * (characters // 5000))
    canvas.drawText(words)
    canvas.save()
    return target.getvalue()


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP with these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as zip_file:
        for name, data in members.items():
            zip_file.writestr(name, data)
    return target.getvalue()


def picture_of(*pages: str, dpi: int = 200) -> list[Image.Image]:
    """Scanned pictures of these pages of text."""
    document = pypdfium2.PdfDocument(pdf(*pages))
    try:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil().copy() for page in document]
    finally:
        document.close()


def pdf_of_pictures(*pages: Image.Image | str, over: str = "", hidden: str = "") -> bytes:
    """A PDF of scanned pages and of pages of text. ``over`` is printed on each picture, ``hidden`` lies behind it."""
    target = io.BytesIO()
    canvas = Canvas(target, invariant=True)
    for page in pages:
        lines = page.splitlines() if isinstance(page, str) else [over] * bool(over)
        if not isinstance(page, str):
            canvas.drawImage(ImageReader(page), 0, 0, 595, 842)
            if hidden:
                behind = canvas.beginText(20, 800)
                behind.setTextRenderMode(3)
                behind.textLines(hidden)
                canvas.drawText(behind)
        for row, line in enumerate(lines):
            canvas.drawString(72, 820 - 14 * row, line)
        canvas.showPage()
    canvas.save()
    return target.getvalue()

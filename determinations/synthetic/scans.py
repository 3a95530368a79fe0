"""PDFs as scanners and fax machines return them: pages of pictures, in the qualities that offices receive.

Used by the command ``scan_variants`` and by tests. The dots of a bad line are drawn by a seeded generator, so that the
same letter always gives the same scan.
"""

import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pypdfium2
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader

from determinations.synthetic.canvas import Canvas

_POINTS_PER_INCH = 72
_WHITE = 255
_FAX_LINE = "02/10/2017 FRI 14:05  FAX 555 010 0100  SYNTHETIC OFFICE   @{page:03d}/{pages:03d}"
_STAMP = "Electronically filed 02/10/2017 14:05 - synthetic court - page {page} of {pages}"


@dataclass(frozen=True, slots=True)
class ScanKind:
    """How a page is scanned. ``dpi`` is across and down; a fax has fewer lines down than dots across."""

    dpi: tuple[int, int] = (200, 200)
    one_bit: bool = False
    jpeg_quality: int = 90
    faint: bool = False
    dots: float = 0.0  #: share of the page's dots that turn black, and as many white
    degrees: float = 0.0  #: counterclockwise
    fax_line: bool = False
    stamp: bool = False  #: a line of real text above the picture


_FINE_FAX = ScanKind(dpi=(204, 196), one_bit=True)

#: Every kind by its name.
SCAN_KINDS: Mapping[str, ScanKind] = {
    "grey-150": ScanKind(dpi=(150, 150)),
    "grey-200": ScanKind(),
    "grey-300": ScanKind(dpi=(300, 300)),
    "fax-fine": _FINE_FAX,
    "fax-standard": ScanKind(dpi=(204, 98), one_bit=True),
    "jpeg-30": ScanKind(jpeg_quality=30),
    "faint": ScanKind(faint=True),
    "dotted": ScanKind(dots=0.005),
    "askew": ScanKind(degrees=2),
    "sideways": ScanKind(degrees=90),
    "upside-down": ScanKind(degrees=180),
    "fax-line": replace(_FINE_FAX, fax_line=True, dots=0.001),
    "stamped": ScanKind(stamp=True),
}


def scanned(data: bytes, kind: ScanKind, seed: int = 0) -> bytes:
    """The PDF's pages as this kind of scan. The result is a PDF without text (but for a stamp)."""
    pages = list(scanned_pages(data, kind, seed))
    target = io.BytesIO()
    canvas = Canvas(target, invariant=True)
    for number, (picture, size) in enumerate(pages, 1):
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(picture), 0, 0, *size)
        if kind.stamp:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(36, size[1] - 16, _STAMP.format(page=number, pages=len(pages)))
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def scanned_pages(data: bytes, kind: ScanKind, seed: int = 0) -> Iterator[tuple[io.BytesIO, tuple[float, float]]]:
    """Each page as an encoded picture (PNG or JPEG) and its size in points."""
    chance = random.Random(seed)  # noqa: S311 - dots, not secrets
    document = pypdfium2.PdfDocument(data)
    try:
        for number in range(len(document)):
            page = document[number]
            wide, high = page.get_size()
            picture = _drawn(page, kind)
            if kind.fax_line:
                _draw_fax_line(picture, _FAX_LINE.format(page=number + 1, pages=len(document)))
            picture = _spoiled(picture, kind, chance)
            yield _encoded(picture, kind), (high, wide) if kind.degrees % 180 == 90 else (wide, high)
    finally:
        document.close()


def _drawn(page: pypdfium2.PdfPage, kind: ScanKind) -> Image.Image:
    """The page in grey at the kind's resolution, and at its angle."""
    across, down = kind.dpi
    finest = max(kind.dpi)
    picture = page.render(scale=finest / _POINTS_PER_INCH, grayscale=True).to_pil()
    if across != down:
        wide, high = page.get_size()
        size = (round(wide * across / _POINTS_PER_INCH), round(high * down / _POINTS_PER_INCH))
        picture = picture.resize(size, Image.Resampling.BOX)
    if kind.degrees % 90 == 0:
        turn = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
        return picture.transpose(turn[int(kind.degrees)]) if kind.degrees else picture
    return picture.rotate(kind.degrees, Image.Resampling.BICUBIC, fillcolor=_WHITE)


def _draw_fax_line(picture: Image.Image, line: str) -> None:
    ImageDraw.Draw(picture).text((picture.width // 20, 6), line, fill=0, font=ImageFont.load_default(22))


def _spoiled(picture: Image.Image, kind: ScanKind, chance: random.Random) -> Image.Image:
    if kind.faint:  # black becomes a light grey
        picture = picture.point([180 + value * 75 // 255 for value in range(256)])
    if kind.one_bit:
        picture = picture.point([0 if value < 128 else _WHITE for value in range(256)])
    for _ in range(int(kind.dots * picture.width * picture.height)):
        for shade in (0, _WHITE):
            picture.putpixel((chance.randrange(picture.width), chance.randrange(picture.height)), shade)
    return picture.convert("1", dither=Image.Dither.NONE) if kind.one_bit else picture


def _encoded(picture: Image.Image, kind: ScanKind) -> io.BytesIO:
    target = io.BytesIO()
    if kind.one_bit:
        picture.save(target, "PNG")
    else:
        picture.save(target, "JPEG", quality=kind.jpeg_quality)
    target.seek(0)
    return target

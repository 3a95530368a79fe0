"""Draws a PDF's pages, and locates ranges of text on them. Runs as a child process with limits.

``python -m determinations.extraction.picture`` reads one request as a line of JSON and then the file's bytes from the
standard input, and writes the answer to the standard output: a PNG for ``{"page": 0, "width": 1224, "turn": 0}``; for
``{"stretches": [[page, start, end], ...]}`` JSON, a list of boxes for each range, as fractions of the page; for
``{"count": true}`` the number of pages.
"""

import ctypes
import json
import math
import os
import resource
import struct
import sys
import zlib
from typing import Any

import pypdfium2.raw as pdfium

from determinations.extraction.confine import leave_network, limit
from determinations.extraction.kinds import HEAD, PICTURE_KINDS, kind_of
from determinations.extraction.results import LIMITS, Unreadable
from determinations.extraction.scanning.page_pictures import PictureFile
from determinations.extraction.scanning.preparing import turned
from determinations.extraction.upright import load_upright_text

_MEMORY = 768 * 1024 * 1024
_PROCESSOR_SECONDS = 20
_MOST_PIXELS = 8_000_000
_WHITE = 0xFFFFFFFF
_RETURN, _NEW_LINE = ord("\r"), ord("\n")


def draw_page(document: pdfium.FPDF_DOCUMENT, number: int, width: int, turn: int = 0) -> bytes:
    """One page (from 0), turned clockwise by these degrees, as a grayscale PNG of this width."""
    page = pdfium.FPDF_LoadPage(document, number)
    if not page:
        raise ValueError("no such page")
    try:
        wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        if not (0 < wide < 20_000 and 0 < high < 20_000):
            raise ValueError("a page without a valid size")
        if turn % 180:
            wide, high = high, wide
        height = max(1, math.ceil(width * high / wide))
        if width * height > _MOST_PIXELS:
            raise ValueError("the page is too large to draw")
        return _drawn(page, width, height, turn)
    finally:
        pdfium.FPDF_ClosePage(page)


def _drawn(page: pdfium.FPDF_PAGE, width: int, height: int, turn: int) -> bytes:
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        flags = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, turn // 90, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
        return grey_png(pixels, width, height, stride)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def grey_png(pixels: bytes, width: int, height: int, stride: int) -> bytes:
    """Rows of grayscale bytes as a PNG file."""
    rows = b"".join(b"\x00" + pixels[at * stride : at * stride + width] for at in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(rows, 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def find_boxes(document: pdfium.FPDF_DOCUMENT, stretches: list[list[int]]) -> list[list[list[float]]]:
    """For each range ``[page, start, end]`` of a page's text, its boxes ``[left, top, width, height]``, 0 to 1."""
    found: list[list[list[float]]] = [[] for _ in stretches]
    for number in sorted({stretch[0] for stretch in stretches}):
        page = pdfium.FPDF_LoadPage(document, number)
        if not page:
            continue
        text_page = load_upright_text(page)
        try:
            if text_page:
                kept = kept_characters(text_page)
                for at, (its_page, start, end) in enumerate(stretches):
                    if its_page == number:
                        found[at] = _boxes_of(page, text_page, kept, start, end)
        finally:
            if text_page:
                pdfium.FPDFText_ClosePage(text_page)
            pdfium.FPDF_ClosePage(page)
    return found


def kept_characters(text_page: pdfium.FPDF_TEXTPAGE) -> list[int]:
    """For each character of the page's stored text, pdfium's index of that character.

    pdfium counts hidden characters, and ends lines with two; the stored text has neither (see ``pdf``).
    """
    seen = [
        (at, pdfium.FPDFText_GetUnicode(text_page, at))
        for at in range(max(0, pdfium.FPDFText_CountChars(text_page)))
        if pdfium.FPDFText_GetTextIndexFromCharIndex(text_page, at) >= 0
    ]
    following = [code for _at, code in seen[1:]] + [0]
    return [
        at
        for (at, code), after in zip(seen, following, strict=True)
        if code and not (code == _RETURN and after == _NEW_LINE)
    ]


def _boxes_of(
    page: pdfium.FPDF_PAGE, text_page: pdfium.FPDF_TEXTPAGE, kept: list[int], start: int, end: int
) -> list[list[float]]:
    if not 0 <= start < end <= len(kept):
        return []
    first, last = kept[start], kept[end - 1]
    boxes = []
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    for at in range(pdfium.FPDFText_CountRects(text_page, first, last - first + 1)):
        references = [ctypes.byref(edge) for edge in (left, top, right, bottom)]
        if pdfium.FPDFText_GetRect(text_page, at, *references):
            boxes.append(_on_picture(page, (left.value, top.value), (right.value, bottom.value)))
    return boxes


def _on_picture(page: pdfium.FPDF_PAGE, one: tuple[float, float], other: tuple[float, float]) -> list[float]:
    """Two corners in page coordinates as a box in fractions of the picture; pdfium handles rotation and cropping."""
    scale = 10_000
    high = max(1, int(scale * pdfium.FPDF_GetPageHeightF(page) / pdfium.FPDF_GetPageWidthF(page)))
    corners = []
    for x, y in (one, other):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, scale, high, 0, x, y, ctypes.byref(across), ctypes.byref(down))
        corners.append((across.value / scale, down.value / high))
    (x1, y1), (x2, y2) = corners
    edges = (min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
    return [round(min(1.0, max(0.0, edge)), 5) for edge in edges]


def _confine() -> None:
    """Limit memory and time, and block the network. Files stay readable: drawing uses system fonts."""
    limit(_MEMORY)
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
    leave_network()


def _answer(request: dict[str, Any], data: bytes) -> bytes:
    if kind_of(data[:HEAD]) in PICTURE_KINDS:
        return _of_picture_file(request, data)
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise ValueError("the file does not open")
    try:
        if "count" in request:
            return json.dumps(pdfium.FPDF_GetPageCount(document)).encode()
        if "stretches" in request:
            return json.dumps(find_boxes(document, request["stretches"])).encode()
        return draw_page(document, request["page"], request["width"], request.get("turn", 0))
    finally:
        pdfium.FPDF_CloseDocument(document)


def _of_picture_file(request: dict[str, Any], data: bytes) -> bytes:
    """The same for a TIFF, PNG or JPEG file, whose text has places only for recognized words."""
    try:
        pages = PictureFile(data, LIMITS)
        if "count" in request:
            return json.dumps(pages.count).encode()
        if "stretches" in request:
            return json.dumps([[] for _ in request["stretches"]]).encode()
        picture = turned(pages.draw(request["page"]), request.get("turn", 0))
    except Unreadable as reason:
        raise ValueError(str(reason)) from reason
    width = request["width"]
    picture = picture.resize((width, max(1, math.ceil(width * picture.height / picture.width))))
    return grey_png(picture.tobytes(), *picture.size, width)


def main() -> None:
    """Answer one request; exits with status 3 on failure."""
    _confine()
    pdfium.FPDF_InitLibrary()
    request = json.loads(sys.stdin.buffer.readline())
    try:
        answer = _answer(request, sys.stdin.buffer.read())
    except (ValueError, MemoryError):
        os._exit(3)
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

"""Leaves out what is in layers of a page that are off (optional content).

pdfium does not draw it, but has it in the text (``findings/pdf-layers-that-are-off-are-read.sh``). Whether a layer is
on may depend on others, and on whether the page is shown or printed, so pdfium is asked: something that belongs to the
layer is drawn or not.

Drawings that belong to a layer as a whole (form XObjects with ``/OC``) stay in the text: pdfium does not tell their
layer.
"""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import pypdfium2.raw as pdfium

#: How the contents of a layer are marked.
_LAYER = "OC\0".encode("utf-16-le")
#: How many objects of a page are asked for their layers, and how many marks of layers are examined, which takes 40
#: microseconds each. What is beyond them stays in the text.
_MOST_OBJECTS, _MOST_LAYERS = 50_000, 5_000
#: Larger than any page.
_EVERYWHERE = (-1e6, -1e6, 2e6, 2e6)
_BLACK, _WHITE, _PIXELS = (0, 0, 0, 255), 0xFFFFFFFF, 4

#: The layers that an object belongs to, by their address, which objects between the same marks share.
_Layers = dict[int, pdfium.FPDF_PAGEOBJECTMARK]
_NO_LAYERS: _Layers = {}


def leave_out_hidden_layers(page: pdfium.FPDF_PAGE) -> bool:
    """Take what is in hidden layers out of the text of an open page; whether any layer is hidden.

    The objects keep their numbers. The file stays as it is, unless the page's content is generated.
    """
    placed = [(thing, layers) for thing in islice(_objects(page), _MOST_OBJECTS) if (layers := _layers_of(thing))]
    if not placed:
        return False
    all_layers: _Layers = {}
    for _thing, layers in placed:
        all_layers.update(layers)
    hidden = _hidden(page, all_layers)
    for thing, layers in placed:
        if not hidden.isdisjoint(layers):
            pdfium.FPDFPageObj_SetIsActive(thing, False)
    return bool(hidden)


def is_left_in(thing: pdfium.FPDF_PAGEOBJECT) -> bool:
    """Whether the object of a page was not left out."""
    is_active = pdfium.FPDF_BOOL()
    return not pdfium.FPDFPageObj_GetIsActive(thing, ctypes.byref(is_active)) or bool(is_active.value)


def _objects(page: pdfium.FPDF_PAGE) -> Iterator[pdfium.FPDF_PAGEOBJECT]:
    """The objects of a page, and those inside of them."""
    for number in range(pdfium.FPDFPage_CountObjects(page)):
        thing = pdfium.FPDFPage_GetObject(page, number)
        yield thing
        if pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _parts(thing)


def _parts(form: pdfium.FPDF_PAGEOBJECT) -> Iterator[pdfium.FPDF_PAGEOBJECT]:
    for number in range(pdfium.FPDFFormObj_CountObjects(form)):
        thing = pdfium.FPDFFormObj_GetObject(form, number)
        yield thing
        if pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _parts(thing)


def _layers_of(thing: pdfium.FPDF_PAGEOBJECT) -> _Layers:
    count = pdfium.FPDFPageObj_CountMarks(thing)
    if count == 1 and pdfium.FPDFPageObj_GetMarkedContentID(thing) >= 0:  # a paragraph, as nearly all are
        return _NO_LAYERS
    marks = (pdfium.FPDFPageObj_GetMark(thing, at) for at in range(count))
    return {ctypes.addressof(mark.contents): mark for mark in marks if _is_layer(mark)} if count > 0 else _NO_LAYERS


def _is_layer(mark: pdfium.FPDF_PAGEOBJECTMARK) -> bool:
    name, size = (ctypes.c_ushort * 3)(), ctypes.c_ulong()
    pdfium.FPDFPageObjMark_GetName(mark, name, len(_LAYER), ctypes.byref(size))
    return size.value == len(_LAYER) and bytes(name) == _LAYER


def _hidden(page: pdfium.FPDF_PAGE, layers: _Layers) -> set[int]:
    """Which of these layers are off."""
    things = [pdfium.FPDFPage_GetObject(page, number) for number in range(pdfium.FPDFPage_CountObjects(page))]
    with _left_out(things):
        if not _is_drawn(page):  # of a page without a size
            return set()
        return {address for address, layer in islice(layers.items(), _MOST_LAYERS) if not _is_drawn(page, layer)}


@contextmanager
def _left_out(things: Sequence[pdfium.FPDF_PAGEOBJECT]) -> Iterator[None]:
    """Within the block the page is empty."""
    for thing in things:
        pdfium.FPDFPageObj_SetIsActive(thing, False)
    yield
    for thing in things:
        pdfium.FPDFPageObj_SetIsActive(thing, True)


def _is_drawn(page: pdfium.FPDF_PAGE, layer: pdfium.FPDF_PAGEOBJECTMARK | None = None) -> bool:
    """Whether pdfium draws on the otherwise empty page what belongs to the layer, or to none."""
    everything = pdfium.FPDFPageObj_CreateNewRect(*_EVERYWHERE)
    pdfium.FPDFPageObj_SetFillColor(everything, *_BLACK)
    pdfium.FPDFPath_SetDrawMode(everything, pdfium.FPDF_FILLMODE_WINDING, False)
    if layer:
        pdfium.FPDFPageObj_AddExistingMark(everything, layer)
    pdfium.FPDFPage_InsertObject(page, everything)
    bitmap = pdfium.FPDFBitmap_CreateEx(_PIXELS, _PIXELS, pdfium.FPDFBitmap_Gray, None, 0)
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, _PIXELS, _PIXELS, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, _PIXELS, _PIXELS, 0, pdfium.FPDF_GRAYSCALE)
        return ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), 1) == b"\0"
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
        pdfium.FPDFPage_RemoveObject(page, everything)
        pdfium.FPDFPageObj_Destroy(everything)

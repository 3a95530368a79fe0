"""Layers of a page that are off: what is in them is neither read nor found, nor copied, as it is not drawn."""

import io
from typing import Any, cast

import pypdf
import pytest
from PIL import Image
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, RectangleObject, TextStringObject
from reportlab.lib.utils import ImageReader

from determinations.extraction.drawing import open_file
from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.results import LIMITS
from determinations.extraction.scanning.page_pictures import open_pages
from determinations.synthetic.canvas import Canvas

PAGE = (400, 200)
SHOWN, DRAFT, BELOW = (
    "Decision of this synthetic letter: Overturned",
    "Decision of the draft: Upheld",
    "Signed: J. Doe",
)
#: What of the page each line covers: left, top, right, bottom.
AREAS = {SHOWN: (0.0, 0.18, 1.0, 0.28), DRAFT: (0.0, 0.38, 1.0, 0.48), BELOW: (0.0, 0.58, 1.0, 0.68)}


def begin(canvas: Canvas, layer: str) -> None:
    canvas._code.append(f"/OC /{layer} BDC")


def end(canvas: Canvas) -> None:
    canvas._code.append("EMC")


def dictionary(**entries: Any) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})


def with_layers(drawn: bytes, *, on: bool = False) -> bytes:
    """The page with its layers: ``Final`` and ``Draft``, which is ``on`` or off, and ``Both`` if both are on."""
    writer, target = pypdf.PdfWriter(clone_from=io.BytesIO(drawn)), io.BytesIO()

    def named(kind: str, **entries: Any) -> pypdf.generic.IndirectObject:
        return writer._add_object(dictionary(Type=NameObject(f"/{kind}"), **entries))

    final, draft = (named("OCG", Name=TextStringObject(name)) for name in ("Final", "Draft"))
    layers = ArrayObject([final, draft])
    properties = dictionary(Final=final, Draft=draft, Both=named("OCMD", OCGs=layers, P=NameObject("/AllOn")))
    resources = cast(DictionaryObject, writer.pages[0]["/Resources"].get_object())
    drawings = cast(DictionaryObject, resources.get("/XObject", DictionaryObject()).get_object())
    for owner in (resources, *(drawing.get_object().get("/Resources") for drawing in drawings.values())):
        if owner is not None:
            cast(DictionaryObject, owner.get_object())[NameObject("/Properties")] = properties
    off = ArrayObject([] if on else [draft])
    writer.root_object[NameObject("/OCProperties")] = dictionary(OCGs=layers, D=dictionary(OFF=off, Order=layers))
    writer.write(target)
    return target.getvalue()


def letter(how: str = "Draft", *, on: bool = False) -> bytes:
    """Three lines. The second is in the draft layer or the rule ``Both``; in a drawing in the draft, or ``nested``."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=PAGE, invariant=True)
    if how == "in a drawing":
        canvas.beginForm("drawing")
        begin(canvas, "Draft")
        canvas.drawString(20, 110, DRAFT)
        end(canvas)
        canvas.endForm()
    begin(canvas, "Final")
    canvas.drawString(20, 150, SHOWN)
    if how != "nested":
        end(canvas)
    if how == "in a drawing":
        canvas.doForm("drawing")
    else:
        begin(canvas, "Both" if how == "Both" else "Draft")
        canvas.drawString(20, 110, DRAFT)
        end(canvas)
    if how == "nested":
        end(canvas)
    canvas.drawString(20, 70, BELOW)
    canvas.save()
    return with_layers(target.getvalue(), on=on)


def is_drawn(picture: Image.Image, line: str) -> bool:
    left, top, right, bottom = AREAS[line]
    wide, high = picture.size
    part = picture.crop((int(left * wide), int(top * high), int(right * wide), int(bottom * high)))
    return cast(int, part.getextrema()[0]) < 128


@pytest.mark.parametrize("how", ["Draft", "Both", "nested", "in a drawing"])
def test_a_layer_that_is_off_is_neither_drawn_nor_read(how: str) -> None:
    data = letter(how)
    picture = open_pages(data, LIMITS).draw(0).gray
    assert [is_drawn(picture, line) for line in AREAS] == [True, False, True]
    assert read_pdf_text(data).text.split("\n") == [SHOWN, BELOW]


@pytest.mark.parametrize("how", ["Draft", "Both", "nested"])
def test_a_layer_that_is_on_is_read(how: str) -> None:
    assert read_pdf_text(letter(how, on=True)).text.split("\n") == [SHOWN, DRAFT, BELOW]


def test_a_page_without_a_size_keeps_its_text() -> None:
    """Nothing is drawn on it, whatever the layer."""
    writer, target = pypdf.PdfWriter(clone_from=io.BytesIO(letter())), io.BytesIO()
    writer.pages[0].mediabox = RectangleObject((0, 0, 0.001, 0.001))
    writer.write(target)
    assert read_pdf_text(target.getvalue()).text.split("\n") == [SHOWN, DRAFT, BELOW]


def test_what_follows_a_layer_that_is_off_is_found_at_its_place() -> None:
    data = letter()
    text = read_pdf_text(data).text
    at = text.index(BELOW)
    ((place,),) = open_file(data, LIMITS).find([[0, at, at + len(BELOW)]])
    _left, top, _right, bottom = AREAS[BELOW]
    assert top < place[1] < place[1] + place[3] < bottom


@pytest.mark.parametrize("how", ["Draft", "Both", "nested"])
def test_a_copy_of_the_page_is_without_what_is_hidden(how: str) -> None:
    copied = open_file(letter(how), LIMITS).excerpt(0, 0)
    assert pypdf.PdfReader(io.BytesIO(copied)).pages[0].extract_text().split("\n") == [SHOWN, BELOW]
    picture = open_pages(copied, LIMITS).draw(0).gray
    assert [is_drawn(picture, line) for line in AREAS] == [True, False, True]


def test_a_picture_in_a_layer_that_is_off_does_not_make_it_a_picture_of_text() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=PAGE, invariant=True)
    canvas.drawString(20, 150, SHOWN)
    begin(canvas, "Draft")
    canvas.drawImage(ImageReader(Image.new("L", PAGE, 200)), 0, 0, *PAGE)
    end(canvas)
    canvas.save()
    for on, to_scan in ((False, ()), (True, (0,))):
        found = read_pdf_text(with_layers(target.getvalue(), on=on))
        assert (found.text, found.to_scan) == (SHOWN, to_scan)


def test_invisible_text_of_a_scan_is_read_from_a_layer_that_is_on() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=PAGE, invariant=True)
    begin(canvas, "Final")
    behind = canvas.beginText(20, 150)
    behind.setTextRenderMode(3)
    behind.textLine(SHOWN)
    canvas.drawText(behind)
    end(canvas)
    canvas.drawImage(ImageReader(Image.new("L", PAGE, 200)), 0, 0, *PAGE)
    canvas.save()
    assert read_pdf_text(with_layers(target.getvalue())).text == SHOWN


def test_fields_of_a_form_with_layers_are_read() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=PAGE, invariant=True)
    canvas.drawString(20, 150, "Claim number on this synthetic form:")
    begin(canvas, "Draft")
    canvas.drawString(20, 110, DRAFT)
    end(canvas)
    canvas.acroForm.textfield(name="claim", value="WC-12345", x=220, y=140, width=160, height=24)
    canvas.save()
    data = with_layers(target.getvalue())
    for file in (data, open_file(data, LIMITS).excerpt(0, 0)):
        assert read_pdf_text(file).text.split("\n") == ["Claim number on this synthetic form:", "WC-12345"]

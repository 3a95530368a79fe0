#!/usr/bin/env bash
# What surprises: to PDFium, a filled-in form is an empty form, whichever way it is read. The page's text has none of the
# field values, and neither has the drawn page, which is what text recognition works on: no claim number, no check mark.
# Yet the file holds the finished appearance of each field, viewers show it, and the options for drawing annotations and
# forms are on. Fields are annotations, but PDFium leaves this one kind to its form module, which must be started before
# a page is opened: init_forms() in pypdfium2. That changes only the drawing, not the text.
# A good engineer expects the picture to show what a viewer shows, as it does for other annotations, such as a stamp with
# the date of receipt. Applications for review and requests for treatment are forms of this kind. An empty field means
# something there, and nothing says that the field was not empty.
# pypdfium2's reference mentions the call under this option, and PDFium's header under the form module. At run time there
# is no hint. Remedy: start the form module, call flatten() on each page, save, and read the saved file.
#
# Versions: pypdfium2 5.15.2, pikepdf 10.18.0. Output seen:
#   values in the file: Claim=WC-12345 Expedited=/Yes
#   text of the page: 'Claim number:\r\nExpedited:'
#   drawn: claim number False, check mark False, stamp True
#   drawn after init_forms(): claim number True, check mark True, stamp True
#   text after init_forms(): 'Claim number:\r\nExpedited:'
#   drawn after flatten(): claim number True, check mark True, stamp True
#   text after flatten(): 'Claim number:\r\nExpedited:\r\nWC-12345'
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 pikepdf==10.18.0 pillow==13.0.0
cat >"$folder/form.py" <<'PYTHON'
import io

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name

CLAIM, MARK, STAMP = (100, 140, 280, 160), (100, 100, 120, 120), (300, 20, 380, 60)
HIGH = 200


def filled_form() -> bytes:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(400, HIGH)).obj
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    fonts = Dictionary(Font=Dictionary(Helv=font))

    def appearance(area: tuple[int, ...], drawing: bytes) -> pikepdf.Stream:
        box = Array([0, 0, area[2] - area[0], area[3] - area[1]])
        return pdf.make_stream(drawing, Type=Name.XObject, Subtype=Name.Form, BBox=box, Resources=fonts)

    def annotation(kind: Name, area: tuple[int, ...], look: object, **more: object) -> pikepdf.Object:
        entries = {"/Type": Name.Annot, "/Subtype": kind, "/Rect": Array(area), "/F": 4, "/AP": Dictionary(N=look)}
        return pdf.make_indirect(Dictionary({**entries, **{f"/{key}": value for key, value in more.items()}}))

    checked = Dictionary(Yes=appearance(MARK, b"4 4 12 12 re f"), Off=appearance(MARK, b""))
    claim = annotation(
        Name.Widget, CLAIM, appearance(CLAIM, b"/Tx BMC BT /Helv 12 Tf 2 5 Td (WC-12345) Tj ET EMC"),
        FT=Name.Tx, T="Claim", V="WC-12345", DA="/Helv 12 Tf 0 g",
    )
    mark = annotation(Name.Widget, MARK, checked, FT=Name.Btn, T="Expedited", V=Name.Yes, AS=Name.Yes)
    stamp = annotation(Name.Stamp, STAMP, appearance(STAMP, b"5 5 70 30 re f"))
    page.Annots = Array([claim, mark, stamp])
    page.Resources = fonts
    page.Contents = pdf.make_stream(
        b"BT /Helv 12 Tf 10 145 Td (Claim number:) Tj ET BT /Helv 12 Tf 10 105 Td (Expedited:) Tj ET"
    )
    pdf.Root.AcroForm = Dictionary(Fields=Array([claim, mark]), DR=fonts, DA="/Helv 12 Tf 0 g")
    file = io.BytesIO()
    pdf.save(file)
    return file.getvalue()


def flattened(data: bytes) -> bytes:
    document, file = pypdfium2.PdfDocument(data), io.BytesIO()
    document.init_forms()
    document[0].flatten()
    document.save(file)
    return file.getvalue()


def read(data: bytes, with_forms: bool) -> tuple[str, str]:
    document = pypdfium2.PdfDocument(data)
    if with_forms:
        document.init_forms()
    page = document[0]
    picture = page.render(may_draw_forms=True, draw_annots=True).to_pil().convert("L")

    def is_drawn(area: tuple[int, ...]) -> bool:
        left, bottom, right, top = area
        return picture.crop((left, HIGH - top, right, HIGH - bottom)).getextrema()[0] < 100

    drawn = f"claim number {is_drawn(CLAIM)}, check mark {is_drawn(MARK)}, stamp {is_drawn(STAMP)}"
    return drawn, ascii(page.get_textpage().get_text_range())


data = filled_form()
with pikepdf.open(io.BytesIO(data)) as pdf:
    print("values in the file:", *(f"{field.T}={field.V}" for field in pdf.Root.AcroForm.Fields))
drawn, text = read(data, with_forms=False)
print("text of the page:", text)
print("drawn:", drawn)
drawn, text = read(data, with_forms=True)
print("drawn after init_forms():", drawn)
print("text after init_forms():", text)
drawn, text = read(flattened(data), with_forms=False)
print("drawn after flatten():", drawn)
print("text after flatten():", text)
PYTHON
expected="values in the file: Claim=WC-12345 Expedited=/Yes
text of the page: 'Claim number:\r\nExpedited:'
drawn: claim number False, check mark False, stamp True
drawn after init_forms(): claim number True, check mark True, stamp True
text after init_forms(): 'Claim number:\r\nExpedited:'
drawn after flatten(): claim number True, check mark True, stamp True
text after flatten(): 'Claim number:\r\nExpedited:\r\nWC-12345'"
seen=$("$folder/venv/bin/python" "$folder/form.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

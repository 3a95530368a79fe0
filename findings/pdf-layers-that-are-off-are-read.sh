#!/usr/bin/env bash
# What surprises: a page shows "Decision: Overturned" and nothing else, and most Python readers of PDF text read "Decision:
# Upheld" after it, as a line like any other. That line is in a layer that is off (optional content). Programs for forms and
# drawings keep drafts, other languages and marks for print in layers, and viewers leave out those that are off.
#   - PDFium itself leaves the layer out of the picture of a page, and puts it into the text of the same page;
#   - so it is with each way to put text into a layer: around the text (BDC), as a drawing that belongs to a layer (OC on a
#     form), and by a rule over several layers (OCMD);
#   - PyMuPDF follows the first two, so a test with such a file passes; it does not follow the rule;
#   - nothing warns, and nothing in the text tells that a line is hidden.
# A good engineer expects what the page shows, at least from a reader that also draws pages. Whoever counts decisions in the
# text finds one that was never made, and people who look at the page do not see why. The PDF standard (ISO 32000) says what
# is shown and printed, and not what is text.
# Remedy: where the file has OCProperties, compare with the picture of the page, or leave it to a person.
#
# Versions: pypdfium2 5.15.2, pypdf 7.1.0, pdfminer.six 20260107, pdfplumber 0.11.10, PyMuPDF 2.0, pikepdf 10.18.0. Output seen:
#   BDC, picture by PDFium: Overturned
#   BDC, text: PDFium both, pypdf both, pdfminer.six both, pdfplumber both, PyMuPDF Overturned
#   OC, picture by PDFium: Overturned
#   OC, text: PDFium both, pypdf both, pdfminer.six both, pdfplumber both, PyMuPDF Overturned
#   OCMD, picture by PDFium: Overturned
#   OCMD, text: PDFium both, pypdf both, pdfminer.six both, pdfplumber both, PyMuPDF both
#   BDC, layer on, picture by PDFium: both
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 pypdf==7.1.0 \
    pdfminer.six==20260107 pdfplumber==0.11.10 pymupdf==2.0 pikepdf==10.18.0 pillow==13.0.0

cat >"$folder/layers.py" <<'PYTHON'
import io

import pdfplumber
import pikepdf
import pymupdf
import pypdf
import pypdfium2
from pdfminer.high_level import extract_text
from pikepdf import Array, Dictionary, Name

HIGH = 200
LINES = {"Overturned": 150, "Upheld": 100}


def line(decision: str) -> bytes:
    return b"BT /F 12 Tf 20 %d Td (Decision: %s) Tj ET " % (LINES[decision], decision.encode())


def letter(how: str, *, off: bool = True) -> bytes:
    """A page with a line in the final layer and one in the draft layer, which is off."""
    pdf, file = pikepdf.new(), io.BytesIO()
    page = pdf.add_blank_page(page_size=(300, HIGH)).obj
    final, draft = (pdf.make_indirect(Dictionary(Type=Name.OCG, Name=name)) for name in ("Final", "Draft"))
    configuration = Dictionary(OFF=Array([draft] if off else []), Order=Array([final, draft]))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([final, draft]), D=configuration)
    font = Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    both_on = pdf.make_indirect(Dictionary(Type=Name.OCMD, OCGs=Array([final, draft]), P=Name.AllOn))
    page.Resources = Dictionary(
        Font=font, Properties=Dictionary(Final=final, Draft=both_on if how == "OCMD" else draft)
    )
    hidden = b"/OC /Draft BDC " + line("Upheld") + b"EMC"
    if how == "OC":
        drawing = {"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 300, HIGH]), "/OC": draft}
        page.Resources.XObject = Dictionary(
            X=pdf.make_stream(line("Upheld"), {**drawing, "/Resources": Dictionary(Font=font)})
        )
        hidden = b"/X Do"
    page.Contents = pdf.make_stream(b"/OC /Final BDC " + line("Overturned") + b"EMC " + hidden)
    pdf.save(file)
    return file.getvalue()


def named(decisions: list[str]) -> str:
    return "both" if len(decisions) == len(LINES) else " ".join(decisions) or "none"


def in_picture(data: bytes) -> str:
    picture = pypdfium2.PdfDocument(data)[0].render().to_pil().convert("L")
    darkest = {
        decision: picture.crop((0, HIGH - height - 20, 300, HIGH - height + 10)).getextrema()[0]
        for decision, height in LINES.items()
    }
    return named([decision for decision, value in darkest.items() if value < 100])


def in_text(data: bytes) -> str:
    with pdfplumber.open(io.BytesIO(data)) as by_pdfplumber:
        texts = {
            "PDFium": pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range(),
            "pypdf": pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text(),
            "pdfminer.six": extract_text(io.BytesIO(data)),
            "pdfplumber": by_pdfplumber.pages[0].extract_text(),
            "PyMuPDF": pymupdf.open(stream=data)[0].get_text(),
        }
    return ", ".join(
        f"{reader} {named([decision for decision in LINES if decision in text])}" for reader, text in texts.items()
    )


for how in ("BDC", "OC", "OCMD"):
    print(f"{how}, picture by PDFium:", in_picture(letter(how)))
    print(f"{how}, text:", in_text(letter(how)))
print("BDC, layer on, picture by PDFium:", in_picture(letter("BDC", off=False)))
PYTHON
expected="BDC, picture by PDFium: Overturned
BDC, text: PDFium both, pypdf both, pdfminer.six both, pdfplumber both, PyMuPDF Overturned
OC, picture by PDFium: Overturned
OC, text: PDFium both, pypdf both, pdfminer.six both, pdfplumber both, PyMuPDF Overturned
OCMD, picture by PDFium: Overturned
OCMD, text: PDFium both, pypdf both, pdfminer.six both, pdfplumber both, PyMuPDF both
BDC, layer on, picture by PDFium: both"
seen=$("$folder/venv/bin/python" "$folder/layers.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

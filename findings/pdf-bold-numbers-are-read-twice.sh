#!/usr/bin/env bash
# What surprises: programs without a bold font print a word twice, a third of a point apart. "12" printed so is read as
# another number by most Python readers of PDF text: 1212 or 1122. Where the first print ends and the second begins is
# nowhere in the text, so no later step can tell 1122 visits from 12. Only the emphasized words are wrong: totals, decisions
# and amounts, which is what one reads such a document for.
# A good engineer expects what the page shows, once, as PDFium returns it; or an obvious doubling. pdfminer.six even takes
# the two prints for neighbors in one line and puts no space between them.
# pdfplumber can remove the second print on request (dedupe_chars); the documentation of the others does not mention it.
#
# Versions: pypdfium2 5.15.2, pypdf 7.1.0, pdfminer.six 20260107, pdfplumber 0.11.10, reportlab 5.1.0. Output seen:
#   PDFium:       Authorized: 12 visits, $450
#   pypdf:        Authorized: 1212 visits, $450
#   pdfminer.six: Authorized: 1212 visits, $450
#   pdfplumber:   Authorized: 1122 visits, $450
#   pdfplumber after dedupe_chars(): Authorized: 12 visits, $450
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 pypdf==7.1.0 \
    pdfminer.six==20260107 pdfplumber==0.11.10 reportlab==5.1.0

cat >"$folder/bold.py" <<'PYTHON'
import io

import pdfplumber
import pypdf
import pypdfium2
from pdfminer.high_level import extract_text
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

SHIFT = 0.3  # points


def letter() -> bytes:
    """One line; its number is printed twice, as bold."""
    file, left = io.BytesIO(), 72.0
    page = Canvas(file)
    line = page.beginText()
    line.setFont("Helvetica", 12)
    for text, is_bold in (("Authorized: ", False), ("12", True), (" visits, $450", False)):
        for shift in (0, SHIFT) if is_bold else (0,):
            line.setTextOrigin(left + shift, 700)
            line.textOut(text)
        left += stringWidth(text, "Helvetica", 12)
    page.drawText(line)
    page.save()
    return file.getvalue()


data = letter()
with pdfplumber.open(io.BytesIO(data)) as pdf:
    by_plumber, once = pdf.pages[0].extract_text(), pdf.pages[0].dedupe_chars().extract_text()
print("PDFium:      ", pypdfium2.PdfDocument(data)[0].get_textpage().get_text_range().strip())
print("pypdf:       ", pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text().strip())
print("pdfminer.six:", extract_text(io.BytesIO(data)).strip())
print("pdfplumber:  ", by_plumber.strip())
print("pdfplumber after dedupe_chars():", once.strip())
PYTHON
expected="PDFium:       Authorized: 12 visits, \$450
pypdf:        Authorized: 1212 visits, \$450
pdfminer.six: Authorized: 1212 visits, \$450
pdfplumber:   Authorized: 1122 visits, \$450
pdfplumber after dedupe_chars(): Authorized: 12 visits, \$450"
seen=$("$folder/venv/bin/python" "$folder/bold.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

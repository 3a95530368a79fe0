#!/usr/bin/env bash
# What surprises: a letter that shows a decision in Word is read without it, or with the decision of another letter. Claims
# systems fill in a Word template by writing one small XML part of the file, to which the content controls of the letter
# are mapped (w:dataBinding). ISO/IEC 29500-1, 17.5.2.6, has the data replace the text that is saved in the control when
# the letter is opened. The readers of Word files take the saved text: of the template, or of whatever letter was saved
# last. Also:
#   - python-docx leaves out paragraphs in a control, and what a control holds within a paragraph;
#   - a table cell in a control is no cell for it: the row is shorter, and later cells move one column to the left.
# A good engineer expects the text that Word shows; none of the readers warns, and each new letter from the same template
# is read alike, whatever was decided. Letters that someone filled in by hand are read right, so tests do not tell.
# Remedy: look up the XPath of w:dataBinding in the customXml part that has its ID, before the text is taken.
#
# Versions: python-docx 1.2.0, docx2txt 0.9, mammoth 1.13.0, docx2python 3.7.1. Output seen:
#   the letter's data:  Overturned
#   python-docx:  'Decision: ' | row: Norco, 30 days
#   docx2txt:     'Decision: Choose one.' 'Signed by the reviewer.' 'Norco' 'Upheld' '30 days'
#   mammoth:      'Decision: Choose one.' 'Signed by the reviewer.' 'Norco' 'Upheld' '30 days'
#   docx2python:  'Decision: Choose one.' 'Signed by the reviewer.' 'Norco' 'Upheld' '30 days'
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-docx==1.2.0 docx2txt==0.9 mammoth==1.13.0 \
    docx2python==3.7.1
cat >"$folder/controls.py" <<'PYTHON'
import sys
import zipfile

import docx
import docx2txt
import mammoth
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx2python import docx2python

DATA_ID = "{6A0C5F5E-0B0C-4F2B-9C39-2B1D0E7C4A11}"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
DATA = "customXml/item9.xml"
MAPPED = f'<w:dataBinding w:xpath="/letter/decision" w:storeItemID="{DATA_ID}"/><w:text/>'


def control(content: str, properties: str = ""):
    return parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"
    )


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def add_data(template) -> None:
    """A part of XML, and one that gives it the ID that controls name."""
    package = template.part.package
    data = Part(PackURI(f"/{DATA}"), "application/xml", b"<letter><decision/></letter>", package)
    properties = f'<ds:datastoreItem xmlns:ds="{OFFICE}/customXml" ds:itemID="{DATA_ID}"/>'
    kind = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"
    named = Part(PackURI("/customXml/itemProps9.xml"), kind, properties.encode(), package)
    data.relate_to(named, f"{OFFICE}/relationships/customXmlProps")
    template.part.relate_to(data, f"{OFFICE}/relationships/customXml")


def write_template(path: str) -> None:
    template = docx.Document()
    template.add_paragraph("Decision: ")._p.append(control(run("Choose one."), MAPPED))
    template.add_paragraph()._p.addnext(control(f"<w:p>{run('Signed by the reviewer.')}</w:p>"))
    row = template.add_table(1, 3).rows[0]
    row.cells[0].text, row.cells[2].text = "Norco", "30 days"
    cell = row.cells[1]._tc
    cell.addnext(control(f"<w:tc><w:tcPr/><w:p>{run('Upheld')}</w:p></w:tc>"))
    cell.getparent().remove(cell)
    add_data(template)
    template.save(path)


def fill_in(template: str, letter: str, decision: str) -> None:
    """As claims systems do: all parts are copied, and one is replaced."""
    with zipfile.ZipFile(template) as old, zipfile.ZipFile(letter, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            filled = f"<letter><decision>{decision}</decision></letter>".encode()
            new.writestr(name, filled if name == DATA else old.read(name))


def lines(read: str) -> str:
    return " ".join(ascii(line) for line in read.splitlines() if line.strip())


template, letter = (f"{sys.argv[1]}/{name}.docx" for name in ("template", "letter"))
write_template(template)
fill_in(template, letter, "Overturned")
with zipfile.ZipFile(letter) as parts:
    print("the letter's data: ", docx.oxml.parse_xml(parts.read(DATA)).findtext("decision"))
opened = docx.Document(letter)
paragraphs = lines("\n".join(paragraph.text for paragraph in opened.paragraphs))
print("python-docx: ", paragraphs, "| row:", ", ".join(cell.text for cell in opened.tables[0].rows[0].cells))
print("docx2txt:    ", lines(docx2txt.process(letter)))
with open(letter, "rb") as file:
    print("mammoth:     ", lines(mammoth.extract_raw_text(file).value))
with docx2python(letter) as read:
    print("docx2python: ", lines(read.text.replace("\t", "\n")))
PYTHON
expected="the letter's data:  Overturned
python-docx:  'Decision: ' | row: Norco, 30 days
docx2txt:     'Decision: Choose one.' 'Signed by the reviewer.' 'Norco' 'Upheld' '30 days'
mammoth:      'Decision: Choose one.' 'Signed by the reviewer.' 'Norco' 'Upheld' '30 days'
docx2python:  'Decision: Choose one.' 'Signed by the reviewer.' 'Norco' 'Upheld' '30 days'"
seen=$("$folder/venv/bin/python" "$folder/controls.py" "$folder")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

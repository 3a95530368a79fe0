#!/usr/bin/env bash
# What surprises: a letter that says by a check mark what was decided no longer says it once its text is extracted. Word has
# several ways to put something on the page that is not text in the file, and the usual readers leave it out:
#   - a check mark from Insert Symbol is a code and the name of a font (w:sym): "Upheld [ ] Overturned [x]" is read as
#     "Upheld Overturned", which is the same for either decision;
#   - a box of a form (FORMCHECKBOX) is a property of a field, and so is
#   - what was chosen from a form's drop-down list (FORMDROPDOWN);
#   - a nonbreaking hyphen is an element of its own: docx2txt reads the spine level L4-5 as L45.
# In RTF, striprtf keeps the code of a check mark without its font: a checked box is the letter "thorn", an empty one a
# dieresis. In a PDF, pdfminer.six reads the check mark of the standard font ZapfDingbats as the digit 4.
# A good engineer expects what is printed, or at least a mark where something is left out. None of the readers warns. The
# newer boxes of Word (content controls) are text; what a letter has depends on the age of the office's template.
# Remedy: translate w:sym by its font, and read w:checkBox and w:ddList.
#
# Versions: python-docx 1.2.0, docx2txt 0.9, mammoth 1.13.0, striprtf 0.0.35, pdfminer.six 20260107, reportlab 5.1.0.
# Output seen (ASCII; \xa8 is a dieresis, \xfe a thorn, \U0001f78e and \U0001f5f9 are boxes):
#   python-docx:  'Upheld  Overturned ' 'Expedited: ' 'Decision: ' 'Level: L4-5'
#   docx2txt:     'Upheld  Overturned ' 'Expedited: ' 'Decision: ' 'Level: L45'
#   mammoth:      'Upheld \U0001f78e Overturned \U0001f5f9' 'Expedited: ' 'Decision: ' 'Level: L4\u20115'
#   striprtf:     'Upheld \xa8 Overturned \xfe' 'Expedited: ' 'Decision: '
#   pdfminer.six: 'Upheld o Overturned 4'
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-docx==1.2.0 docx2txt==0.9 mammoth==1.13.0 \
    striprtf==0.0.35 pdfminer.six==20260107 reportlab==5.1.0
cat >"$folder/marks.py" <<'PYTHON'
import io

import docx
import docx2txt
import mammoth
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pdfminer.high_level import extract_text
from reportlab.pdfgen.canvas import Canvas
from striprtf.striprtf import rtf_to_text


def run(inside: str) -> str:
    return f"<w:r>{inside}</w:r>"


def text(words: str) -> str:
    return run(f'<w:t xml:space="preserve">{words}</w:t>')


def symbol(code: str) -> str:
    return run(f'<w:sym w:font="Wingdings" w:char="{code}"/>')


def form_field(kind: str, data: str) -> str:
    begin = run(f'<w:fldChar w:fldCharType="begin"><w:ffData><w:enabled/>{data}</w:ffData></w:fldChar>')
    return begin + run(f"<w:instrText> {kind} </w:instrText>") + run('<w:fldChar w:fldCharType="end"/>')


CHECKED = '<w:checkBox><w:sizeAuto/><w:default w:val="0"/><w:checked/></w:checkBox>'
CHOSEN = '<w:ddList><w:result w:val="1"/><w:listEntry w:val="Upheld"/><w:listEntry w:val="Overturned"/></w:ddList>'
WORD = (
    text("Upheld ") + symbol("F0A8") + text(" Overturned ") + symbol("F0FE"),
    text("Expedited: ") + form_field("FORMCHECKBOX", CHECKED),
    text("Decision: ") + form_field("FORMDROPDOWN", CHOSEN),
    text("Level: L4") + run("<w:noBreakHyphen/>") + text("5"),
)
RTF = r"""{\rtf1\ansi{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset2 Wingdings;}}\f0 Upheld {\f1\'a8} Overturned {\f1\'fe}\par
Expedited: {\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres1{\*\ffname E}}}}{\fldrslt}}\par
Decision: {\field{\*\fldinst FORMDROPDOWN
{\*\formfield{\fftype2\ffres1\ffhaslistbox{\*\ffname D}{\*\ffl Upheld}{\*\ffl Overturned}}}}{\fldrslt}}\par}"""


def word_letter() -> io.BytesIO:
    letter, file = docx.Document(), io.BytesIO()
    for at, paragraph in enumerate(WORD):
        letter.element.body.insert(at, parse_xml(f"<w:p {nsdecls('w')}>{paragraph}</w:p>"))
    letter.save(file)
    return file


def pdf_letter() -> io.BytesIO:
    file = io.BytesIO()
    page = Canvas(file)
    line = page.beginText(72, 700)
    for words, mark in (("Upheld ", "\u274f"), (" Overturned ", "\u2714")):
        line.setFont("Helvetica", 12)
        line.textOut(words)
        line.setFont("ZapfDingbats", 12)
        line.textOut(mark)
    page.drawText(line)
    page.save()
    return file


def lines(read: str) -> str:
    return " ".join(ascii(line) for line in read.splitlines() if line)


print("python-docx: ", lines("\n".join(paragraph.text for paragraph in docx.Document(word_letter()).paragraphs)))
print("docx2txt:    ", lines(docx2txt.process(word_letter())))
print("mammoth:     ", lines(mammoth.extract_raw_text(word_letter()).value))
print("striprtf:    ", lines(rtf_to_text(RTF)))
print("pdfminer.six:", lines(extract_text(pdf_letter()).strip()))
PYTHON
expected="python-docx:  'Upheld  Overturned ' 'Expedited: ' 'Decision: ' 'Level: L4-5'
docx2txt:     'Upheld  Overturned ' 'Expedited: ' 'Decision: ' 'Level: L45'
mammoth:      'Upheld \\U0001f78e Overturned \\U0001f5f9' 'Expedited: ' 'Decision: ' 'Level: L4\\u20115'
striprtf:     'Upheld \\xa8 Overturned \\xfe' 'Expedited: ' 'Decision: '
pdfminer.six: 'Upheld o Overturned 4'"
seen=$("$folder/venv/bin/python" "$folder/marks.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

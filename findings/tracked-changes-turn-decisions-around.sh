#!/usr/bin/env bash
# What surprises: the usual Python readers make a letter that was edited with tracked changes say the opposite of what it
# says, each in its own way. In this test letter, a reviewer deleted one "not" and inserted another:
#   - python-docx leaves out the deleted text and the inserted text as well, which no view in Word ever shows. It reads
#     only the runs and hyperlinks directly inside a paragraph, so a choice from a drop-down list is also missing;
#   - striprtf keeps both. It does not know the control word \deleted, so it drops the word and keeps the text;
#   - odfpy puts the deleted text before the letter, because OpenDocument stores it at the start of the body.
# A good engineer expects the text before the changes or after them, as docx2txt returns it. None of the three warns, and
# none mentions it in its documentation; python-docx has had open requests for years. Remedy: refuse files that contain
# w:ins, w:del, \deleted or text:tracked-changes, or accept the changes before reading.
#
# Versions: python-docx 1.2.0, docx2txt 0.9, striprtf 0.0.35, odfpy 1.4.1. Output seen:
#   docx2txt:    Surgery is necessary. Therapy is not necessary. Decision: Overturned
#   python-docx: Surgery is necessary. Therapy is necessary. Decision:
#   striprtf:    Surgery is not necessary. Therapy is not necessary.
#   odfpy:       not Surgery is necessary. Therapy is not necessary.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-docx==1.2.0 docx2txt==0.9 striprtf==0.0.35 \
    odfpy==1.4.1 lxml==6.1.3
cat >"$folder/letters.py" <<'PYTHON'
import io
import zipfile

import docx
import docx2txt
from docx.oxml import parse_xml
from odf import teletype, text
from odf.opendocument import OpenDocumentText, load
from striprtf.striprtf import rtf_to_text

WORD = """
<w:p xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:r><w:t xml:space="preserve">Surgery is </w:t></w:r>
<w:del w:id="1" w:author="Reviewer"><w:r><w:delText xml:space="preserve">not </w:delText></w:r></w:del>
<w:r><w:t xml:space="preserve">necessary. Therapy is </w:t></w:r>
<w:ins w:id="2" w:author="Reviewer"><w:r><w:t xml:space="preserve">not </w:t></w:r></w:ins>
<w:r><w:t xml:space="preserve">necessary. Decision: </w:t></w:r>
<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText="Overturned" w:value="1"/></w:dropDownList></w:sdtPr>
<w:sdtContent><w:r><w:t>Overturned</w:t></w:r></w:sdtContent></w:sdt>
</w:p>"""
RTF = r"""{\rtf1\ansi{\*\revtbl{Unknown;}{Reviewer;}}
{Surgery is }{\deleted\revauthdel1 not }{necessary. Therapy is }{\revised\revauth1 not }{necessary.}\par}"""
ODF_CHANGES = """
<text:tracked-changes>
<text:changed-region text:id="c1"><text:deletion><office:change-info/><text:p>not </text:p></text:deletion></text:changed-region>
<text:changed-region text:id="c2"><text:insertion><office:change-info/></text:insertion></text:changed-region>
</text:tracked-changes>
<text:p>Surgery is <text:change text:change-id="c1"/>necessary. Therapy is<text:s/>
<text:change-start text:change-id="c2"/>not <text:change-end text:change-id="c2"/>necessary.</text:p>"""


def word_letter() -> io.BytesIO:
    letter, file = docx.Document(), io.BytesIO()
    letter.element.body.insert(0, parse_xml(WORD))
    letter.save(file)
    return file


def odf_letter() -> io.BytesIO:
    letter, plain, file = OpenDocumentText(), io.BytesIO(), io.BytesIO()
    letter.text.addElement(text.P(text="body"))
    letter.save(plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            if name == "content.xml":
                assert part.count(b"<text:p>body</text:p>") == 1
                part = part.replace(b"<text:p>body</text:p>", "".join(ODF_CHANGES.splitlines()).encode())
            after.writestr(name, part)
    return file


def on_one_line(read: str) -> str:
    return " ".join(read.split())


print("docx2txt:   ", on_one_line(docx2txt.process(word_letter())))
print("python-docx:", on_one_line(docx.Document(word_letter()).paragraphs[0].text))
print("striprtf:   ", on_one_line(rtf_to_text(RTF)))
print("odfpy:      ", on_one_line(teletype.extractText(load(odf_letter()).text)))
PYTHON
expected="docx2txt:    Surgery is necessary. Therapy is not necessary. Decision: Overturned
python-docx: Surgery is necessary. Therapy is necessary. Decision:
striprtf:    Surgery is not necessary. Therapy is not necessary.
odfpy:       not Surgery is necessary. Therapy is not necessary."
seen=$("$folder/venv/bin/python" "$folder/letters.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

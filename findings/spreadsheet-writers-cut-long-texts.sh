#!/usr/bin/env bash
# What surprises: a text that is longer than the 32,767 characters that Excel takes in a cell is cut by both of Python's
# spreadsheet writers, without an exception, a warning or a log line: openpyxl cuts it in silence, and XlsxWriter tells
# it by a return value only. The workbook opens without complaint.
# A good engineer expects an exception, as both give for a forbidden character in a sheet's name. A clinical summary with
# the records behind it is that long, and the reader of the sheet takes a part of it for the whole.
#
# Versions: openpyxl 3.1.5, XlsxWriter 3.3.1. Output seen:
#   openpyxl: wrote 40000, cell has 32767
#   XlsxWriter: wrote 40000, returned -2, cell has 32767
#   warnings: 0, log lines: 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openpyxl==3.1.5 XlsxWriter==3.3.1
"$folder/venv/bin/python" - <<'PYTHON'
import io
import logging
import warnings

import openpyxl
import xlsxwriter

lines = []
handler = logging.Handler()
handler.emit = lines.append
logging.getLogger().addHandler(handler)
logging.getLogger().setLevel(logging.DEBUG)
text = "records " * 5_000


def cell(file: io.BytesIO) -> str:
    return openpyxl.load_workbook(io.BytesIO(file.getvalue())).worksheets[0]["A1"].value


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"] = text
    book.save(file)
    by_openpyxl = len(cell(file))
    print(f"openpyxl: wrote {len(text)}, cell has {by_openpyxl}")

    file = io.BytesIO()
    other = xlsxwriter.Workbook(file)
    returned = other.add_worksheet().write_string(0, 0, text)
    other.close()
    by_xlsxwriter = len(cell(file))
    print(f"XlsxWriter: wrote {len(text)}, returned {returned}, cell has {by_xlsxwriter}")
print(f"warnings: {len(caught)}, log lines: {len(lines)}")
assert (by_openpyxl, by_xlsxwriter, returned, len(caught), len(lines)) == (32_767, 32_767, -2, 0, 0)
PYTHON

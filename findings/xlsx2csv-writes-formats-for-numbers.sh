#!/usr/bin/env bash
# What surprises: for cells that show "40 mg" and "30 tablets", xlsx2csv writes 0" 02g" and 0" tablets"; the numbers are
# nowhere in its output. To it, a number with a format of its own that has one of the letters h, m, s, d, y is a date, also
# if the letter is in quotation marks, where Excel keeps the unit that a number is shown with. 40 is then a day of February
# 1900, and the format is written with its letters replaced by parts of that day.
#   - There is no error and no warning, and the exit status is 0;
#   - most units have such a letter: mg, hours, days, visits, tablets, months; "IU" has none, and a percentage has none, so
#     columns beside it come out right.
# A good engineer expects 40, as from openpyxl and Calamine, or "40 mg". Doses, durations and counts have such formats so
# that they can still be added up. Remedy: --ignore-formats date for sheets without dates, or another reader.
#
# Versions: xlsx2csv 0.8.6, openpyxl 3.1.5, python-calamine 0.9.1, XlsxWriter 3.3.1. Output seen:
#   openpyxl:  40 | 12 | 30 | 7.5 | 2000 | 40
#   Calamine:  40 | 12 | 30 | 7.5 | 2000 | 40
#   xlsx2csv:  0" 02g" | 0" 11ays" | 0" tablets" | 0.0" 01g/12" | 2000 | 40
#   exit status 0, messages: ''
#   xlsx2csv --ignore-formats date:  40 | 12 | 30 | 7.5 | 2000 | 40
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check xlsx2csv==0.8.6 openpyxl==3.1.5 \
    python-calamine==0.9.1 XlsxWriter==3.3.1
cd "$folder"

cat >units.py <<'PYTHON'
import csv
import subprocess
from collections.abc import Iterable

import openpyxl
import python_calamine
import xlsxwriter

CELLS = (
    (40, '0" mg"'), (12, '0" days"'), (30, '0" tablets"'), (7.5, '0.0" mg/h"'), (2000, '0" IU"'), (40, "General"),
)  # fmt: skip

with xlsxwriter.Workbook("doses.xlsx") as book:
    sheet = book.add_worksheet()
    for column, (number, form) in enumerate(CELLS):
        sheet.write_number(0, column, number, book.add_format({"num_format": form}))


def show(reader: str, row: Iterable[object]) -> None:
    print(f"{reader}: ", " | ".join(f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row))


def by_xlsx2csv(*options: str) -> tuple[list[str], subprocess.CompletedProcess[str]]:
    command = ["venv/bin/xlsx2csv", "doses.xlsx", *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return next(csv.reader(run.stdout.splitlines())), run


show("openpyxl", next(openpyxl.load_workbook("doses.xlsx").active.iter_rows(values_only=True)))
show("Calamine", python_calamine.load_workbook("doses.xlsx").get_sheet_by_index(0).to_python()[0])
row, run = by_xlsx2csv()
show("xlsx2csv", row)
print(f"exit status {run.returncode}, messages: {run.stderr!r}")
row, run = by_xlsx2csv("--ignore-formats", "date")
show("xlsx2csv --ignore-formats date", row)
PYTHON
expected="openpyxl:  40 | 12 | 30 | 7.5 | 2000 | 40
Calamine:  40 | 12 | 30 | 7.5 | 2000 | 40
xlsx2csv:  0\" 02g\" | 0\" 11ays\" | 0\" tablets\" | 0.0\" 01g/12\" | 2000 | 40
exit status 0, messages: ''
xlsx2csv --ignore-formats date:  40 | 12 | 30 | 7.5 | 2000 | 40"
seen=$("$folder/venv/bin/python" units.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

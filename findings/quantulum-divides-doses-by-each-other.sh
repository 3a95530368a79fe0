#!/usr/bin/env bash
# What surprises: quantulum3, which finds quantities in text, reads "10/325 mg" as 0.03 mg. A drug that has two substances is
# written so: Norco 10/325 mg has 10 mg of hydrocodone and 325 mg of acetaminophen. The library takes the slash for division.
#   - It returns one quantity with a unit that is right, and marks exactly the text of the dose as its source;
#   - if the first number is no whole one, as in 7.5/325 mg, it finds nothing at all, so of three strengths of this drug,
#     two are read wrong and one is missing;
#   - a hyphen, which is written as well (10-325 mg), is a range to it: 167.5 mg, the mean, give or take 157.5;
#   - a blood pressure of 120/80 mmHg becomes 1.5 mmHg, and a pain of 8/10 becomes 0.8.
# A good engineer expects both numbers, as from "10 mg/325 mg", or none; a fraction only where one is likely, as in "1/2
# tablet". Added up per day, the opioid comes out at a 325th of what was prescribed. The documentation has no example of a
# slash between numbers. Remedy: look at the text of each quantity (surface), and read those with a slash oneself.
#
# Version: quantulum3 0.10.0, without its optional classifier of units, which a warning on import names. Output seen:
#   Norco 10 mg: 10 milligram from '10 mg'
#   Norco 10 mg/325 mg: 10 milligram from '10 mg', 325 milligram from '325 mg'
#   Norco 10/325 mg: 0.0307692 milligram from '10/325 mg'
#   Norco 5/325mg: 0.0153846 milligram from '5/325mg'
#   Norco 7.5/325 mg: nothing
#   Norco 10-325 mg: 167.5 milligram from '10-325 mg'
#   blood pressure 120/80 mmHg: 1.5 millimeter of mercury from '120/80 mmHg'
#   pain 8/10: 0.8 dimensionless from '8/10'
#   warnings: 0, log lines: 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check quantulum3==0.10.0

cat >"$folder/doses.py" <<'PYTHON'
import logging
import warnings

from quantulum3 import parser

TEXTS = (
    "Norco 10 mg", "Norco 10 mg/325 mg", "Norco 10/325 mg", "Norco 5/325mg", "Norco 7.5/325 mg", "Norco 10-325 mg",
    "blood pressure 120/80 mmHg", "pain 8/10",
)  # fmt: skip


class Lines(logging.Handler):
    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        Lines.count += 1


logging.getLogger().addHandler(Lines())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", UserWarning)
    for text in TEXTS:
        quantities = [f"{found.value:g} {found.unit.name} from {found.surface!r}" for found in parser.parse(text)]
        print(f"{text}: {', '.join(quantities) or 'nothing'}")
    print(f"warnings: {len(caught)}, log lines: {Lines.count}")
PYTHON
expected="Norco 10 mg: 10 milligram from '10 mg'
Norco 10 mg/325 mg: 10 milligram from '10 mg', 325 milligram from '325 mg'
Norco 10/325 mg: 0.0307692 milligram from '10/325 mg'
Norco 5/325mg: 0.0153846 milligram from '5/325mg'
Norco 7.5/325 mg: nothing
Norco 10-325 mg: 167.5 milligram from '10-325 mg'
blood pressure 120/80 mmHg: 1.5 millimeter of mercury from '120/80 mmHg'
pain 8/10: 0.8 dimensionless from '8/10'
warnings: 0, log lines: 0"
seen=$("$folder/venv/bin/python" "$folder/doses.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

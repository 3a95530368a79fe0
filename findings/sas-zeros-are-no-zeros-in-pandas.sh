#!/usr/bin/env bash
# What surprises: in a SAS transport file that pandas has read, no number is zero. Each zero becomes a tiny number, 16 to the
# power of -65, so a list of authorized visits has nobody without visits, and "denied in full" (== 0) counts none.
#   - Totals, means and rounded numbers come out right, and so does all that is not zero, so comparing them with what was
#     published shows no fault; only what asks for zero or for more than zero goes wrong: == 0, > 0, astype(bool);
#   - logarithms and shares, for which one leaves out zeros first, take the tiny numbers too;
#   - a missing number stays missing.
# Agencies of health publish their surveys in this format (XPORT, version 5), and trials are submitted in it. Its numbers are
# those of IBM mainframes: powers of 16, and zero is eight bytes of zeros, as in the file below. pandas calculates a power of
# 16 from these bytes as well.
# A good engineer expects 0 for 0, as pyreadstat reads from the same file. The documentation of read_sas does not mention it;
# an issue is open. Remedy: pyreadstat.read_xport.
#
# Versions: pandas 3.1.1, pyreadstat 1.3.7. Output seen:
#   zero in the file: 0000000000000000
#   pyreadstat: 0.0 0.0 3.0 12.0 nan
#   pyreadstat: without visits 2, with visits 2, total 15, mean 3.75
#   pandas: 5.397605346934028e-79 5.397605346934028e-79 3.0 12.0 nan
#   pandas: without visits 0, with visits 4, total 15, mean 3.75
#   warnings: 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 pyreadstat==1.3.7
cd "$folder"

cat >visits.py <<'PYTHON'
import pathlib
import warnings

import pandas
import pyreadstat

VISITS = (0.0, 0.0, 3.0, 12.0, float("nan"))

pyreadstat.write_xport(pandas.DataFrame({"VISITS": VISITS}), "visits.xpt", file_format_version=5)
content = pathlib.Path("visits.xpt").read_bytes()
three = content.rindex(bytes.fromhex("4130000000000000"))  # the third number: 3 sixteenths of 16
print("zero in the file:", content[three - 8 : three].hex())


def show(reader: str, visits: pandas.Series) -> None:
    print(f"{reader}:", *visits)
    known = visits.dropna()
    print(
        f"{reader}: without visits {(known == 0).sum()}, with visits {known.astype(bool).sum()}, "
        f"total {known.sum():g}, mean {known.mean():g}"
    )


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    show("pyreadstat", pyreadstat.read_xport("visits.xpt")[0].VISITS)
    show("pandas", pandas.read_sas("visits.xpt").VISITS)
print(f"warnings: {len(caught)}")
PYTHON
expected="zero in the file: 0000000000000000
pyreadstat: 0.0 0.0 3.0 12.0 nan
pyreadstat: without visits 2, with visits 2, total 15, mean 3.75
pandas: 5.397605346934028e-79 5.397605346934028e-79 3.0 12.0 nan
pandas: without visits 0, with visits 4, total 15, mean 3.75
warnings: 0"
seen=$("$folder/venv/bin/python" visits.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

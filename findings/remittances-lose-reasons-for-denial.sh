#!/usr/bin/env bash
# What surprises: a payer says why it took 70 dollars off a bill, and edi-835-parser returns the first of the reasons with
# its 20 dollars. The other 50 are gone, and with them the reason that matters here: 48.40 were denied as not medically
# necessary (reason 50), which is what can be appealed. In an electronic remittance (X12 835), a segment of adjustments
# (CAS) has up to six of them, each with reason, amount and quantity. The parser reads three of its 19 fields.
#   - It depends on how the payer writes: the same reasons in one segment each are all returned, so files of one payer come
#     out right and those of the next do not;
#   - amounts of the bill and of the payment are right, so only adding up all adjustments shows that something is missing;
#   - its table numbers the adjustments (adj_0, adj_1, ...), as if all were there.
# A good engineer expects all of them, as openx12 returns, or an error for fields that are not read. The documentation does
# not mention it. Remedy: another parser, or at least compare billed, paid and adjusted amounts, which must agree.
#
# Versions: edi-835-parser 1.8.0, pandas 2.3.3, openx12 0.2.1. Output seen:
#   reasons in one segment, billed 150.00, paid 80.00:
#     openx12: 45 20.00, 50 48.40, 253 1.60; not explained 0.00
#     edi-835-parser: 45 20.00; not explained 50.00
#   reasons in three segments, billed 150.00, paid 80.00:
#     openx12: 45 20.00, 50 48.40, 253 1.60; not explained 0.00
#     edi-835-parser: 45 20.00, 50 48.40, 253 1.60; not explained 0.00
#   warnings: 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check edi-835-parser==1.8.0 pandas==2.3.3 openx12==0.2.1
cd "$folder"

cat >remittance.py <<'PYTHON'
import pathlib
import warnings

import edi_835_parser
from openx12 import x835

BILLED, PAID = 150.0, 80.0
SEGMENTS = """\
ISA*00*          *00*          *ZZ*PAYER          *ZZ*PROVIDER       *260304*1200*^*00501*000000001*0*P*:~
GS*HP*PAYER*PROVIDER*20260304*1200*1*X*005010X221A1~
ST*835*0001~
BPR*I*80.00*C*CHK************20260304~
TRN*1*12345*1512345678~
N1*PR*PAYER~
N3*1 MAIN ST~
N4*LOS ANGELES*CA*90001~
PER*BL*CLAIMS*TE*2135550100~
N1*PE*PROVIDER*XX*1234567893~
LX*1~
CLP*WC-1*1*150.00*80.00**WC*1~
NM1*QC*1*DOE*JANE~
SVC*HC:97110*150.00*80.00**3~
DTM*472*20260210~
{adjustments}~
SE*{count}*0001~
GE*1*1~
IEA*1*000000001~
"""
ADJUSTMENTS = {
    "one segment": "CAS*CO*45*20.00**50*48.40**253*1.60",
    "three segments": "CAS*CO*45*20.00~\nCAS*CO*50*48.40~\nCAS*CO*253*1.60",
}


def by_openx12(text: str) -> dict[str, float]:
    """The amount that was taken off for each reason."""
    adjustments = x835.parse(text).claims[0]["services"][0]["adjustments"]
    return {adjustment["reason"]: adjustment["amount"] for adjustment in adjustments}


def by_edi_835_parser(text: str) -> dict[str, float]:
    pathlib.Path("remittance.835").write_text(text)
    row = edi_835_parser.parse("remittance.835").to_dataframe().iloc[0]
    return {row[f"adj_{at}_code"]: row[f"adj_{at}_amount"] for at in range(6) if f"adj_{at}_code" in row}


def show(reader: str, reasons: dict[str, float]) -> None:
    amounts = ", ".join(f"{reason} {amount:.2f}" for reason, amount in reasons.items())
    print(f"  {reader}: {amounts}; not explained {BILLED - PAID - sum(reasons.values()):.2f}")


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", UserWarning)
    for how, adjustments in ADJUSTMENTS.items():
        text = SEGMENTS.format(adjustments=adjustments, count=15 + adjustments.count("\n"))
        print(f"reasons in {how}, billed {BILLED:.2f}, paid {PAID:.2f}:")
        show("openx12", by_openx12(text))
        show("edi-835-parser", by_edi_835_parser(text))
    print(f"warnings: {len(caught)}")
PYTHON
expected="reasons in one segment, billed 150.00, paid 80.00:
  openx12: 45 20.00, 50 48.40, 253 1.60; not explained 0.00
  edi-835-parser: 45 20.00; not explained 50.00
reasons in three segments, billed 150.00, paid 80.00:
  openx12: 45 20.00, 50 48.40, 253 1.60; not explained 0.00
  edi-835-parser: 45 20.00, 50 48.40, 253 1.60; not explained 0.00
warnings: 0"
seen=$("$folder/venv/bin/python" remittance.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

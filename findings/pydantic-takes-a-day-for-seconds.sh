#!/usr/bin/env bash
# What surprises: a datetime field of pydantic reads 20260304, ISO 8601's short form of March 4, 2026, as August 23, 1970.
# Digits alone are seconds since 1970 to it, and milliseconds beyond 20,000,000,000, so that a day with its time,
# 20260304153000, is in the year 2612. This is how HL7 messages of hospitals, X12 claim files and the names of daily
# exports write a day. Nothing fails: "changes since 20260304" are all changes ever made, and a deadline that is counted
# from such a day passed decades ago.
#   - The result has a time zone, so AwareDatetime, which asks for one, takes it too;
#   - strict mode takes it too, if it comes in JSON;
#   - a date field, and the short form with a "T", raise an error, so a test with one of those tells nothing of the others.
# A good engineer expects the day, as from Python's fromisoformat and from pandas, or an error: the JSON schema that
# pydantic writes for the field says date-time, which digits alone are not. The documentation says that a number in a
# string is seconds. It does not say that a form of ISO 8601 is one.
# Remedy: a validator in mode "before" that has datetime.fromisoformat read strings.
#
# Versions: pydantic 2.14.4, pandas 3.1.1. Output seen:
#   20260304: Python 2026-03-04 00:00:00, pandas 2026-03-04 00:00:00, pydantic 1970-08-23 11:51:44+00:00
#   20260304, AwareDatetime: 1970-08-23 11:51:44+00:00
#   20260304, strict, in JSON: 1970-08-23 11:51:44+00:00
#   202603041530, minutes: 1976-06-02 22:37:21.530000+00:00
#   20260304153000, seconds: 2612-01-10 06:15:53+00:00
#   20260304T153000: ValidationError
#   20260304, date: ValidationError
#   JSON schema: {'format': 'date-time', 'type': 'string'}
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.4 pandas==3.1.1

cat >"$folder/days.py" <<'PYTHON'
from datetime import date, datetime

import pandas
from pydantic import AwareDatetime, TypeAdapter, ValidationError

DAY = "20260304"


def read(text: str, kind: object = datetime) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(text))
    except ValidationError as error:
        return type(error).__name__


print(f"{DAY}: Python {datetime.fromisoformat(DAY)}, pandas {pandas.Timestamp(DAY)}, pydantic {read(DAY)}")
print(f"{DAY}, AwareDatetime:", read(DAY, AwareDatetime))
print(f"{DAY}, strict, in JSON:", TypeAdapter(datetime).validate_json(f'"{DAY}"', strict=True))
print(f"{DAY}1530, minutes:", read(f"{DAY}1530"))
print(f"{DAY}153000, seconds:", read(f"{DAY}153000"))
print(f"{DAY}T153000:", read(f"{DAY}T153000"))
print(f"{DAY}, date:", read(DAY, date))
print("JSON schema:", TypeAdapter(datetime).json_schema())
PYTHON
expected="20260304: Python 2026-03-04 00:00:00, pandas 2026-03-04 00:00:00, pydantic 1970-08-23 11:51:44+00:00
20260304, AwareDatetime: 1970-08-23 11:51:44+00:00
20260304, strict, in JSON: 1970-08-23 11:51:44+00:00
202603041530, minutes: 1976-06-02 22:37:21.530000+00:00
20260304153000, seconds: 2612-01-10 06:15:53+00:00
20260304T153000: ValidationError
20260304, date: ValidationError
JSON schema: {'format': 'date-time', 'type': 'string'}"
seen=$("$folder/venv/bin/python" "$folder/days.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

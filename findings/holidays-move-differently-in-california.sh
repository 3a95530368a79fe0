#!/usr/bin/env bash
# What surprises: the holidays package knows a calendar of California, but it moves holidays by the federal rule.
# California's Government Code 6701 moves a holiday that falls on a Sunday to Monday; of those that fall on a Saturday
# only Veterans Day moves, to Friday. The package gives a Friday off for each. It also lists days on which the state's
# offices are open, such as Susan B. Anthony Day.
#   - Friday, July 3, 2026 is no state holiday (July 4 is a Saturday), yet the package says it is;
#   - so a duty of "five working days" from July 2, 2026 ends July 9 by the statute, and July 10 by the package: a day
#     late, and late is what is fined.
# A good engineer expects that the calendar of a state follows the state's own rule.
#
# Version: holidays 0.109. Output seen:
#   Friday before July 4, 2026 -> True
#   Friday before Christmas 2021 -> True
#   Friday before Veterans Day 2023 -> True
#   Monday after Christmas 2022 -> True
#   February 15, 2028 without Presidents' Day -> True
#   five working days after July 2, 2026 -> 2026-07-10
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.109

cat >"$folder/days.py" <<'PYTHON'
from datetime import date, timedelta

from holidays import country_holidays

california = country_holidays("US", subdiv="CA")
day, left = date(2026, 7, 2), 5
while left:
    day += timedelta(days=1)
    left -= day.weekday() < 5 and day not in california
print("Friday before July 4, 2026 ->", date(2026, 7, 3) in california)
print("Friday before Christmas 2021 ->", date(2021, 12, 24) in california)
print("Friday before Veterans Day 2023 ->", date(2023, 11, 10) in california)
print("Monday after Christmas 2022 ->", date(2022, 12, 26) in california)
print("February 15, 2028 without Presidents' Day ->", date(2028, 2, 15) in california)
print("five working days after July 2, 2026 ->", day)
PYTHON
expected="Friday before July 4, 2026 -> True
Friday before Christmas 2021 -> True
Friday before Veterans Day 2023 -> True
Monday after Christmas 2022 -> True
February 15, 2028 without Presidents' Day -> True
five working days after July 2, 2026 -> 2026-07-10"
seen=$("$folder/venv/bin/python" "$folder/days.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

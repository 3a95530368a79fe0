#!/usr/bin/env bash
# What surprises: a to-do that is due on March 4 is due on March 3, at 4 p.m., once the package ics has read it in
# California. A calendar keeps a due date as a date, without a time or zone (DUE;VALUE=DATE), so that it is March 4
# everywhere. ics makes midnight in London of it. A time without a zone, 5 p.m. wherever one is, becomes 9 a.m.
#   - Written again, as a feed that is merged or filtered, it is midnight in UTC in the file, and every calendar program in
#     America shows the day before; nothing says that it was a date;
#   - an all-day event in the same file remains a date (all_day), so a look at the events shows no fault;
#   - a reminder ten hours before the end of the day becomes one ten hours before its beginning.
# A good engineer expects a date, as icalendar and vobject return it, and that a file that is read and written says what it
# said. A list of what is late has the to-do a day too early. The documentation names as a known bug that times become UTC.
# It does not say that dates become times.
# Remedy: icalendar.
#
# Versions: ics 0.7.3, icalendar 7.3.2, vobject 0.9.9. Output seen:
#   due date: icalendar 2026-03-04, vobject 2026-03-04, ics 2026-03-03 16:00 in California
#   due at 5 p.m.: icalendar 2026-03-04 17:00:00, ics 2026-03-04 09:00 in California
#   written again: DUE:20260304T000000Z, DUE:20260304T170000Z
#   reminder: TRIGGER;RELATED=END:-PT10H, written again: TRIGGER:-PT10H
#   event: DTSTART;VALUE=DATE:20260304, written again: DTSTART;VALUE=DATE:20260304
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ics==0.7.3 icalendar==7.3.2 vobject==0.9.9

cat >"$folder/due.py" <<'PYTHON'
import icalendar
import ics
import vobject

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//office//duties//EN
BEGIN:VTODO
UID:1
DTSTAMP:20260301T000000Z
DUE;VALUE=DATE:20260304
SUMMARY:Authorize the treatment
END:VTODO
BEGIN:VTODO
UID:2
DTSTAMP:20260301T000000Z
DUE:20260304T170000
SUMMARY:Fax the authorization
END:VTODO
BEGIN:VEVENT
UID:3
DTSTAMP:20260301T000000Z
DTSTART;VALUE=DATE:20260304
SUMMARY:Last day
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Last day
TRIGGER;RELATED=END:-PT10H
END:VALARM
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def lines(calendar: str, name: str) -> str:
    return ", ".join(line for line in sorted(calendar.split()) if line.startswith(name))


day, hour = [entry["due"].dt for entry in icalendar.Calendar.from_ical(CALENDAR).walk("VTODO")]
by_ics = ics.Calendar(CALENDAR)
day_by_ics, hour_by_ics = [
    entry.due.to("America/Los_Angeles").strftime("%Y-%m-%d %H:%M")
    for entry in sorted(by_ics.todos, key=lambda entry: entry.uid)
]
by_vobject = vobject.readOne(CALENDAR).vtodo.due.value
written = by_ics.serialize()
print(f"due date: icalendar {day}, vobject {by_vobject}, ics {day_by_ics} in California")
print(f"due at 5 p.m.: icalendar {hour}, ics {hour_by_ics} in California")
print("written again:", lines(written, "DUE"))
for kind, name in (("reminder", "TRIGGER"), ("event", "DTSTART")):
    print(f"{kind}: {lines(CALENDAR, name)}, written again: {lines(written, name)}")
PYTHON
expected="due date: icalendar 2026-03-04, vobject 2026-03-04, ics 2026-03-03 16:00 in California
due at 5 p.m.: icalendar 2026-03-04 17:00:00, ics 2026-03-04 09:00 in California
written again: DUE:20260304T000000Z, DUE:20260304T170000Z
reminder: TRIGGER;RELATED=END:-PT10H, written again: TRIGGER:-PT10H
event: DTSTART;VALUE=DATE:20260304, written again: DTSTART;VALUE=DATE:20260304"
seen=$("$folder/venv/bin/python" "$folder/due.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

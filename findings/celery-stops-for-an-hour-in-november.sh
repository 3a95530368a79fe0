#!/usr/bin/env bash
# What surprises: what Celery runs "every five minutes" by crontab does not run for 65 minutes when the clocks are set back:
# in California, on the first Sunday in November, from 1:55 a.m. until 2 a.m. of standard time. The hour from 1 to 2 comes
# twice, and the second time, its minutes are taken for those that are over. A job of every hour has a gap of two hours.
#   - Only crontab with a time zone does so: a number of seconds, which reads as another way to say the same, runs through,
#     and so does crontab in UTC;
#   - in spring, nothing is lost, and a nightly job runs once on either day, so the schedule looks as if it knew of the change;
#   - nothing is logged, and the job that checks on the others often has the same schedule.
# A good engineer sets the time zone so that the nightly report is made at night, knows that an hour comes twice, and expects
# that jobs of that hour run twice, or once; not that a job without any hour stops. Mail is not fetched, letters are not read,
# alarms are not sent. The documentation of time zones does not mention it; the issue on hourly jobs is open.
# Remedy: seconds for what runs all day, and crontab only for hours of the day.
#
# Versions: celery 5.7.0, tzdata 2026.6. Output seen, for November 1, 2026, midnight to 5 a.m.:
#   America/Los_Angeles, crontab(minute="*/5"): 60 runs, longest gap 65 minutes
#   America/Los_Angeles, crontab(minute=0): 5 runs, longest gap 120 minutes
#   America/Los_Angeles, crontab(hour=1, minute=30): 1 runs
#   America/Los_Angeles, 300 seconds: 72 runs, longest gap 5 minutes
#   UTC, crontab(minute="*/5"): 72 runs, longest gap 5 minutes
#   March 8, America/Los_Angeles, crontab(minute="*/5"): 48 runs, longest gap 5 minutes
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check celery==5.7.0 tzdata==2026.6

cat >"$folder/gaps.py" <<'PYTHON'
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from celery import Celery
from celery.schedules import BaseSchedule, crontab, schedule

LOCAL = ZoneInfo("America/Los_Angeles")
LOOKS = timedelta(seconds=30)  # how often the scheduler looks for what is due


def runs(app: Celery, timing: BaseSchedule, start: datetime, end: datetime) -> list[datetime]:
    """When the scheduler starts the job. As beat does, it remembers its last run by the app's clock."""
    now = start.astimezone(UTC)
    app.now = lambda: now.astimezone(app.timezone)
    last, times = app.now(), []
    while now < end:
        now += LOOKS
        if timing.is_due(last).is_due:
            last = app.now()
            times.append(now)
    return times


def show(name: str, zone: str, month: int, day: int, timing: BaseSchedule) -> None:
    app = Celery("jobs", broker="memory://", set_as_current=False)
    app.conf.timezone = zone
    timing.app = app
    start, end = (datetime(2026, month, day, hour, tzinfo=LOCAL) for hour in (0, 5))
    times = runs(app, timing, start, end)
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    longest = f", longest gap {max(gaps) // timedelta(minutes=1)} minutes" if gaps else ""
    print(f"{name}: {len(times)} runs{longest}")


show('America/Los_Angeles, crontab(minute="*/5")', "America/Los_Angeles", 11, 1, crontab(minute="*/5"))
show("America/Los_Angeles, crontab(minute=0)", "America/Los_Angeles", 11, 1, crontab(minute=0))
show("America/Los_Angeles, crontab(hour=1, minute=30)", "America/Los_Angeles", 11, 1, crontab(hour=1, minute=30))
show("America/Los_Angeles, 300 seconds", "America/Los_Angeles", 11, 1, schedule(300.0))
show('UTC, crontab(minute="*/5")', "UTC", 11, 1, crontab(minute="*/5"))
show('March 8, America/Los_Angeles, crontab(minute="*/5")', "America/Los_Angeles", 3, 8, crontab(minute="*/5"))
PYTHON
expected='America/Los_Angeles, crontab(minute="*/5"): 60 runs, longest gap 65 minutes
America/Los_Angeles, crontab(minute=0): 5 runs, longest gap 120 minutes
America/Los_Angeles, crontab(hour=1, minute=30): 1 runs
America/Los_Angeles, 300 seconds: 72 runs, longest gap 5 minutes
UTC, crontab(minute="*/5"): 72 runs, longest gap 5 minutes
March 8, America/Los_Angeles, crontab(minute="*/5"): 48 runs, longest gap 5 minutes'
seen=$("$folder/venv/bin/python" "$folder/gaps.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."

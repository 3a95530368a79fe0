"""A user's open duties as an iCalendar file (RFC 5545)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from determinations.models import Duty, DutyState

#: Entries of a feed at most, earliest due date first.
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class DutyCalendar:
    """A calendar file, and the letters whose cases it names."""

    content: bytes
    letter_ids: tuple[int, ...]


def calendar_of(user: User, *, now: datetime, address: Callable[[int], str]) -> DutyCalendar:
    """All-day entries on the due dates of the user's open duties, with a reminder two days before.

    They name the case, never the treatment: calendars are kept by other companies. ``address`` gives the link of a
    duty by its ID.
    """
    from icalendar import Alarm, Calendar, Event  # only here: few requests ask for a calendar

    letters = list[int]()
    calendar = Calendar()
    calendar.add("prodid", "-//imrsite//worklist//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "IMR due dates")
    duties = Duty.objects.filter(assigned_to=user, state=DutyState.OPEN, due_on__isnull=False)
    for duty in duties.select_related("rule", "letter__case").order_by("due_on", "pk")[:_MOST]:
        letters.append(duty.letter_id)
        case = getattr(duty.letter, "case", None)
        name = (case.case_number if case else None) or f"letter {duty.letter_id}"
        event = Event()
        event.add("uid", f"duty-{duty.pk}@imrsite")
        event.add("dtstamp", now)
        event.add("dtstart", duty.due_on)
        event.add("summary", f"{duty.rule.title}: {name}, item {duty.item_number}")
        event.add("url", address(duty.pk))
        event.add("transp", "TRANSPARENT")
        reminder = Alarm()
        reminder.add("action", "DISPLAY")
        reminder.add("description", f"{duty.rule.title}: {name}")
        reminder.add("trigger", timedelta(days=-2))
        event.add_component(reminder)
        calendar.add_component(event)
    return DutyCalendar(bytes(calendar.to_ical()), tuple(dict.fromkeys(letters)))

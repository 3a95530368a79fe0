"""Values of the record in words."""

from collections.abc import Mapping
from datetime import date

#: Fields of a letter whose values are dates.
DATES = ("decision_date", "date_of_injury", "ur_denial_date", "application_received", "date_assigned")


def as_date(raw: object) -> date | None:
    return date.fromisoformat(raw) if isinstance(raw, str) and raw else None


def day_of(raw: object) -> str:
    """A date of the record in words; any other text is shown unchanged."""
    try:
        day = as_date(raw)
    except ValueError:
        day = None
    return f"{day:%b} {day.day}, {day.year}" if day else words_of(raw)


def field_words(path: str, raw: object) -> str:
    return day_of(raw) if path in DATES else words_of(raw)


def words_of(raw: object) -> str:
    """A value of the record other than a date, in words."""
    match raw:
        case None | "":
            return ""
        case bool():
            return "yes" if raw else "no"
        case list() | tuple():
            return ", ".join(words_of(value) for value in raw)
        case Mapping():
            return str(raw.get("text") or raw.get("authority") or "")
        case _:
            return str(raw)

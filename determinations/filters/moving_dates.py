"""Dates of saved filters that move with the day: ``decided`` last month, whenever that is.

Saved filters keep the dates that they had when they were saved or last moved, and ``moving=decided:last_month``
beside them. Whoever reads them with :func:`as_of` gets the dates of a day. Addresses of pages hold plain dates.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import QueryDict

from determinations.cases.typed_dates import read_typed_date
from determinations.filters.addresses import PARAMETERS, filters_in_words, label_of
from determinations.filters.date_ranges import RANGES, range_on
from determinations.models import FieldKind
from determinations.paging.addresses import changed
from determinations.wording.labels import Labels

#: The parameter of saved filters that names what moves.
MOVING = "moving"
#: ``days.-6.0``: from 6 days before a day through that day. Either end may be missing.
_DAYS = re.compile(r"days\.(-?\d{1,5})?\.(-?\d{1,5})?", re.ASCII)
#: Days between a date and today beyond which no distance from today is offered.
_NEAR = 400

Ends = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class Offer:
    """A date filter that can be saved to move: ``options`` are values of ``MOVING`` with labels, the first of them
    chosen; an empty value keeps the dates as they are."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]


def moving(query: QueryDict) -> dict[str, str]:
    """What moves, by the name of the filter: a key of ``RANGES``, or a number of days at each end."""
    stored = (value.partition(":")[::2] for value in query.getlist(MOVING))
    return {name: key for name, key in stored if f"{name}_from" in PARAMETERS and _is_range(key)}


def as_of(query: QueryDict, day: date) -> QueryDict:
    """Saved filters with the dates that they have on a day, as addresses of pages have them."""
    dates: dict[str, str] = {}
    for name, key in moving(query).items():
        for end, at in zip(("from", "to"), _ends(key, day) or (), strict=False):
            dates[f"{name}_{end}"] = at.isoformat() if at else ""
    return changed(query, dates, without=(MOVING,))


def moved_to(query: QueryDict, day: date) -> QueryDict:
    """Saved filters with the dates that they have on a day, still moving."""
    values = [f"{name}:{key}" for name, key in moving(query).items()]
    return changed(as_of(query, day), {MOVING: values})


def kept_moving(filters: QueryDict, chosen: Iterable[str], day: date) -> QueryDict:
    """Filters of an address as they are saved: with what was chosen of ``offers``, and today's dates."""
    return moved_to(changed(filters, {MOVING: [value for value in chosen if value]}), day)


def still_moving(saved: QueryDict, filters: QueryDict, day: date) -> QueryDict:
    """Filters of an address, chosen in place of saved ones: dates that are the same on a day move as before."""
    before = as_of(saved, day)
    kept = [
        f"{name}:{key}"
        for name, key in moving(saved).items()
        if all(before.get(f"{name}_{end}") == filters.get(f"{name}_{end}") for end in ("from", "to"))
    ]
    return kept_moving(filters, kept, day)


def offers(query: QueryDict, day: date, labels: Labels) -> list[Offer]:
    """The date filters of an address, each with the ways in which it can be saved, usual ranges first."""
    numbers = {field.column for field in labels.office_fields if field.kind == FieldKind.NUMBER}
    return [
        offer for name in _date_filters(query) if name not in numbers and (offer := _offer(name, query, day, labels))
    ]


def saved_in_words(query: QueryDict, labels: Labels) -> str:
    """Saved filters in one line, with what moves instead of dates: ``Decided: last month; Sex: Male``."""
    words, rest = [], query
    for name, key in moving(query).items():
        words.append(f"{_title(name, labels)}: {_in_words(key)}")
        rest = changed(rest, without=(f"{name}_from", f"{name}_to"))
    return "; ".join(filter(None, [*words, filters_in_words(rest, labels)]))


def _offer(name: str, query: QueryDict, day: date, labels: Labels) -> Offer | None:
    typed = [query.get(f"{name}_{end}", "") for end in ("from", "to")]
    ends = tuple(read_typed_date(text) if text else None for text in typed)
    if any(text and not at for text, at in zip(typed, ends, strict=True)):
        return None
    usual = [key for key in RANGES if _ends(key, day) == ends]
    days = ".".join(["days", *("" if at is None else str((at - day).days) for at in ends)])
    moves = [(f"{name}:{key}", f"{RANGES[key]}, moves with the day") for key in usual]
    if _is_range(days) and any(abs((at - day).days) <= _NEAR for at in ends if at):
        moves.append((f"{name}:{days}", f"{_capital(_in_words(days))}, moves with the day"))
    if not moves:
        return None
    fixed = ("", f"Always {_days_in_words(typed)}")
    return Offer(name, _title(name, labels), (*moves, fixed) if usual else (fixed, *moves))


def _date_filters(query: QueryDict) -> Iterator[str]:
    for parameter in PARAMETERS:
        name, _, end = parameter.rpartition("_")
        if f"{name}_from" in PARAMETERS and end in ("from", "to"):
            other = f"{name}_from"
            if query.get(parameter) and (end == "from" or not query.get(other)):
                yield name


def _is_range(key: str) -> bool:
    match = _DAYS.fullmatch(key)
    return key in RANGES or bool(match and (match[1] or match[2]))


def _ends(key: str, day: date) -> Ends | None:
    """The first and last day on a day; None beyond the calendar."""
    try:
        if key in RANGES:
            return range_on(key, day)
        match = _DAYS.fullmatch(key)
        ends = match.groups() if match else ()
        first, last = (None if text is None else day + timedelta(days=int(text)) for text in ends)
        return first, last
    except (ValueError, OverflowError):
        return None


def _title(name: str, labels: Labels) -> str:
    return label_of(f"{name}_from", labels).removesuffix(" from")


def _in_words(key: str) -> str:
    match = _DAYS.fullmatch(key)
    if not match:
        return RANGES[key][:1].lower() + RANGES[key][1:]
    first, last = (None if text is None else _day_in_words(int(text)) for text in match.groups())
    return " ".join(filter(None, [first and f"from {first}", last and f"through {last}"]))


def _day_in_words(days: int) -> str:
    named: Mapping[int, str] = {0: "today", -1: "yesterday", 1: "tomorrow"}
    return named.get(days) or (f"{-days:,} days ago" if days < 0 else f"{days:,} days ahead")


def _days_in_words(typed: list[str]) -> str:
    first, last = typed
    if first and last:
        return f"{first} through {last}"
    return f"from {first}" if first else f"through {last}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

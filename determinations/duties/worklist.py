"""The worklist: open duties by when they are due, and recently closed ones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from django.db.models import Count, Q, QuerySet

from determinations.models import Case, Duty, DutyState, UploadedFile
from determinations.paging.counts import COUNT_CAP
from determinations.paging.keyset import Order

#: Days ahead that "this week" covers, today not included.
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part of the worklist: open duties by due date."""

    key: str
    label: str
    empty: str


BUCKETS = (
    Bucket("overdue", "Overdue", "Nothing is overdue."),
    Bucket("today", "Due today", "Nothing is due today."),
    Bucket("week", "Next 7 days", "Nothing is due in the next 7 days."),
    Bucket("later", "Later", "Nothing is due later."),
    Bucket("undated", "Receipt missing", "Every letter with an open duty has its date of receipt."),
    Bucket("closed", "Closed", "No duty was closed yet."),
)  # fmt: skip
BUCKET_BY_KEY: Mapping[str, Bucket] = {bucket.key: bucket for bucket in BUCKETS}


def in_bucket(key: str, today: date) -> Q:
    """The condition on duties of a bucket; any other key means all open duties."""
    is_open = Q(state=DutyState.OPEN)
    match key:
        case "overdue":
            return is_open & Q(due_on__lt=today)
        case "today":
            return is_open & Q(due_on=today)
        case "week":
            return is_open & Q(due_on__gt=today, due_on__lte=today + WEEK)
        case "later":
            return is_open & Q(due_on__gt=today + WEEK)
        case "undated":
            return is_open & Q(due_on=None)
        case "closed":
            return ~is_open
        case _:
            return is_open


def of_person(whose: str, *, me: int) -> Q:
    """The condition for ``mine``, ``nobody`` or a username; anyone's for an empty one."""
    match whose:
        case "":
            return Q()
        case "mine":
            return Q(assigned_to=me)
        case "nobody":
            return Q(assigned_to=None)
        case name:
            return Q(assigned_to__username=name)


def of_upload(upload_id: int) -> Q:
    """The condition for the letters of an upload, copies of letters of other uploads among them."""
    files = UploadedFile.objects.filter(upload=upload_id, letter__isnull=False)
    return Q(letter__in=files.values("letter"))


def counts(who: Q, today: date) -> dict[str, int]:
    """How many open duties each bucket has, among the first ``COUNT_CAP`` by due date; one query."""
    first = Duty.objects.filter(who, state=DutyState.OPEN).order_by("sort_on", "pk")[: COUNT_CAP + 1]
    keys = [bucket.key for bucket in BUCKETS if bucket.key != "closed"]
    numbers: dict[str, int] = first.aggregate(**{key: Count("pk", filter=in_bucket(key, today)) for key in keys})
    return numbers


def rows(condition: Q) -> QuerySet[Duty]:
    """Duties with what a row of the worklist shows."""
    return Duty.objects.filter(condition).select_related("rule", "assigned_to", "letter__case")


def case_of(duty: Duty) -> Case | None:
    """The case of the duty's letter, read with it; None if the letter was read again and is none any more."""
    case: Case | None = getattr(duty.letter, "case", None)
    return case


def in_letter_order(duties: Iterable[Duty], order: Order) -> Iterator[Duty]:
    """Duties of a page, those of one letter with one due date (or closed at once) by their items' numbers."""
    for _place, together in groupby(duties, key=attrgetter("letter_id", order.column)):
        yield from sorted(together, key=attrgetter("item_number"))

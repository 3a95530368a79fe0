"""The worklist: open duties by when they are due, and recently closed ones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from django.contrib.auth.models import User
from django.db.models import Count, F, Q, QuerySet
from django.http import QueryDict

from determinations.models import Case, DisputedItem, Duty, DutyState, UploadedFile
from determinations.paging.addresses import changed
from determinations.paging.counts import COUNT_CAP, whole_number
from determinations.paging.keyset import Order

_BY_DUE = Order("sort_on", index_ascends=True)
_BY_CLOSING = Order("closed_at", descending=True, nullable=False)
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


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the worklist that an address selects: a tab, whose duties, and of which upload (None for all)."""

    when: str
    whose: str
    upload: int | None
    me: int

    @classmethod
    def of(cls, query: QueryDict, *, me: User) -> "Part":
        """The part that the query of an address asks for."""
        upload = whole_number(query.get("upload", ""))
        return cls(query.get("when", ""), query.get("whose", "").replace("\x00", ""), upload, me.pk)

    @property
    def order(self) -> Order:
        """Open duties by due date, closed ones by when they were closed."""
        return _BY_CLOSING if self.when == "closed" else _BY_DUE

    @property
    def in_all_tabs(self) -> Q:
        """The condition without the tab."""
        who = of_person(self.whose, me=self.me)
        return who if self.upload is None else who & of_upload(self.upload)

    def condition(self, today: date) -> Q:
        """The condition on duties."""
        return in_bucket(self.when, today) & self.in_all_tabs

    def rows(self, today: date) -> QuerySet[Duty]:
        """All its duties in order, with what a row shows."""
        column = F(self.order.column)
        by = column.desc(nulls_last=True) if self.order.descending else column.asc(nulls_last=True)
        return rows(self.condition(today)).order_by(by, "-pk" if self.order.descending else "pk")

    @property
    def query(self) -> QueryDict:
        """The query of its address."""
        upload = "" if self.upload is None else str(self.upload)
        when = self.when if self.when in BUCKET_BY_KEY else ""
        return changed(QueryDict(), {"when": when, "whose": self.whose, "upload": upload})

    @property
    def in_words(self) -> str:
        """What it has, in one line: ``Closed; assigned to maria; batch 12``."""
        bucket = BUCKET_BY_KEY.get(self.when)
        whose = {"": "", "mine": "assigned to me", "nobody": "assigned to no one"}
        of_whom = whose.get(self.whose, f"assigned to {self.whose}")
        batch = "" if self.upload is None else f"batch {self.upload}"
        return "; ".join(filter(None, [bucket.label if bucket else "All open", of_whom, batch]))


def rows(condition: Q) -> QuerySet[Duty]:
    """Duties with what a row of the worklist shows."""
    return Duty.objects.filter(condition).select_related("rule", "assigned_to", "letter__case")


def case_of(duty: Duty) -> Case | None:
    """The case of the duty's letter, read with it; None if the letter was read again and is none any more."""
    case: Case | None = getattr(duty.letter, "case", None)
    return case


def requests_of(duties: Iterable[Duty]) -> dict[tuple[int, int], str]:
    """The requests in dispute of these duties, by letter and item number. One query."""
    items = DisputedItem.objects.filter(case__in={duty.letter_id for duty in duties})
    return {
        (case_id, number): disputed for case_id, number, disputed in items.values_list("case_id", "number", "disputed")
    }


def in_letter_order(duties: Iterable[Duty], order: Order) -> Iterator[Duty]:
    """Duties of a page, those of one letter with one due date (or closed at once) by their items' numbers."""
    for _place, together in groupby(duties, key=attrgetter("letter_id", order.column)):
        yield from sorted(together, key=attrgetter("item_number"))

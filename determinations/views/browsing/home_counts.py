"""What the home page counts, in one statement; most of it is counted again only after a change of cases or items."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, QueryDict

from determinations.audit.alerts import open_alerts
from determinations.browsing.lists import CASES, DECISIONS, ListKind
from determinations.casework.notifications import visible_to
from determinations.help.news import newest_seen
from determinations.intake.batches import PLACES
from determinations.models import Case, ItemFact, Letter, LetterState, Outcome
from determinations.paging.addresses import changed
from determinations.paging.composed import ME, MY_NAME, SINCE, Part, count_of, first_of
from determinations.statistics.kept_parts import read_with_kept
from determinations.views.frame_counts import given_by, note_frame_counts, parts_of_frame

_OPEN_STATUSES = ("new", "authorizing", "disputed")
_OVERTURNED = ("overturned", "partly")
#: Open alerts have no list of their own that could be longer.
_MOST_ALERTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Filtered:
    """A list with filters: what a number of the home page counts, and opens."""

    kind: ListKind
    filters: Mapping[str, str | Sequence[str]]

    @property
    def query(self) -> QueryDict:
        """The filters as in the list's address."""
        return changed(QueryDict(), self.filters)

    @property
    def rows(self) -> QuerySet[Model]:
        """The rows of the list."""
        return self.kind.filterset(self.query).qs


def added(since: datetime) -> Filtered:
    """Cases that were added since."""
    return Filtered(CASES, {"added_from": in_address(since)})


def added_overturned(since: datetime) -> Filtered:
    """Those of them that require authorization."""
    return Filtered(DECISIONS, {"added_from": in_address(since), "outcome": _OVERTURNED})


def own(my_name: str) -> Filtered:
    """The open cases of a user."""
    return Filtered(CASES, {"owner": my_name, "status": _OPEN_STATUSES})


def in_address(since: datetime) -> str:
    """A time as addresses have it, to the second."""
    return since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _place(name: str) -> Part[object]:
    return count_of(lambda: Letter.objects.filter(PLACES[name]))


_BROWSE, _UPLOAD = "determinations.browse_cases", "determinations.upload_letters"
#: What is read each time, with the permission that it takes.
_READ: Mapping[str, tuple[str, Part[object]]] = {
    "told": (_BROWSE, count_of(lambda: visible_to(User(pk=ME.sample)).filter(at__gte=SINCE.sample))),
    "own": (_BROWSE, count_of(lambda: own(MY_NAME.sample).rows)),
    **{name: (_UPLOAD, _place(name)) for name in PLACES},
    "news": ("", first_of(lambda: newest_seen(User(pk=ME.sample)))),
    "alerts": ("determinations.view_audit_trail", count_of(open_alerts, _MOST_ALERTS)),
}
#: What a version of the data determines.
_OF_VERSION: Mapping[str, tuple[str, Part[object]]] = {
    "cases": (_BROWSE, count_of(Case.objects.current)),
    "items": (_BROWSE, count_of(ItemFact.objects.all)),
    "overturned": (
        _BROWSE,
        count_of(lambda: Case.objects.current().filter(outcome__in=[Outcome.OVERTURNED, Outcome.PARTLY])),
    ),
    "newest": (
        _BROWSE,
        first_of(
            lambda: (
                Case.objects.current()
                .order_by(F("decision_date").desc(nulls_last=True), "-pk")
                .values("decision_date")
            )
        ),
    ),
    "added": (_BROWSE, count_of(lambda: added(SINCE.sample).rows)),
    "added_overturned": (_BROWSE, count_of(lambda: added_overturned(SINCE.sample).rows)),
    "needs_review": (_UPLOAD, count_of(lambda: Case.objects.current().filter(state=LetterState.NEEDS_REVIEW))),
}


def read_counts(request: HttpRequest, held: Collection[str], since: datetime) -> dict[str, object]:
    """The numbers that a user with these permissions sees by their names, and what the frame of the page counts."""
    given = {**given_by(request), SINCE.name: since}
    named = {**_READ, **_OF_VERSION}
    parts = {name: part for name, (permission, part) in named.items() if permission in held} | parts_of_frame(held)
    numbers = read_with_kept(parts, given, of_version=parts.keys() & _OF_VERSION.keys())
    note_frame_counts(request, numbers)
    return numbers

"""Events as administrators search them: whose they may see, filters, and each event in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from determinations.models import AuditEvent
from determinations.paging.keyset import Order
from determinations.wording.audit_actions import ACTIONS, group_of_action, label_of_action

NEWEST_FIRST = Order("at", descending=True, nullable=False, key="id")
#: Details that the row shows elsewhere, or that say nothing to people.
_NOT_SHOWN = {"address", "ids", "method", "route", "pk"}
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to look for; empty values do not filter. ``letters`` is None unless a case was asked for."""

    person: str = ""
    action: str = ""
    letters: Sequence[int] | None = None
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as pages and exports show it."""

    event: AuditEvent
    who: str
    action: str
    details: tuple[tuple[str, str], ...]

    @property
    def details_in_words(self) -> str:
        """All details in one text."""
        return "; ".join(f"{name}: {value}" for name, value in self.details)


def events_visible_to(user: User) -> QuerySet[AuditEvent]:
    """The events that this user may see. The only place that decides it: pages, exports and disclosures begin here.

    The letters of lists and exports are left out of the rows: there may be millions.
    """
    if not user.has_perm("determinations.view_audit_trail"):
        return AuditEvent.objects.none()
    return AuditEvent.objects.defer("letter_ids")


def matching(events: QuerySet[AuditEvent], criteria: Criteria) -> QuerySet[AuditEvent]:
    """The events that meet all criteria, each through an index."""
    if criteria.person:
        people = User.objects.filter(username__iexact=criteria.person).values_list("pk", flat=True)
        events = events.filter(by_id__in=list(people))
    if criteria.action:
        events = events.filter(action__in=actions_of(criteria.action))
    if criteria.letters is not None:
        events = events.filter(of_letters(criteria.letters))
    if criteria.address:
        events = events.filter(address=criteria.address)
    if criteria.since is not None:
        events = events.filter(at__gte=criteria.since)
    if criteria.until is not None:
        events = events.filter(at__lt=criteria.until)
    return events


def of_letters(letters: Sequence[int]) -> Q:
    """Events about one of these letters, or that showed or contained one."""
    return Q(letter_id__in=letters) | Q(letter_ids__overlap=list(letters))


def actions_of(chosen: str) -> list[str]:
    """The actions of a group, or the one action."""
    return [action for action in ACTIONS if group_of_action(action) == chosen] or [chosen]


def action_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """All groups, each with its actions, to choose from; a group can be chosen as a whole."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for action, words in ACTIONS.items():
        group = group_of_action(action)
        groups.setdefault(group, [(group, f"All: {group.lower()}")]).append((action, words))
    return list(groups.items())


def entries_of(events: Sequence[AuditEvent] | Iterator[AuditEvent]) -> Iterator[Entry]:
    """Events in words."""
    for event in events:
        details = tuple(
            (name.replace("_", " "), _value(value))
            for name, value in event.detail.items()
            if name not in _NOT_SHOWN and value not in ("", None, [], {})
        )
        yield Entry(event, event.by_name or "system", label_of_action(event.action), details)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

"""Records who viewed, changed or exported what, when and from where. Never stores letter text.

An event is written before its answer leaves, in the transaction of the action if there is one: what could not be
recorded is neither shown nor done. See decision 0026.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone

from determinations.access.scope import EVERYTHING, within
from determinations.models import AuditEvent
from imrsite.connections import on_primary

#: A page that fetches parts of a letter separately is recorded once within this time.
_ONE_OPENING = timedelta(hours=1)
#: The same statistics are recorded once within this time, and so are suggestions that show no other case.
_SAME_STATISTICS = timedelta(minutes=10)
_ONE_TYPING = timedelta(minutes=1)

#: Of a longer query only the beginning is kept.
_LONGEST_QUERY = 2_000
_IDS_AT_ONCE = 10_000


@dataclass(slots=True)
class Origin:
    """Where the current request comes from, by which access token if any, and how many events it has recorded."""

    address: str
    token_id: int | None = None
    events: int = 0


_ORIGIN: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)


@contextmanager
def events_from(address: str, token_id: int | None = None) -> Iterator[Origin]:
    """Events recorded within the block carry this address of a client, and the access token that it uses; yields
    their number as it grows."""
    origin = Origin(address, token_id)
    token = _ORIGIN.set(origin)
    try:
        yield origin
    finally:
        _ORIGIN.reset(token)


def record(
    action: str,
    *,
    by: AbstractBaseUser | AnonymousUser | None,
    at: datetime,
    letter_id: int | None = None,
    letter_ids: Sequence[int] | None = None,
    address: str | None = None,
    **detail: object,
) -> AuditEvent:
    """Record that a user did something, such as ``case.viewed``; ``by=None`` is a command without a user.

    ``letter_ids`` are the letters that a list showed or an export contained; ``address`` is where the user is, unless
    it is that of the current request. ``detail`` is stored as JSON. The event joins the caller's transaction: it stays
    only if the action does.
    """
    here = _current_address(1)
    event = AuditEvent(
        at=at,
        by_id=by.pk if by else None,
        by_name=by.get_username() if by else "",
        address=address or here,
        action=action,
        letter_id=letter_id,
        letter_ids=None if letter_ids is None else _array_of(letter_ids),
        detail=detail | _current_token(),
    )
    with on_primary(), within(EVERYTHING):
        event.save(force_insert=True)
    return event


def _array_of(letter_ids: Sequence[int]) -> Value:
    """The letters, each once and in order, as PostgreSQL reads an array.

    An export has a million. Every one as an object, a text and a parameter of its own would take 100 MB.
    """
    distinct = (letter for letter, _ in groupby(sorted(letter_ids)))
    parts = iter(lambda: ",".join(map(str, islice(distinct, _IDS_AT_ONCE))), "")
    return Value(f"{{{','.join(parts)}}}", output_field=AuditEvent._meta.get_field("letter_ids"))


def record_each(action: str, letter_ids: Iterable[int], *, by: User, at: datetime, **detail: object) -> None:
    """Record that a user did the same with each of these letters, in one statement."""
    ids = list(letter_ids)
    name, address = by.get_username(), _current_address(len(ids))
    detail |= _current_token()
    events = [
        AuditEvent(at=at, by_id=by.pk, by_name=name, address=address, action=action, letter_id=pk, detail=detail)
        for pk in ids
    ]
    with on_primary(), within(EVERYTHING):
        AuditEvent.objects.bulk_create(events)


def _current_address(events: int) -> str | None:
    """The address of the current request, which records so many events more; None for commands and workers."""
    origin = _ORIGIN.get()
    if origin is None:
        return None
    origin.events += events
    return origin.address


def events_of_request() -> int:
    """How many events the current request has recorded."""
    origin = _ORIGIN.get()
    return origin.events if origin else 0


def _current_token() -> dict[str, object]:
    """The access token of the current request, as a detail of its events."""
    origin = _ORIGIN.get()
    return {} if origin is None or origin.token_id is None else {"access_token": origin.token_id}


def note(
    request: HttpRequest,
    action: str,
    letter_id: int | None = None,
    letter_ids: Sequence[int] | None = None,
    **detail: object,
) -> AuditEvent:
    """Record that the user of this request did something now."""
    return record(
        action, by=request.user, at=timezone.now(), letter_id=letter_id, letter_ids=letter_ids, address=None, **detail
    )


def note_list(request: HttpRequest, list_name: str, letter_ids: Sequence[int], **detail: object) -> AuditEvent:
    """Record that the user was shown rows of these letters, and what they asked for."""
    query = request.GET.urlencode()[:_LONGEST_QUERY]
    return note(request, "list.viewed", None, letter_ids, list=list_name, query=query, rows=len(letter_ids), **detail)


def note_once(request: HttpRequest, action: str, letter_id: int) -> None:
    """Record it unless this user already opened the letter, on any page, within the hour."""
    since = timezone.now() - _ONE_OPENING
    if not AuditEvent.objects.filter(letter_id=letter_id, by_id=request.user.pk, at__gte=since).exists():
        note(request, action, letter_id)


def note_statistics(request: HttpRequest, page: str) -> None:
    """Record that the user was shown statistics, and of what; once if they look again soon."""
    now, query = timezone.now(), request.GET.urlencode()[:_LONGEST_QUERY]
    seen = _recent(request, "statistics.viewed", now - _SAME_STATISTICS)
    if not seen.filter(detail__path=request.path, detail__query=query).exists():
        note(request, "statistics.viewed", page=page, path=request.path, query=query)


def note_suggestions(request: HttpRequest, box: str, typed: str, letter_ids: Sequence[int] = ()) -> None:
    """Record what was suggested while a user types into a box: whenever another case is named, else once a minute."""
    if not typed.strip():
        return
    now = timezone.now()
    earlier = _recent(request, "search.suggested", now - _ONE_OPENING).filter(detail__box=box)
    rows = list(earlier.order_by("-at").values_list("at", "letter_ids")[:200])
    shown = {pk for _, ids in rows for pk in ids or ()}
    if set(letter_ids) - shown or not rows or rows[0][0] < now - _ONE_TYPING:
        note(request, "search.suggested", letter_ids=letter_ids or None, box=box, query=typed[:_LONGEST_QUERY])


def _recent(request: HttpRequest, action: str, since: datetime) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(by_id=request.user.pk, at__gte=since, action=action)

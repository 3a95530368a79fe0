"""The audit trail, for administrators."""

from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from determinations.access import audit
from determinations.audit.trail import NEWEST_FIRST, entries_of, events_visible_to, matching
from determinations.models import AuditEvent, TokenScope
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.lists import Limit, PageOut, keyset_page, neighbors
from determinations.views.api.problems import Problem
from determinations.views.audit.trail import CriteriaForm
from determinations.views.requests import person_of

router = Router(tags=["Audit trail"])
_PLAIN = "^[^\\x00]*$"


class EventOut(Reply):
    """An event: who did what, when and from where."""

    id: int
    at: datetime
    by: str
    action: str
    action_in_words: str
    letter: int | None
    address: str | None
    details: dict[str, str]


class EventPage(PageOut):
    """A page of events."""

    results: list[EventOut]


@router.get("/audit", response=EventPage, url_name="api_audit")
@needs(TokenScope.AUDIT, "view_audit_trail")
def list_events(
    request: HttpRequest,
    person: Annotated[str, Query(max_length=150, pattern=_PLAIN)] = "",
    action: Annotated[str, Query(max_length=60, pattern=_PLAIN)] = "",
    case: Annotated[
        str, Query(max_length=40, pattern=_PLAIN, description="a case number, or the ID of a letter")
    ] = "",
    address: Annotated[str, Query(max_length=45, pattern=_PLAIN)] = "",
    since: Annotated[date | None, Query()] = None,
    until: Annotated[date | None, Query(description="the last day")] = None,
    limit: Limit = 50,
) -> EventPage:
    """Events, newest first."""
    form = CriteriaForm(request.GET)
    if not form.is_valid():
        errors = [
            (name, " ".join(words for entry in found.as_data() for words in entry.messages))
            for name, found in form.errors.items()
        ]
        raise Problem(422, "Some parameters are not valid.", errors=errors)
    events = matching(events_visible_to(person_of(request)), form.criteria())
    page = keyset_page(request, events, NEWEST_FIRST, limit, tuple(form.fields))
    query = request.GET.urlencode()[:2_000]
    audit.note(request, "list.viewed", list="audit trail", query=query, rows=len(page.rows))
    return EventPage(results=_entries(page.rows), **neighbors(request, page))


def _entries(events: list[AuditEvent]) -> list[EventOut]:
    return [
        EventOut(
            id=entry.event.pk, at=entry.event.at, by=entry.who, action=entry.event.action,
            action_in_words=entry.action, letter=entry.event.letter_id, address=entry.event.address,
            details=dict(entry.details),
        )
        for entry in entries_of(events)
    ]  # fmt: skip

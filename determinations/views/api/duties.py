"""Duties: the worklist, one duty, and what staff do about them."""

from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from determinations.access import audit
from determinations.duties import actions as duty_actions
from determinations.duties import worklist
from determinations.models import Case, Duty, DutyState, Receipt, Service, TokenScope
from determinations.paging.keyset import Order
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.lists import Limit, PageOut, check_parameters, keyset_page, neighbors
from determinations.views.api.writing import IDEMPOTENT, Done, address, write
from determinations.views.duties.worklist import person_named
from determinations.views.requests import person_of

router = Router(tags=["Duties"])
_BY_DUE = Order("sort_on", index_ascends=True)
_BY_CLOSING = Order("closed_at", descending=True, nullable=False)
Bucket = Literal["", "overdue", "today", "week", "later", "undated", "closed"]
_PLAIN = "^[^\\x00]*$"


class DutyOut(Reply):
    """What one overturned item obliges to do. ``due_on`` is null while the date of receipt is missing."""

    id: int
    case: int
    case_number: str | None
    item: int
    rule: str
    state: str = Field(description="open, done or not_required")
    services_given: bool
    received_on: date | None
    receipt_presumed: bool
    due_on: date | None
    assigned_to: str | None
    closed_on: date | None
    closed_by: str
    note: str

    @classmethod
    def of(cls, duty: Duty) -> "DutyOut":
        """The duty as an answer."""
        case = getattr(duty.letter, "case", None)
        return cls(
            id=duty.pk, case=duty.letter_id, case_number=case.case_number if case else None, item=duty.item_number,
            rule=str(duty.rule), state=duty.state, services_given=duty.services_given, received_on=duty.received_on,
            receipt_presumed=duty.presumed, due_on=duty.due_on,
            assigned_to=duty.assigned_to.get_username() if duty.assigned_to else None, closed_on=duty.closed_on,
            closed_by="" if duty.state == DutyState.OPEN else duty.closed_by_name, note=duty.note,
        )  # fmt: skip


class DutyPage(PageOut):
    """A page of duties."""

    results: list[DutyOut]


class CaseDuties(Reply):
    """The duties of a case, and when and how its letter was received."""

    received_on: date | None
    service: str | None
    duties: list[DutyOut]


class Closing(Schema):
    """A duty that was done on a day, or is not required; a note then says why."""

    done_on: date
    required: bool = True
    note: str = Field(default="", max_length=1000, pattern="^[^\\x00]*$")


class Assignee(Schema):
    """The user name; null for no one."""

    user: Annotated[str, Field(max_length=150, pattern=_PLAIN)] | None


class ReceiptIn(Schema):
    """When and how a letter was received."""

    received_on: date
    service: Service = Service.UNKNOWN


@router.get("/duties", response=DutyPage, url_name="api_duties")
@needs(TokenScope.READ, "work_duties")
def list_duties(
    request: HttpRequest,
    when: Annotated[Bucket, Query(description="which; all open ones if it is empty")] = "",
    whose: Annotated[
        str, Query(max_length=150, pattern=_PLAIN, description="mine, or a user name; empty for everyone")
    ] = "",
    limit: Limit = 50,
) -> DutyPage:
    """The worklist: open duties by due date, or closed ones, latest first."""
    condition = worklist.in_bucket(when, timezone.localdate()) & worklist.of_person(whose, me=person_of(request).pk)
    order = _BY_CLOSING if when == "closed" else _BY_DUE
    page = keyset_page(request, worklist.rows(condition), order, limit, ("when", "whose"))
    audit.note_list(request, "worklist", [duty.letter_id for duty in page.rows])
    results = [DutyOut.of(duty) for duty in worklist.in_letter_order(page.rows, order)]
    return DutyPage(results=results, **neighbors(request, page))


@router.get("/cases/{int:case_id}/duties", response=CaseDuties, url_name="api_case_duties")
@needs(TokenScope.READ, "browse_cases")
def list_case_duties(request: HttpRequest, case_id: int) -> CaseDuties:
    """The duties of a case, and its receipt."""
    check_parameters(request, ())
    case = get_object_or_404(Case.objects.only("pk"), pk=case_id)
    receipt = Receipt.objects.filter(pk=case.pk).first()
    duties = Duty.objects.filter(letter=case.pk).select_related("rule", "assigned_to", "letter__case")
    audit.note(request, "case.viewed", case_id, part="duties")
    return CaseDuties(
        received_on=receipt.received_on if receipt else None,
        service=receipt.service if receipt else None,
        duties=[DutyOut.of(duty) for duty in duties.order_by("item_number")],
    )


@router.get("/duties/{int:duty_id}", response=DutyOut, url_name="api_duty")
@needs(TokenScope.READ, "work_duties")
def read_duty(request: HttpRequest, duty_id: int) -> DutyOut:
    """One duty."""
    check_parameters(request, ())
    duty = get_object_or_404(Duty.objects.select_related("rule", "assigned_to", "letter__case"), pk=duty_id)
    audit.note(request, "case.viewed", duty.letter_id, part="duty", item=duty.item_number)
    return DutyOut.of(duty)


@router.post("/duties/{int:duty_id}/closing", response={200: Done}, url_name="api_duty_closing",
             openapi_extra=IDEMPOTENT)  # fmt: skip
@needs(TokenScope.WORK, "work_duties")
def close_duty(request: HttpRequest, duty_id: int, closing: Closing) -> JsonResponse:
    """Close an open duty: done on a day, or not required. Nothing changes if it was closed before."""
    get_object_or_404(Duty, pk=duty_id)

    def close() -> Done:
        changed = duty_actions.close(
            [duty_id], done_on=closing.done_on, required=closing.required, note=closing.note,
            by=person_of(request), now=timezone.now(),
        )  # fmt: skip
        return _done(duty_id, changed)

    return write(request, 200, close)


@router.delete("/duties/{int:duty_id}/closing", response={200: Done}, url_name="api_duty_closing",
               openapi_extra=IDEMPOTENT)  # fmt: skip
@needs(TokenScope.WORK, "work_duties")
def reopen_duty(request: HttpRequest, duty_id: int) -> JsonResponse:
    """Open a closed duty again."""
    get_object_or_404(Duty, pk=duty_id)

    def reopen() -> Done:
        return _done(duty_id, duty_actions.reopen([duty_id], by=person_of(request), now=timezone.now()))

    return write(request, 200, reopen)


@router.put("/duties/{int:duty_id}/assignee", response={200: Done}, url_name="api_duty_assignee",
            openapi_extra=IDEMPOTENT)  # fmt: skip
@needs(TokenScope.WORK, "work_duties")
def assign_duty(request: HttpRequest, duty_id: int, assignee: Assignee) -> JsonResponse:
    """Assign an open duty to a user, or to no one."""
    get_object_or_404(Duty, pk=duty_id)

    def assign() -> Done:
        user = person_named(assignee.user or "")
        return _done(duty_id, duty_actions.assign([duty_id], user, by=person_of(request), now=timezone.now()))

    return write(request, 200, assign)


@router.put("/cases/{int:case_id}/receipt", response={200: Done}, url_name="api_receipt", openapi_extra=IDEMPOTENT)
@needs(TokenScope.WORK, "work_duties")
def enter_receipt(request: HttpRequest, case_id: int, receipt: ReceiptIn) -> JsonResponse:
    """Enter when and how a letter was received; its due dates follow."""
    get_object_or_404(Case.objects.only("pk"), pk=case_id)

    def enter() -> Done:
        changed = duty_actions.enter_receipt(
            [case_id], receipt.received_on, receipt.service, by=person_of(request), now=timezone.now()
        )
        return Done(id=case_id, address=address("api_case_duties", case_id), changed=changed)

    return write(request, 200, enter)


def _done(duty_id: int, changed: int) -> Done:
    return Done(id=duty_id, address=address("api_duty", duty_id), changed=changed)

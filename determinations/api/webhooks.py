"""Webhooks: addresses that are told which cases changed. They get IDs, never text.

A delivery is a row before it is sent, written in the transaction that moves the webhook's cursor; so no change is
lost, whatever dies. While a delivery is sent, its next try is some minutes ahead: a sender that was killed is
replaced, and the receiver may get a delivery twice, with the same ID.
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.crypto import salted_hmac

from determinations.access import audit
from determinations.access.roles import check_permission, scope_of
from determinations.access.scope import within
from determinations.api.feed import Change, CursorUnknown, current_cursor, read_changes
from determinations.api.outgoing import NotSent, check_address, post
from determinations.filters import CaseFilter, filters_only, mistakes, unknown_parameters
from determinations.filters.lookups import Lookups
from determinations.models import Case, ChangeKind, DeliveryState, Webhook, WebhookCase, WebhookDelivery
from determinations.paging.addresses import changed

#: Changes of one delivery.
MOST_CHANGES = 500
#: The waits after failed tries; after the last, a delivery is given up.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400))
#: A sender that did not come back in this time died.
LEASE = timedelta(minutes=2)
#: What the account needs whose cases are told.
_MAY = "determinations.browse_cases"
#: Of filters that match more cases than this when the webhook is added, only those that were told are known.
MOST_KNOWN = 20_000
#: For how long deliveries are listed, unless they wait to be sent.
KEPT = timedelta(days=30)


class WebhookRefused(Exception):
    """No webhook was made; the message tells the user why."""


class NotQueued(Exception):
    """Changes for some webhooks cannot be queued; they wait. The message names webhooks and classes of exceptions."""


def make_webhook(
    user: User, name: str, url: str, *, kinds: Collection[str] = (), query: str = "", by: User, now: datetime
) -> Webhook:
    """Tell this address of changes that ``user`` sees, from now on. Raises :class:`WebhookRefused`.

    ``kinds``: of these alone, if there are some. ``query``: of cases alone that match these filters, begin or cease
    to match them, or are gone.
    """
    check_permission(by, "manage_webhooks")
    name, url = " ".join(name.replace("\x00", "").split())[:80], url.strip()
    if not name:
        raise WebhookRefused("Enter a name that says what is told.")
    if not user.has_perm(_MAY):
        raise WebhookRefused(f"{user.get_username()} may not browse cases.")
    try:
        check_address(url)
    except NotSent as fault:
        raise WebhookRefused(str(fault)) from None
    if not set(kinds) <= set(ChangeKind.values):
        raise WebhookRefused("Choose which changes are told.")
    filters = changed(QueryDict(query), without=["sort"])
    if wrong := [*mistakes(_filterset(user, query)), *unknown_parameters(filters, ())]:
        raise WebhookRefused(f"The filters are not valid. {' '.join(wrong)}")
    with transaction.atomic():
        webhook = Webhook.objects.create(
            user=user, name=name, url=url, salt=secrets.token_hex(16), cursor=current_cursor(), created_at=now,
            kinds=[kind for kind in ChangeKind.values if kind in kinds], query=filters_only(filters).urlencode(),
        )  # fmt: skip
        _know_matching(webhook)
        audit.record("webhook.created", by=by, at=now, webhook=webhook.pk, of=user.get_username())
    return webhook


def _know_matching(webhook: Webhook) -> None:
    """Note which cases match already, so that its address is told when they cease to."""
    if not webhook.query:
        return
    with within(scope_of(webhook.user)):
        rows = _filterset(webhook.user, webhook.query).qs.order_by()
        matching = list(rows.values_list("pk", flat=True)[: MOST_KNOWN + 1])
    if len(matching) <= MOST_KNOWN:
        _note_matching(webhook, matching)


def _note_matching(webhook: Webhook, case_ids: Collection[int]) -> None:
    WebhookCase.objects.bulk_create(
        (WebhookCase(webhook=webhook, letter_id=pk) for pk in case_ids), batch_size=2_000, ignore_conflicts=True
    )


def secret_of(webhook: Webhook) -> str:
    """The secret that signs deliveries. It changes with the key of the installation."""
    return f"whs_{salted_hmac('imrsite.webhooks', webhook.salt, algorithm='sha256').hexdigest()}"


def stop(webhook: Webhook, *, by: User, now: datetime) -> None:
    """Tell this address nothing more; what waits is not sent."""
    check_permission(by, "manage_webhooks")
    with transaction.atomic():
        running = Webhook.objects.filter(pk=webhook.pk, stopped_at=None)
        if running.update(stopped_at=now, stopped_by_name=by.get_username()):
            audit.record("webhook.stopped", by=by, at=now, webhook=webhook.pk)


def send_again(delivery: WebhookDelivery, *, by: User, now: datetime) -> None:
    """Have a delivery sent again, whether it was delivered or given up."""
    check_permission(by, "manage_webhooks")
    with transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=DeliveryState.WAITING, attempts=0, next_try_at=now, delivered_at=None
        )
        audit.record("webhook.sent_again", by=by, at=now, webhook=delivery.webhook_id, delivery=delivery.pk)


def in_force() -> QuerySet[Webhook]:
    """The webhooks that are told of changes."""
    return Webhook.objects.filter(stopped_at=None, user__is_active=True).order_by("pk")


def queue_changes(*, now: datetime) -> int:
    """Put changes since the last time into deliveries; returns how many steps that took.

    A webhook whose changes cannot be queued stops no other. Raises :class:`NotQueued` at the end.
    """
    made, failed = 0, []
    for pk in in_force().values_list("pk", flat=True):
        try:
            while _queue_step(pk, now):
                made += 1
        except Exception as fault:
            if not connection.is_usable():
                raise
            failed.append(f"{pk} ({type(fault).__name__})")
    if failed:
        raise NotQueued(f"Changes for webhooks cannot be queued: {', '.join(failed)}.")
    return made


def _queue_step(webhook_id: int, now: datetime) -> bool:
    """Put one delivery's changes of a webhook into the queue; whether there were any, wanted or not."""
    with transaction.atomic():
        rows = Webhook.objects.select_related("user").filter(pk=webhook_id, stopped_at=None)
        webhook = rows.select_for_update(of=("self",), skip_locked=True).first()
        if webhook is None or not webhook.user.has_perm(_MAY):
            return False
        with within(scope_of(webhook.user)):
            try:
                read = read_changes(webhook.cursor, MOST_CHANGES)
            except CursorUnknown:  # the database was restored: the receiver has to mirror again
                Webhook.objects.filter(pk=webhook_id).update(cursor=current_cursor())
                WebhookCase.objects.filter(webhook=webhook).delete()
                _know_matching(webhook)
                _add(webhook, [{"restart": True}], now)
                return True
            matching = _matching(webhook, read.changes)
        Webhook.objects.filter(pk=webhook_id).update(cursor=read.cursor)
        told = _told(webhook, read.changes, matching)
        if told:
            _add(webhook, told, now)
    return bool(read.changes)


def _matching(webhook: Webhook, changes: Sequence[Change]) -> set[int]:
    """Those of the changed cases that match the webhook's filters now."""
    ids = [change.case_id for change in changes if not change.gone]
    if not webhook.query or not ids:
        return set()
    return set(_filterset(webhook.user, webhook.query).qs.filter(pk__in=ids).values_list("pk", flat=True))


def _told(webhook: Webhook, changes: Sequence[Change], matching: Set[int]) -> list[dict[str, object]]:
    """What a webhook is told of these changes: of the kinds that it wants, and of cases that match its filters.

    A case that begins or ceases to match is told whatever changed of it, also by being gone.
    """
    wants = {change.case_id for change in changes if not webhook.kinds or not change.kinds.isdisjoint(webhook.kinds)}
    if not webhook.query:
        return [_in_delivery(change) for change in changes if change.case_id in wants]
    ids = [change.case_id for change in changes]
    known = set(WebhookCase.objects.filter(webhook=webhook, letter__in=ids).values_list("letter_id", flat=True))
    _note_matching(webhook, sorted(matching - known))
    WebhookCase.objects.filter(webhook=webhook, letter__in=known - matching).delete()
    told = {*(known ^ matching), *(wants & matching)}
    gone = {change.case_id for change in changes if change.gone}
    told = told - gone | ((wants | known) & gone)
    return [
        {**_in_delivery(change), "matches": change.case_id in matching} for change in changes if change.case_id in told
    ]


def _in_delivery(change: Change) -> dict[str, object]:
    return {"case": change.case_id, "version": change.version, "gone": change.gone, "kinds": sorted(change.kinds)}


def _filterset(user: User, query: str) -> CaseFilter:
    """The filters of a webhook, over all cases that the user sees, also those that a later letter supersedes."""
    return CaseFilter(QueryDict(query), queryset=Case.objects.all(), lookups=Lookups(user=user))


def _add(webhook: Webhook, changes: list[dict[str, object]], now: datetime) -> None:
    WebhookDelivery.objects.create(webhook=webhook, at=now, changes=changes, next_try_at=now)


def due(now: datetime) -> QuerySet[WebhookDelivery]:
    """Deliveries to send now, those that wait longest first."""
    rows = WebhookDelivery.objects.filter(
        state=DeliveryState.WAITING, next_try_at__lte=now, webhook__stopped_at=None, webhook__user__is_active=True
    )
    return rows.order_by("next_try_at", "pk")


def send_due(*, now: Callable[[], datetime], until: float) -> None:
    """Send deliveries until nothing is due, or the monotonic clock says ``until``.

    A webhook whose address failed is not tried again in this turn: others would wait for each of its deliveries.
    """
    failed: set[int] = set()
    while time.monotonic() < until and (delivery := send_next(now=now(), without=failed)):
        if delivery.state != DeliveryState.DELIVERED:
            failed.add(delivery.webhook_id)


def send_next(*, now: datetime, without: Collection[int] = ()) -> WebhookDelivery | None:
    """Send the delivery that waits longest, except those of the webhooks ``without``; returns it as it is then."""
    with transaction.atomic():
        rows = due(now).exclude(webhook__in=without).select_related("webhook")
        delivery = rows.select_for_update(of=("self",), skip_locked=True).first()
        if delivery is None:
            return None
        delivery.attempts, delivery.tried_at, delivery.next_try_at = delivery.attempts + 1, now, now + LEASE
        delivery.save(update_fields=["attempts", "tried_at", "next_try_at"])
    body = body_of(delivery)
    try:
        status = post(delivery.webhook.url, body, headers_of(delivery, body, now))
    except NotSent as fault:
        _failed(delivery, None, str(fault), now)
    else:
        if 200 <= status < 300:
            delivery.state, delivery.status, delivery.fault = DeliveryState.DELIVERED, status, ""
            delivery.delivered_at, delivery.next_try_at = now, None
        else:
            _failed(delivery, status, f"The address answered with status {status}.", now)
    _store_result(delivery)
    return delivery


def _failed(delivery: WebhookDelivery, status: int | None, fault: str, now: datetime) -> None:
    delivery.status, delivery.fault = status, fault[:200]
    if delivery.attempts > len(DELAYS):
        delivery.state, delivery.next_try_at = DeliveryState.FAILED, None
    else:
        delivery.next_try_at = now + DELAYS[delivery.attempts - 1]


def _store_result(delivery: WebhookDelivery) -> None:
    """Store what became of a try, unless the lease ended and another process, or a user, has the delivery now."""
    ours = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, attempts=delivery.attempts)
    names = ("state", "status", "fault", "delivered_at", "next_try_at")
    ours.update(**{name: getattr(delivery, name) for name in names})


def body_of(delivery: WebhookDelivery) -> bytes:
    """What is sent: the same for each try."""
    return json.dumps(
        {"id": delivery.pk, "type": "cases.changed", "at": delivery.at.isoformat(), "changes": delivery.changes},
        sort_keys=True,
    ).encode()


def headers_of(delivery: WebhookDelivery, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of a try: its time, and the signature over time and body."""
    timestamp = f"{int(now.timestamp())}"
    return {
        "Content-Type": "application/json",
        "User-Agent": f"imrsite/{settings.PROGRAM_VERSION}",
        "Imrsite-Delivery": f"{delivery.pk}",
        "Imrsite-Timestamp": timestamp,
        "Imrsite-Signature": f"v1={signature(secret_of(delivery.webhook), timestamp, body)}",
    }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a period and the body, in hexadecimal."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def delete_old(now: datetime) -> None:
    """Delete deliveries that were listed long enough, unless they wait to be sent."""
    old = WebhookDelivery.objects.filter(at__lt=now - KEPT)
    old.exclude(state=DeliveryState.WAITING, webhook__stopped_at=None).delete()

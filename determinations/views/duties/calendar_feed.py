"""The calendar feed of a user's open duties: an address that the user makes, and can revoke."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from determinations.access import audit
from determinations.access.roles import scope_of
from determinations.access.scope import within
from determinations.duties.calendar import calendar_of
from determinations.models import AuditEvent, CalendarFeed
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.duties.forms import may_work
from determinations.views.requests import person_of

_DAY = timedelta(days=1)


@require_http_methods(["GET", "HEAD", "POST"])
@may_work
@recorded_form
def calendar_settings(request: HttpRequest) -> HttpResponse:
    """Make or revoke the address of the feed. The address is shown once: only its hash is stored."""
    user, now = person_of(request), timezone.now()
    feed = CalendarFeed.objects.filter(user=user).first()
    if request.method == "POST":
        if request.POST.get("do") == "revoke":
            CalendarFeed.objects.filter(user=user).delete()
            audit.record("calendar.revoked", by=user, at=now)
            messages.success(request, "The address was revoked. Calendars that use it are no longer updated.")
            return redirect("calendar_settings")
        token = secrets.token_urlsafe(32)
        CalendarFeed.objects.update_or_create(
            user=user, defaults={"token_sha256": _hash(token), "at": now, "read_at": None}
        )
        audit.record("calendar.created", by=user, at=now)
        url = request.build_absolute_uri(reverse("calendar_feed", args=[token]))
        return render(request, "duties/calendar.html", {"feed": True, "url": url}, status=201)
    return render(request, "duties/calendar.html", {"feed": feed, "url": ""})


@require_safe
@login_not_required
@cache_control(private=True, no_store=True)
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The feed: due dates with case numbers, no medical text. Not found for a revoked address or an ended account."""
    feed = CalendarFeed.objects.select_related("user").filter(token_sha256=_hash(token)).first()
    if feed is None or not feed.user.is_active or not feed.user.has_perm("determinations.work_duties"):
        raise Http404("This calendar address was revoked.")
    now = timezone.now()
    with within(scope_of(feed.user)):
        calendar = calendar_of(feed.user, now=now, address=lambda pk: request.build_absolute_uri(_page_of(pk)))
    _record_reading(feed, calendar.letter_ids, now)
    CalendarFeed.objects.filter(pk=feed.pk).update(read_at=now)
    return HttpResponse(calendar.content, content_type="text/calendar; charset=utf-8")


def _record_reading(feed: CalendarFeed, letter_ids: Sequence[int], now: datetime) -> None:
    """Calendars read every few minutes: once a day is recorded, and every time a case is new in it."""
    readings = AuditEvent.objects.filter(by_id=feed.user_id, action="calendar.read", at__gte=max(feed.at, now - _DAY))
    named = {pk for ids in readings.values_list("letter_ids", flat=True) for pk in ids or ()}
    if set(letter_ids) - named or feed.read_at is None or feed.read_at.date() != now.date():
        audit.record("calendar.read", by=feed.user, at=now, letter_ids=letter_ids)


def _page_of(duty_id: int) -> str:
    return reverse("duty", args=[duty_id])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

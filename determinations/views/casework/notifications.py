"""Notifications: the page, opening one, how to be told by e-mail, and what the user watches."""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from determinations.access import audit
from determinations.browsing import alerts
from determinations.casework.notifications import unread_of, visible_to
from determinations.casework.work import WorkRefused, counting_letters
from determinations.filters.parameters import time_of
from determinations.models import (
    Case,
    MailChoice,
    MailPreference,
    Notification,
    NotificationCase,
    Told,
    Watch,
)
from determinations.models.notifications import ABOUT_REPORTS
from determinations.paging.counts import count_up_to
from determinations.paging.keyset import Order, page_of
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.requests import person_of
from determinations.wording.labels import read_labels

may_browse = permission_required("determinations.browse_cases", raise_exception=True)
_NEWEST = Order("pk", descending=True, nullable=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A notification in words, with the number of its cases that the user may see."""

    notification: Notification
    said: str
    cases: int


@require_safe
@may_browse
def notification_list(request: HttpRequest) -> HttpResponse:
    """The user's notifications, newest first; ``since`` shows those from a time on, ``unread`` those not read."""
    user = person_of(request)
    rows = visible_to(user)
    since = time_of(request.GET.get("since", ""))
    if since is not None:
        rows = rows.filter(at__gte=since)
    if request.GET.get("unread"):
        rows = rows.filter(read_at=None)
    page = page_of(rows.select_related("watch__view"), _NEWEST, request.GET)
    preference = MailPreference.objects.filter(user=user).first() or MailPreference(user=user)
    context = {
        "page": page,
        "count": count_up_to(rows),
        "rows": _in_words(page.rows),
        "since": since,
        "only_unread": bool(request.GET.get("unread")),
        "unread": unread_of(user).exists(),
        "preference": preference,
        "choices": MailChoice.choices,
        "watches": Watch.objects.filter(user=user).select_related("view", "letter__case").order_by("-pk")[:100],
    }
    return render(request, "casework/notifications.html", context)


def _in_words(notifications: Collection[Notification]) -> list[Row]:
    of_each = NotificationCase.objects.filter(notification__in=list(notifications)).values("notification")
    counts = {
        row["notification"]: (row["cases"], row["first"])
        for row in of_each.annotate(cases=Count("pk"), first=Min("letter")).order_by()
    }
    firsts = {first for _number, first in counts.values()}
    numbers = dict(Case.objects.filter(pk__in=firsts).values_list("pk", "case_number"))
    rows = []
    for notification in notifications:
        number, first = counts.get(notification.pk, (0, 0))
        case = (numbers.get(first) or f"letter {first}") if number == 1 else f"{number} cases"
        rows.append(Row(notification, _said(notification, case, number), number))
    return rows


def _said(notification: Notification, case: str, number: int) -> str:
    by, what = notification.by_name or "imrsite", notification.what.partition("#")[0]
    match notification.kind:
        case Told.ASSIGNED:
            return f"{by} assigned {case} to you."
        case Told.MENTIONED:
            return f"{by} mentioned you in a note on {case}."
        case Told.CHANGED:
            return f"{by} changed {case}, which you watch: {what}."
        case Told.REPORT:
            return f"Your report “{notification.what}” is ready. Download it from the Exports page."
        case Told.NO_REPORT:
            return f"Your report “{notification.what}” could not be made. The Exports page says why."
        case _:
            name = notification.watch.label if notification.watch else ""
            return f"“{name}” has {f'{number} new cases' if number != 1 else f'a new case: {case}'}."


@require_safe
@may_browse
def open_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Open what a notification is about: its case, the list of its cases, or exports; from then on it is read."""
    notification = get_object_or_404(visible_to(person_of(request)), pk=pk)
    Notification.objects.filter(pk=pk, read_at=None).update(read_at=timezone.now())
    if notification.kind in ABOUT_REPORTS:
        return redirect("export_list")
    letters = list(notification.cases.values_list("letter_id", flat=True)[:2])
    if len(letters) != 1:
        return redirect(f"{reverse('case_list')}?told={pk}")
    (letter_id,) = counting_letters(letters) or letters
    anchor = notification.what.partition("#")[2]
    return redirect(f"{reverse('case_detail', args=[letter_id])}{f'#{anchor}' if anchor else ''}")


@require_POST
@may_browse
@recorded_form
def mark_read(request: HttpRequest) -> HttpResponse:
    """Mark one notification as read, or all."""
    rows = Notification.objects.filter(user=person_of(request), read_at=None)
    number = request.POST.get("notification", "")
    if number:
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise Http404
        rows = rows.filter(pk=int(number))
    rows.update(read_at=timezone.now())
    return redirect("notifications")


@require_POST
@may_browse
@recorded_form
def choose_mail(request: HttpRequest) -> HttpResponse:
    """Choose when to be told by e-mail."""
    user, choice = person_of(request), request.POST.get("choice", "")
    if choice not in MailChoice.values:
        raise Http404
    if choice != MailChoice.OFF and not user.email:
        messages.error(request, "Your account has no e-mail address. Ask an administrator to enter one.")
        return redirect("notifications")
    site = request.build_absolute_uri("/").rstrip("/")[:200]
    MailPreference.objects.update_or_create(
        user=user, defaults={"choice": choice, "site": site, "failures": 0, "next_try_at": None}
    )
    messages.success(request, "Saved.")
    return redirect("notifications")


@require_POST
@may_browse
@recorded_form
def watch_case(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin or stop watching a case."""
    get_object_or_404(Case, pk=pk)
    user, now = person_of(request), timezone.now()
    (letter_id,) = counting_letters([pk]) or (pk,)
    if request.POST.get("do") == "stop":
        Watch.objects.filter(user=user, letter=letter_id).delete()
        audit.record("watch.ended", by=user, at=now, letter_id=letter_id)
    else:
        Watch.objects.get_or_create(user=user, letter_id=letter_id, defaults={"at": now})
        audit.record("watch.began", by=user, at=now, letter_id=letter_id)
    return redirect(f"{reverse('case_detail', args=[pk])}#work")


@require_POST
@may_browse
@recorded_form
def watch_treatment(request: HttpRequest) -> HttpResponse:
    """Begin to watch a treatment, given as ``category/subcategory``."""
    key = request.POST.get("treatment", "").replace("\x00", "")
    labels = read_labels()
    if key not in {category.key for category in labels.categories}:
        raise Http404
    user, now = person_of(request), timezone.now()
    try:
        alerts.watch(user, now=now, query=urlencode({"subcategory": key}), name=labels.of("subcategory", key))
    except WorkRefused as refusal:
        messages.error(request, str(refusal))
    else:
        audit.record("watch.began", by=user, at=now, treatment=key)
        messages.success(request, "You will be told when new cases of this treatment arrive.")
    category, _, subcategory = key.partition("/")
    return redirect(reverse("treatment", args=[category, subcategory]))


@require_POST
@may_browse
@recorded_form
def stop_watching(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop watching a case, a view or a treatment."""
    watch = get_object_or_404(Watch, pk=pk, user=person_of(request))
    audit.record("watch.ended", by=person_of(request), at=timezone.now(), letter_id=watch.letter_id)
    watch.delete()
    messages.success(request, "You no longer watch this.")
    return redirect("notifications")

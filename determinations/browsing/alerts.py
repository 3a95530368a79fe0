"""Alerts when a watched view or treatment gains cases: exact, in steps of bounded work.

Triggers note each case that a transaction writes (``CaseChange``). A step takes the oldest complete notes, asks each
watched view which of these cases it has, and compares with what its user knew (``WatchedCase``). A case counts as
gained once, until it leaves the view. Who begins to watch holds the same lock as a step, so nothing falls in between.

A view whose list cannot be made stops no other. It is tried again after a while, and then compared as a whole with
what its user knew, so that nothing it gained meanwhile is missed. The same happens once a day to a view whose dates
move with the day: cases enter it although no transaction writes them.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from determinations.access.roles import check_permission, scope_of
from determinations.access.scope import all_letters, within
from determinations.browsing.lists import LISTS
from determinations.casework.notifications import MOST_CASES, tell
from determinations.casework.work import WorkRefused
from determinations.filters.moving_dates import MOVING, moved_to
from determinations.models import Case, CaseChange, Notification, NotificationCase, SavedView, Told, Watch, WatchedCase

log = logging.getLogger(__name__)

#: A view whose list cannot be made is tried again after this time; so many of them in a step.
TRIED_AGAIN_AFTER, _TRIED_AT_ONCE = timedelta(minutes=5), 5
#: Views that one step moves to the dates of the day.
_MOVED_AT_ONCE = 20
#: Changes that one step takes.
STEP = 1_000
#: Of a view with more cases than this, only newly added ones are told.
MOST_KNOWN = 10_000
#: Views and treatments that a user watches at most.
MOST_WATCHED = 50
_TAKE = """
DELETE FROM determinations_casechange WHERE id IN (
    SELECT id FROM determinations_casechange
    WHERE xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY id LIMIT %s
) RETURNING letter_id
"""


def any_waiting(now: datetime) -> bool:
    """Whether cases changed since the last step, a failed view is due again, or one has the dates of another day."""
    return CaseChange.objects.exists() or _failed(now).exists() or bool(_of_another_day(now))


def failing() -> list[tuple[int, str]]:
    """The watched views of active users whose lists cannot be made at present, with the class of the exception."""
    failed = Watch.objects.filter(user__is_active=True).exclude(failed_at=None)
    return list(failed.order_by("pk").values_list("pk", "fault"))


def _failed(now: datetime) -> QuerySet[Watch]:
    """Views that failed, and are due again."""
    views = Watch.objects.filter(letter=None, user__is_active=True, failed_at__lte=now - TRIED_AGAIN_AFTER)
    return views.select_related("user", "view").order_by("failed_at")


def _of_another_day(now: datetime) -> list[SavedView]:
    """Watched views whose dates move, and that were last compared with those of another day."""
    day = timezone.localdate(now)
    watched = Watch.objects.filter(user__is_active=True, view__query__contains=f"{MOVING}=").values("view")
    views = SavedView.objects.filter(pk__in=watched).order_by("pk")
    return [view for view in views if _moved(view, day) != view.query]


def _moved(view: SavedView, day: date) -> str:
    query = QueryDict(view.query)
    return moved_to(query, day).urlencode() if MOVING in query else view.query


def step(*, now: datetime, limit: int = STEP) -> int:
    """Look at cases that changed, and tell users which views gained some; returns how many changes were taken."""
    with transaction.atomic():
        _one_at_a_time()
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [limit])
            taken = [letter_id for (letter_id,) in cursor.fetchall()]
        for view in _of_another_day(now)[:_MOVED_AT_ONCE]:
            _move(view, now)
        if taken:
            _compare(set(taken), now)
        for watch in _failed(now)[:_TRIED_AT_ONCE]:
            _alone(watch, now, partial(_catch_up, watch, now))
    return len(taken)


def _alone(watch: Watch, now: datetime, run: Callable[[], None]) -> None:
    """Run it. If it fails, nothing of it stays, and the fault is noted with the view; others go on."""
    try:
        with transaction.atomic():
            run()
    except (SoftTimeLimitExceeded, MemoryError):
        raise  # of the task, not of the view
    except Exception as fault:
        if not connection.is_usable():
            raise
        log.error("The list of watched view %d cannot be made (%s).", watch.pk, type(fault).__name__)
        watch.failed_at, watch.fault = now, type(fault).__name__[:100]
        watch.save(update_fields=["failed_at", "fault"])


@all_letters
def _move(view: SavedView, now: datetime) -> None:
    """Store the dates of the day, and compare the view with what its users knew of it, which each may see more of."""
    view.query = _moved(view, timezone.localdate(now))
    SavedView.objects.filter(pk=view.pk).update(query=view.query)
    watches = Watch.objects.filter(view=view, user__is_active=True, failed_at=None)
    for watch in watches.select_related("user", "view"):
        _alone(watch, now, partial(_catch_up, watch, now))


def _catch_up(watch: Watch, now: datetime) -> None:
    """Compare a whole view with all that its user knew."""
    known = set(WatchedCase.objects.filter(watch=watch).values_list("letter_id", flat=True))
    with within(scope_of(watch.user)):
        cases = cases_of(watch)
        matching = set(cases.filter(pk__in=known).values_list("pk", flat=True))
        newest = cases.filter(added_at__gte=watch.at) if watch.only_new else cases
        matching |= set(newest.order_by("-pk").values_list("pk", flat=True)[:MOST_KNOWN])
    letters = known | matching
    _update(watch, letters, matching, _heirs(known - matching), now)
    watch.failed_at, watch.fault = None, ""
    watch.save(update_fields=["failed_at", "fault"])


def _compare(letter_ids: set[int], now: datetime) -> None:
    watches = Watch.objects.filter(letter=None, user__is_active=True, failed_at=None).select_related("user", "view")
    heirs = _heirs(letter_ids)
    letters = letter_ids | set(heirs.values())
    matches: dict[tuple[str, str, int], set[int]] = {}

    def compare(watch: Watch) -> None:
        question = (watch.list_name, watch.filters, watch.user_id)
        if question not in matches:
            with within(scope_of(watch.user)):
                matches[question] = set(cases_of(watch).filter(pk__in=letters).values_list("pk", flat=True))
        _update(watch, letters, matches[question], heirs, now)

    for watch in watches:
        _alone(watch, now, partial(compare, watch))


def _update(watch: Watch, letters: Collection[int], matching: set[int], heirs: dict[int, int], now: datetime) -> None:
    known = set(WatchedCase.objects.filter(watch=watch, letter__in=letters).values_list("letter_id", flat=True))
    gone, new = known - matching, matching - known
    if gone:
        WatchedCase.objects.filter(watch=watch, letter__in=gone).delete()
    same_case = {heirs[pk] for pk in gone if pk in heirs}
    gained = new - same_case
    if watch.only_new and gained:
        added = Case.objects.filter(pk__in=gained, added_at__gte=watch.at)
        gained = set(added.values_list("pk", flat=True))
        new = gained | (new & same_case)
    WatchedCase.objects.bulk_create(
        (WatchedCase(watch=watch, letter_id=pk) for pk in sorted(new)), ignore_conflicts=True
    )
    if gained:
        _tell(watch, gained, now)


def _tell(watch: Watch, gained: Collection[int], now: datetime) -> None:
    """Add to the notification that the user has not read yet, or begin one."""
    unread = Notification.objects.filter(watch=watch, read_at=None, mailed_at=None).order_by("-pk").first()
    if unread is None or unread.cases.count() + len(gained) > MOST_CASES:
        tell([watch.user_id], Told.GAINED, gained, now=now, watch=watch)
        return
    rows = (NotificationCase(notification=unread, letter_id=pk) for pk in sorted(gained))
    NotificationCase.objects.bulk_create(rows, ignore_conflicts=True)


def cases_of(watch: Watch) -> QuerySet[Case]:
    """The cases that the watched view has for its user."""
    kind = LISTS[watch.list_name]
    rows = kind.filterset(QueryDict(watch.filters), by=watch.user).qs.order_by()
    if kind.of_items:
        return Case.objects.filter(pk__in=rows.values("case_id"))
    return Case.objects.filter(pk__in=rows.values("pk"))


def watch(user: User, *, now: datetime, view: SavedView | None = None, query: str = "", name: str = "") -> Watch:
    """Begin to watch a saved view or a treatment. Raises ``WorkRefused`` for too many, and PermissionDenied."""
    check_permission(user, "browse_cases")
    with transaction.atomic():
        _one_at_a_time()
        if Watch.objects.filter(user=user, letter=None).count() >= MOST_WATCHED:
            raise WorkRefused(f"You watch {MOST_WATCHED} views and treatments already. Stop watching some first.")
        if view is not None:
            view.refresh_from_db(fields=["query"])
            if _moved(view, timezone.localdate(now)) != view.query:
                _move(view, now)
        row, is_new = Watch.objects.get_or_create(
            user=user, view=view, query=query, letter=None, defaults={"at": now, "name": name[:200]}
        )
        if is_new:
            _know(row)
    return row


@contextmanager
def changing_views() -> Iterator[None]:
    """One transaction in which no step compares views: change filters within, and then call ``know_again``."""
    with transaction.atomic():
        _one_at_a_time()
        yield


@all_letters
def know_again(view: SavedView, *, now: datetime) -> None:
    """The view has other filters from now on: who watches it knows what it has, and is told of what it gains.

    If its list cannot be made, only newly added cases are told, for what it had is not known. Call it within
    ``changing_views``.
    """
    for watch in Watch.objects.filter(view=view).select_related("user", "view"):
        WatchedCase.objects.filter(watch=watch).delete()
        watch.at, watch.only_new, watch.failed_at, watch.fault = now, True, None, ""
        watch.save(update_fields=["at", "only_new", "failed_at", "fault"])
        with within(scope_of(watch.user)):
            _alone(watch, now, partial(_know, watch))


def _know(watch: Watch) -> None:
    """Store which cases the view has now; of a very large one, that only newly added ones are told."""
    known = list(cases_of(watch).values_list("pk", flat=True)[: MOST_KNOWN + 1])
    is_large = len(known) > MOST_KNOWN
    Watch.objects.filter(pk=watch.pk).update(only_new=is_large)
    if is_large:
        return
    WatchedCase.objects.bulk_create((WatchedCase(watch=watch, letter_id=pk) for pk in known), batch_size=2_000)


def _heirs(letter_ids: Iterable[int]) -> dict[int, int]:
    """The letter that counts, for those of the letters that no longer do."""
    rows = Case.objects.filter(pk__in=list(letter_ids), superseded_by__isnull=False)
    return {pk: newer for pk, newer in rows.values_list("pk", "superseded_by_id") if newer is not None}


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('watched views', 0))")

"""What users are told in the product: assignments, mentions, changes of cases they watch, cases that views gain.

A notification names cases, never what letters say. Whoever reads it sees the cases that they may see: one about none
of these is neither listed nor counted. Those about scheduled reports name the report alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from determinations.access.scope import EVERYTHING, current_scope, within
from determinations.models import CaseNote, Notification, NotificationCase, Told, Watch
from determinations.models.notifications import ABOUT_REPORTS

#: Read notifications are kept this long, and unread ones twice as long.
KEPT_FOR = timedelta(days=90)
#: Notifications that are deleted in one turn.
_DELETED_AT_ONCE = 5_000
#: Cases of one notification; further ones begin another.
MOST_CASES = 1_000


def visible_to(user: User) -> QuerySet[Notification]:
    """The user's notifications about cases that the user may see, and about reports."""
    cases = NotificationCase.objects.filter(notification=OuterRef("pk"))
    return Notification.objects.filter(Q(Exists(cases)) | Q(kind__in=ABOUT_REPORTS), user=user)


def unread_of(user: User) -> QuerySet[Notification]:
    """Those that the user has not read."""
    return visible_to(user).filter(read_at=None)


def tell(
    user_ids: Iterable[int], kind: str, letter_ids: Collection[int], *, now: datetime, by: User | None = None,
    what: str = "", watch: Watch | None = None,
) -> None:  # fmt: skip
    """Tell users about cases; not who did it. Two statements, however many users."""
    name = by.get_username() if by else ""
    with within(EVERYTHING):  # views of offices show names, and take none
        told = Notification.objects.bulk_create(
            Notification(user_id=pk, kind=kind, what=what, watch=watch, by_name=name, at=now)
            for pk in sorted(set(user_ids) - {by.pk if by else None})
        )
    letters = sorted(letter_ids)[:MOST_CASES]
    NotificationCase.objects.bulk_create(
        NotificationCase(notification=notification, letter_id=pk) for notification in told for pk in letters
    )


def tell_assigned(letter_ids: Collection[int], to: User | None, *, by: User, now: datetime) -> None:
    """Tell the new owner of cases."""
    if to is not None and letter_ids:
        tell([to.pk], Told.ASSIGNED, letter_ids, by=by, now=now)


def tell_mentioned(note: CaseNote, users: Iterable[User], *, by: User, now: datetime) -> None:
    """Tell the users whom a note mentions."""
    tell([user.pk for user in users], Told.MENTIONED, [note.letter_id], by=by, now=now, what=f"#note-{note.pk}")


def tell_watchers(letter_ids: Collection[int], what: str, *, by: User | None, now: datetime) -> None:
    """Tell those who watch one of these cases what changed; one notification per user."""
    _tell_of_watches(Watch.objects.filter(letter__in=list(letter_ids)), what, by=by, now=now)


def tell_watchers_of_note(note: CaseNote, *, by: User, now: datetime) -> None:
    """Tell those who watch the case of a note, if they may read it: staff of other offices do not."""
    watches = Watch.objects.filter(letter=note.letter_id)
    offices = current_scope().offices
    if offices is not None:
        everyone = Q(user__account=None) | Q(user__account__office_ids=None)
        watches = watches.filter(everyone | Q(user__account__office_ids__overlap=offices))
    _tell_of_watches(watches, f"a note#note-{note.pk}", by=by, now=now)


def _tell_of_watches(watches: QuerySet[Watch], what: str, *, by: User | None, now: datetime) -> None:
    letters_of: dict[int, list[int]] = defaultdict(list)
    for user_id, letter_id in watches.values_list("user_id", "letter_id"):
        letters_of[user_id].append(letter_id)
    for user_id, letters in letters_of.items():
        tell([user_id], Told.CHANGED, letters, by=by, now=now, what=what)


def follow(targets: Mapping[int, int], *, now: datetime) -> None:
    """The letters of watched cases no longer count: watch those that do, and tell that the case has another letter."""
    if not targets:
        return
    for pk in Watch.objects.filter(letter__in=list(targets)).values_list("letter", flat=True).distinct():
        target, watches = targets[pk], Watch.objects.filter(letter=pk)
        watches.exclude(user__in=Watch.objects.filter(letter=target).values("user")).update(letter=target)
        watches.delete()
        tell_watchers([target], "another letter of the case counts now", by=None, now=now)


def delete_old(*, now: datetime) -> int:
    """Delete old notifications; returns how many."""
    old = Notification.objects.filter(at__lt=now - KEPT_FOR).exclude(read_at=None, at__gte=now - 2 * KEPT_FOR)
    deleted, _tables = Notification.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:_DELETED_AT_ONCE])
    ).delete()
    return deleted

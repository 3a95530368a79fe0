"""What is new in the product, for the people who use it: ``news.toml``, newest first, and what an account has seen."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from determinations.access.roles import role_of
from determinations.help.pages import HelpPage, all_pages
from determinations.models import SeenNews

_FILE = Path(__file__).parent / "news.toml"


@dataclass(frozen=True, slots=True)
class Change:
    """Something new, with the page of help that explains it. ``roles`` as for pages: empty for everyone."""

    title: str
    text: str
    roles: tuple[str, ...]
    page: HelpPage | None


@dataclass(frozen=True, slots=True)
class Release:
    """What came with one update. Numbers rise; the date is that on which it was finished."""

    number: int
    day: date
    changes: tuple[Change, ...]


@cache
def releases() -> Sequence[Release]:
    """All releases, newest first."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["release"]
    return [
        Release(entry["number"], entry["date"], tuple(_change(change) for change in entry["change"]))
        for entry in entries
    ]


def _change(entry: dict[str, str | list[str]]) -> Change:
    page = all_pages()[str(entry["page"])] if "page" in entry else None
    return Change(str(entry["title"]), str(entry["text"]), tuple(entry.get("roles", ())), page)


def releases_for(role: str) -> list[Release]:
    """The releases with what concerns users of this role, newest first; without those that do not."""
    chosen = []
    for release in releases():
        changes = tuple(change for change in release.changes if not change.roles or role in change.roles)
        if changes:
            chosen.append(Release(release.number, release.day, changes))
    return chosen


def unseen_by(user: User) -> list[Release]:
    """The releases that the user has not seen yet, as far as they concern the user's role, newest first. One query,
    and one more if there are any.
    """
    return unseen_after(newest_seen(user).first(), user)


def newest_seen(user: User) -> QuerySet[SeenNews, int]:
    """The number of the newest release that the user has seen, if there is one."""
    return SeenNews.objects.filter(user=user).values_list("release", flat=True)


def unseen_after(seen: int | None, user: User) -> list[Release]:
    """The releases after the newest that the user has seen, as ``unseen_by``.

    An account that has seen none of them knows the product as it was on the day when the account was added.
    """
    joined = timezone.localdate(user.date_joined)
    unseen = {
        release.number
        for release in releases()
        if (release.number > seen if seen is not None else release.day > joined)
    }
    return [release for release in releases_for(role_of(user)) if release.number in unseen] if unseen else []


def mark_seen(user: User) -> None:
    """Note that the user has seen everything that is new today."""
    SeenNews.objects.update_or_create(user=user, defaults={"release": releases()[0].number})

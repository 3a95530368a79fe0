"""``benchmark_corrections``: how soon after its commit a correction is seen in lists, search and statistics.

Of random letters, the first item gets a request that no letter has, and the other decision, as an administrator saves
them. Then all pages are requested in turn until each has shown this. They were requested just before, so that whatever
is kept is of before. The time of a page is from the commit to the end of the request that shows the correction, with
the requests of other pages in between; each correction begins with another page. Corrections are undone afterwards;
their history and records in the audit log stay, so run it on a copy of a database.
"""

import re
import time
from argparse import ArgumentParser
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError
from django.test import Client
from django.utils import timezone

from determinations.access.scope import EVERYTHING, within
from determinations.cases.open_letter import Change
from determinations.corrections import actions
from determinations.management.benchmark_records import FOLDER, new_record
from determinations.models import Case, DisputedItem, Operation
from determinations.models.cases import Decision

_USER = "benchmark-corrections"
_MADE_UP = "zyzzogeton"
#: Lines of the table, and their addresses with a word that only the corrected item has.
_PAGES = {
    "items: words": "/items/?request_words={word}",
    "cases: words": "/cases/?q={word}",
    "search": "/search/?q={word}",
    "items: counts of the rail": "/items/facets/?name=decision",
    "statistics": "/statistics/",
    "statistics by category": "/statistics/breakdowns/category/",
}
#: What differs in two answers that show the same.
_TOKENS = re.compile(r'(csrfmiddlewaretoken" value|data-token)="\w+"')
#: A page that does not show a correction for so many seconds is told as a fault.
_GIVE_UP_AFTER = 120


class Command(BaseCommand):
    """Measures how soon corrections are seen."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many letters are corrected."""
        parser.add_argument("--corrections", type=int, default=20, help="letters that are corrected (default 20)")
        parser.add_argument("--record", type=Path, nargs="?", const=FOLDER, help="a folder for a record of this run")

    def handle(self, *args: object, corrections: int, record: Path | None, **options: object) -> None:
        """Correct, look, and undo. Raises ``CommandError`` without an item, or if a page does not follow."""
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
        if User.objects.filter(username=_USER).exists():
            raise CommandError(f"A user named {_USER} already exists. Rename it; this command creates one.")
        letters = _letters(corrections)
        person = User.objects.create(username=_USER)
        person.groups.set([Group.objects.get(name="admin")])
        client = Client()
        client.force_login(person, "determinations.roles.RoleBackend")
        seconds: dict[str, list[float]] = {name: [] for name in _PAGES}
        try:
            for number, letter_id in enumerate(letters):
                _look_at(letter_id, f"{_MADE_UP}{number}", person, client, seconds)
        finally:
            client.logout()
            User.objects.filter(pk=person.pk).update(is_active=False, username=f"{_USER}-{person.pk}")
        cases = Case.objects.count()
        results = new_record("corrections", unit="ms", letters=cases, at=timezone.now())
        self.stdout.write(f"{cases:,} cases, {len(letters)} corrections")
        self.stdout.write(f"{'seen in':28} {'p50':>8} {'p95':>8} {'most':>8}  milliseconds after the commit")
        for name, measured in seconds.items():
            times = sorted(1000 * one for one in measured)
            p50, p95 = times[len(times) // 2], times[min(len(times) - 1, int(0.95 * len(times)))]
            results.add(name, p50=p50, p95=p95)
            self.stdout.write(f"{name:28} {p50:8.1f} {p95:8.1f} {times[-1]:8.1f}")
        if record:
            self.stdout.write(f"Recorded in {results.write(record)}.")


def _letters(number: int) -> Sequence[int]:
    with within(EVERYTHING):
        items = DisputedItem.objects.filter(number=1, decision__in=[Decision.UPHELD, Decision.OVERTURNED])
        letters = list(items.order_by("?").values_list("case_id", flat=True)[:number])
    if not letters:
        raise CommandError("There is no item to correct. load_synthetic fills a database.")
    return letters


def _look_at(letter_id: int, word: str, person: User, client: Client, seconds: dict[str, list[float]]) -> None:
    """Correct this letter's first item, note the seconds for each page, and undo it."""
    addresses = {name: address.format(word=word) for name, address in _PAGES.items()}
    before = {name: _shown(client, address) for name, address in addresses.items()}
    if before != {name: _shown(client, address) for name, address in addresses.items()}:
        raise CommandError("A page differs between two requests. Run this when no letters are read or corrected.")
    with within(EVERYTHING):
        item = DisputedItem.objects.get(case_id=letter_id, number=1)
    other = Decision.OVERTURNED if item.decision == Decision.UPHELD else Decision.UPHELD
    rows = actions.save_changes(
        letter_id,
        [
            Change(operation=Operation.SET, path="items/1/request", value=word, reason="misread"),
            Change(operation=Operation.SET, path="items/1/decision", value=str(other), reason="misread"),
        ],
        by=person,
        now=timezone.now(),
    )
    committed = time.monotonic()
    try:
        waiting = deque(addresses)
        waiting.rotate(len(seconds[waiting[0]]))
        while waiting:
            name = waiting.popleft()
            if _shown(client, addresses[name]) != before[name]:
                seconds[name].append(time.monotonic() - committed)
            elif time.monotonic() - committed < _GIVE_UP_AFTER:
                waiting.append(name)
            else:
                raise CommandError(f"{name} does not show a correction after {_GIVE_UP_AFTER} seconds.")
    finally:
        for row in reversed(rows):
            actions.undo(letter_id, row.pk, by=person, now=timezone.now())


def _shown(client: Client, address: str) -> str:
    page = client.get(address)
    if page.status_code != 200:
        raise CommandError(f"{address} answered {page.status_code}.")
    return _TOKENS.sub("", page.content.decode())

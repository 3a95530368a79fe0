"""``benchmark_peer``: lists of items beside Datasette on SQLite, the same items and requests, in one run.

Both answer pages of 50 items over HTTP, one request at a time and in turn, so that other work on the machine slows
both. ``--program`` names Datasette 0.65, which is installed in an environment of its own. ``--items`` limits the
peer to the newest items; ours always has all of them. See ``management/peer.py`` for how the peer is tuned.
"""

import http.client
import random
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError
from django.test import Client
from django.utils import timezone
from waitress.server import create_server

from determinations.management.benchmark_records import FOLDER, new_record
from determinations.management.peer import NoPeer, running_peer, write_peer
from determinations.models import Case, ItemFact
from determinations.paging.keyset import Cursor

_USER = "benchmark-peer"
_WORDS = (
    "lumbar",
    "opioid",
    "fusion",
    "MRI",
    "acupuncture",
    "shoulder",
    "naproxen",
    "epidural",
    "gabapentin",
    "sleep",
)
_AUTHORITIES = ("odg/pain", "mtus/chronic-pain", "mtus/low-back", "odg/knee-leg")
_DEPTH = 100_000
_SHOWN = ("case_number", "number", "decision_date", "category", "decision", "request", "specialty")
#: Parameters of an address, in order.
Query = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One request: the parameters of our address, and of the peer's."""

    ours: Query
    theirs: Query


class Command(BaseCommand):
    """Prints both, line by line."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the peer is, how much it has, and how often it is asked."""
        parser.add_argument("--program", default="datasette", help="the peer's program")
        parser.add_argument("--items", type=int, default=0, help="how many of the newest items the peer has (0: all)")
        parser.add_argument("--repeat", type=int, default=30, help="requests per line")
        parser.add_argument("--record", type=Path, nargs="?", const=FOLDER, help="a folder for a record of this run")

    def handle(
        self, *args: object, program: str, items: int, repeat: int, record: Path | None, **options: object
    ) -> None:
        """Write the peer's file, start both, and ask them in turn."""
        facts = ItemFact.objects.order_by("-decision_date", "-pk")
        number = facts.count()
        if not number:
            raise CommandError("There are no items. Fill the database first: manage.py load_synthetic 20000")
        run = new_record("peer", unit="ms", letters=Case.objects.count(), at=timezone.now())
        chosen = random.Random(5)  # noqa: S311 - choices of a benchmark
        with TemporaryDirectory(prefix="imrsite-peer-") as folder:
            has = write_peer(Path(folder), facts[:items] if items else facts)
            self.stdout.write(f"{number:,} items here, {has:,} in the peer's file; {repeat} requests per line.")
            self.stdout.write(
                f"{'list of items':34} {'ours p50':>9} {'p95':>8} {'peer p50':>9} {'p95':>8}  milliseconds"
            )
            try:
                with running_peer(program, Path(folder)) as peer, _ourselves() as (us, headers):
                    for name, choice in lines(chosen, has):
                        ours, theirs = _measure(us, headers, peer, [choice() for _ in range(repeat)])
                        run.add(name, p50=ours[0], p95=ours[1], peer_p50=theirs[0], peer_p95=theirs[1])
                        figures = f"{ours[0]:9.1f} {ours[1]:8.1f} {theirs[0]:9.1f} {theirs[1]:8.1f}"
                        self.stdout.write(f"{name:34} {figures}{'' if ours[1] < theirs[1] else '  behind at p95'}")
            except NoPeer as fault:
                raise CommandError(str(fault)) from None
        if record:
            self.stdout.write(f"Recorded in {run.write(record)}.")


def lines(chosen: random.Random, items: int) -> Iterator[tuple[str, Callable[[], Choice]]]:
    """What is compared, each with a function that makes one request of it."""
    categories = sorted(set(ItemFact.objects.values_list("category__name", flat=True)[:_DEPTH]))
    years = sorted(filter(None, ItemFact.objects.values_list("decision_year", flat=True).distinct()))

    def category() -> Choice:
        name, decision = chosen.choice(categories), chosen.choice(("upheld", "overturned"))
        return Choice(
            [("category", name), ("decision", decision)], [("category__exact", name), ("decision__exact", decision)]
        )

    def span() -> Choice:
        first, last = sorted((chosen.choice(years), chosen.choice(years)))
        return Choice(
            [("decided_from", f"{first}-01-01"), ("decided_to", f"{last}-12-31")],
            [("decision_year__gte", str(first)), ("decision_year__lte", str(last))],
        )

    def authority() -> Choice:
        key = chosen.choice(_AUTHORITIES)
        through = f'{{"table": "cited", "column": "authority", "value": "{key}"}}'
        return Choice([("reviewer_authority", key)], [("_through", through)])

    def both() -> Choice:
        of_category, of_years = category(), span()
        return Choice([*of_category.ours, *of_years.ours], [*of_category.theirs, *of_years.theirs])

    def words() -> Choice:
        word = chosen.choice(_WORDS)
        return Choice([("q", word)], [("_search", word)])

    depth = min(_DEPTH, items // 2)
    pages = list(
        ItemFact.objects.exclude(decision_date=None)
        .order_by("-decision_date", "-pk")
        .values_list("decision_date", "pk")[depth : depth + 40]
    )

    def deep() -> Choice:
        date, pk = chosen.choice(pages)
        return Choice([("after", Cursor(date, pk).encode())], [("_next", f"{date},{pk}")])

    yield "first page", lambda: Choice([], [])
    yield "category and decision", category
    yield "range of years", span
    yield "authority", authority
    yield "category, decision and years", both
    yield "words by date", words
    yield f"depth {depth:,}", deep


def _measure(
    us: http.client.HTTPConnection,
    headers: dict[str, str],
    peer: http.client.HTTPConnection,
    requests: Sequence[Choice],
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The p50 and p95 of both, in milliseconds. The first request of each is left out."""
    ours, theirs = [], []
    shown = [("_col", name) for name in _SHOWN]
    for choice in [requests[0], *requests]:
        ours.append(_time(us, f"/items/?{urlencode(choice.ours)}", headers))
        query = urlencode([("_sort_desc", "decision_date"), *shown, *choice.theirs])
        theirs.append(_time(peer, f"/items/items?{query}", {}))
    return _percentiles(ours[1:]), _percentiles(theirs[1:])


def _time(connection: http.client.HTTPConnection, address: str, headers: dict[str, str]) -> float:
    started = time.perf_counter()
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise CommandError(f"{address} answered {answer.status}.")
    return 1000 * (time.perf_counter() - started)


def _percentiles(times: list[float]) -> tuple[float, float]:
    times.sort()
    return times[len(times) // 2], times[min(len(times) - 1, int(0.95 * len(times)))]


@contextmanager
def _ourselves() -> Iterator[tuple[http.client.HTTPConnection, dict[str, str]]]:
    """Our pages over HTTP in this process, as a case manager sees them: a connection, and its headers."""
    from imrsite.wsgi import application  # sets limits, which commands that only name the module should not

    person, _made = User.objects.get_or_create(username=_USER)
    person.groups.set([Group.objects.get(name="case manager")])
    client = Client()
    client.force_login(person, "determinations.roles.RoleBackend")
    server = create_server(application, host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    try:
        yield (
            http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=120),
            {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
        )
    finally:
        server.close()
        client.logout()
        person.delete()

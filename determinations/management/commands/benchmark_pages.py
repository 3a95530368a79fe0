"""``benchmark_pages``: server times (p50, p95) of lists, search and case pages, at any depth.

Requests run in this process through all of Django (middleware, permissions, templates) against the current database;
``load_synthetic N`` fills it. Every figure covers ``--repeat`` different requests: other filters, other places in the
list, other words. "Python" is the median of this process's own processor time; the rest is PostgreSQL and, on a busy
machine, waiting for it.

With ``--reads``, each page is requested a few more times, and PostgreSQL reports what it read: "rows" that its scans
looked at, including index entries, and "blocks" of 8 kB. Neither depends on other load. Where they do not grow with
the collection, neither does the page: lists without filters, at any depth and in any order, cases and case numbers.
With filters or words, the entries read grow with the number of matches, because an index returns all of them before
the first is used; table rows read stay below 25,000.
"""

import gc
import random
import re
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand
from django.db import connection
from django.test import Client
from django.utils import timezone

from determinations.management.benchmark_records import FOLDER, new_record
from determinations.models import Case, ItemFact
from determinations.paging.keyset import Order, cursor_at
from determinations.statistics.columns.combinations import BACKGROUND
from determinations.wording.labels import Labels, read_labels
from imrsite.serving.garbage import collect_young

_USER = "benchmark-pages"
_WORDS = (
    "lumbar", "pain", "opioid", "fusion", "MRI", "therapy", "knee", "cervical", "injection", "acupuncture", "norco",
    "shoulder", "naproxen", "epidural", "home health", "gabapentin", "sleep study", "chiropractic", "tramadol",
)  # fmt: skip
#: Phrases that nearly all letters have, that some have, and that none has although most have all of their words.
_PHRASES = (
    '"physical therapy"', '"low back pain"', '"is not medically necessary"', '"knee pain"', '"medical pain"',
    '"failed conservative care"', 'norco "low back"', 'rationale:opioid', '"pain of the"',
)  # fmt: skip
_SPECIALTIES = ("Orthopedic Surgery", "Pain Management", "Family Practice", "Psychiatry", "Neurology")

#: The beginning of a statement that reads: what is set for it alone and what is counted before, up to the query.
_QUERY = re.compile(r"(?:SET LOCAL [^;]*; )*(?:SELECT pg_stat_[^;]*; )?(?=[ \n(]*(?:SELECT|WITH))")
#: What stands after the question mark of an address.
Query = dict[str, str | int | list[str]]
#: The name of a line, and what makes the address of a request.
Page = tuple[str, Callable[[], tuple[str, Query]]]


class Command(BaseCommand):
    """Prints a table of page times."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often each page is requested."""
        parser.add_argument("--repeat", type=int, default=40, help="requests per page")
        parser.add_argument(
            "--only", default="", help="only pages whose name contains one of these, separated by commas"
        )
        parser.add_argument(
            "--reads", type=int, default=0, help="additional requests per page that report what was read"
        )
        parser.add_argument("--record", type=Path, nargs="?", const=FOLDER, help="a folder for a record of this run")

    def handle(
        self, *args: object, repeat: int, only: str, reads: int, record: Path | None, **options: object
    ) -> None:
        """Measure as a case manager."""
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
        person, _made = User.objects.get_or_create(username=_USER)
        person.groups.set([Group.objects.get(name="case manager")])
        client = Client()
        client.force_login(person, "determinations.roles.RoleBackend")
        cases = Case.objects.count()
        self.stdout.write(
            f"{cases:,} cases, {ItemFact.objects.count():,} items, {_database_bytes() // max(cases, 1):,} bytes of "
            f"the database per case, {repeat} requests each"
        )
        self.record = new_record("pages", unit="ms", letters=cases, at=timezone.now())
        head = f"{'page':44} {'p50':>8} {'p95':>8} {'most':>8} {'Python':>8}  milliseconds"
        self.stdout.write(f"{head}{'rows':>12} {'most':>9} {'blocks':>8} {'most':>8}" if reads else head)
        gc.freeze()  # as imrsite/wsgi.py does
        try:
            for name, url in _pages(random.Random(7)):  # noqa: S311 - choices of a benchmark
                if any(part in name for part in only.split(",")):
                    self._measure(client, name, url, repeat, reads)
        finally:
            client.logout()
            person.delete()
        if record:
            self.stdout.write(f"Recorded in {self.record.write(record)}.")

    def _measure(
        self, client: Client, name: str, url: Callable[[], tuple[str, Query]], repeat: int, reads: int
    ) -> None:
        times, work = [], []
        client.get(*url())  # the first of its kind compiles its templates
        _wait_for_background()
        for _ in range(repeat):
            path, query = url()
            started, worked = time.perf_counter(), time.process_time()
            response = client.get(path, query)
            list(response) if response.streaming else None
            times.append(1000 * (time.perf_counter() - started))
            work.append(1000 * (time.process_time() - worked))
            collect_young()  # as the web server does between requests
            if response.status_code not in (200, 302):
                raise AssertionError(f"{path} answered {response.status_code}")
        times.sort()
        work.sort()
        p50, p95 = times[len(times) // 2], times[min(len(times) - 1, int(0.95 * len(times)))]
        self.record.add(name, p50=p50, p95=p95)
        line = f"{name:44} {p50:8.1f} {p95:8.1f} {times[-1]:8.1f} {work[len(work) // 2]:8.1f}"
        if reads:
            read = [reads_of(lambda: client.get(*url())) for _ in range(reads)]
            rows, blocks = sorted(rows for rows, _ in read), sorted(blocks for _, blocks in read)
            line += f"{rows[reads // 2]:26,} {rows[-1]:9,} {blocks[reads // 2]:8,} {blocks[-1]:8,}"
        self.stdout.write(line)


def _database_bytes() -> int:
    """What the database takes on disk: tables with their indexes, and what PostgreSQL adds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    return int(size)


def _wait_for_background() -> None:
    """Wait for what a process makes once in the background, to count by: a web server has made it after some pages."""
    for thread in threading.enumerate():
        if thread.name == BACKGROUND:
            thread.join()


def reads_of(work: Callable[[], object]) -> tuple[int, int]:
    """How many rows the scans of all queries look at, including index entries, and how many blocks they read."""
    rows = blocks = 0

    def explained(
        execute: Callable[..., object], sql: str, params: object, many: bool, context: dict[str, Any]
    ) -> object:
        nonlocal rows, blocks
        if query := _QUERY.match(sql):
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(
                    f"{query[0]}EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql[query.end() :]}", params
                )
                while cursor.description is None or cursor.description[0].name != "QUERY PLAN":
                    cursor.nextset()
                plan = cursor.fetchone()[0][0]["Plan"]
            rows += _scanned(plan)
            blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        work()
    return rows, blocks


def _scanned(plan: dict[str, Any]) -> int:
    """Table rows and index entries that a plan looks at; rows passed between its steps are not counted."""
    own = 0
    if "Relation Name" in plan or "Index Name" in plan:
        names = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        own = round(plan["Actual Loops"] * sum(plan.get(name, 0) for name in names))
    return own + sum(map(_scanned, plan.get("Plans", ())))


class Choices:
    """Random but repeatable filters, places and words."""

    def __init__(self, rng: random.Random, labels: Labels) -> None:
        self.rng = rng
        self.labels = labels
        self.cases = list(Case.objects.current().order_by("?")[:200])
        self.facts = list(ItemFact.objects.order_by("?").select_related("item")[:200])

    def case(self) -> Case:
        return self.rng.choice(self.cases)

    def place(self, rows: Sequence[Case | ItemFact], column: str) -> str:
        row = self.rng.choice([row for row in rows if getattr(row, column) is not None])
        return cursor_at(row, Order(column)).encode()

    def filters(self) -> Query:
        """One to three filters, as users combine them."""
        rng = self.rng
        every: list[Query] = [
            {"outcome": ["overturned", "partly"]},
            {"decision": "overturned"},
            {"category": rng.choice(self.labels.category_names())},
            {"subcategory": rng.choice(self.labels.categories).key},
            {"reviewer_authority": rng.choice(["odg/pain", "mtus/chronic-pain", "mtus/low-back", "odg/knee-leg"])},
            {"claims_family": rng.choice(["mtus", "odg", "other", "none"])},
            {"specialty": rng.choice(_SPECIALTIES)},
            {"decided_from": f"201{rng.randint(4, 7)}-0{rng.randint(1, 9)}-01", "decided_to": "2017-06-30"},
            {"sex": rng.choice(["female", "male"])},
            {"age": rng.choice(["under-30", "40-49", "70-over"])},
            {"problem": "unknown_authority"},
            {"state": "needs_review"},
            {"licensure": rng.choice(["California", "Texas", "New York"])},
            {"partly_approved": "yes"},
            {"region": "Lumbar spine"},
        ]
        chosen: Query = {}
        for choice in rng.sample(every, rng.randint(1, 3)):
            chosen |= choice
        return chosen

    def other_dates(self) -> Query:
        """A stretch of days by a date other than that of decision, from some day on or up to it."""
        name, end = self.rng.choice(["injured", "denied", "received"]), self.rng.choice(["from", "to"])
        day = date(2014, 1, 1) + timedelta(days=self.rng.randrange(1_800))
        return {f"{name}_{end}": day.isoformat()}

    def words(self) -> str:
        return " ".join(self.rng.sample(_WORDS, self.rng.randint(1, 2)))


def _pages_of_list(name: str, rows: Sequence[Case | ItemFact], some: Choices) -> Iterator[Page]:
    def anywhere() -> Query:
        return {"after": some.place(rows, "decision_date")}

    yield f"{name}: first page", lambda: (f"/{name}/", {})
    yield f"{name}: last page", lambda: (f"/{name}/", {"before": "end"})
    yield f"{name}: any depth", lambda: (f"/{name}/", anywhere())
    yield f"{name}: filtered", lambda: (f"/{name}/", some.filters())
    yield f"{name}: filtered, any depth", lambda: (f"/{name}/", {**some.filters(), **anywhere()})
    yield f"{name}: words", lambda: (f"/{name}/", {"q": some.words()})
    yield f"{name}: counts of the rail", lambda: (f"/{name}/facets/", {})
    yield f"{name}: counts of the rail, filtered", lambda: (f"/{name}/facets/", some.filters())


def _sorted_cases(some: Choices, sort: str, column: str) -> tuple[str, Query]:
    return "/cases/", {"sort": sort, "after": some.place(some.cases, column)}


def _by_another_date(some: Choices, path: str) -> tuple[str, Query]:
    return path, some.other_dates()


def _pages(rng: random.Random) -> Iterator[Page]:
    some = Choices(rng, read_labels())
    for name, rows in (("cases", some.cases), ("items", some.facts), ("decisions", some.cases)):
        yield from _pages_of_list(name, rows, some)
    orders = (
        ("number", "case_number"), ("-items", "item_count"), ("-doubts", "problem_count"), ("outcome", "outcome"),
        ("category", "category_ids"), ("-specialty", "specialties"),
    )  # fmt: skip
    for sort, column in orders:
        yield f"cases: by {sort}, any depth", partial(_sorted_cases, some, sort, column)
    yield (
        "items: section named",
        lambda: ("/items/", {"reviewer_section": rng.choice(["opioid", "criteria", "MRI", "zzzz"])}),
    )
    yield "search: best first", lambda: ("/search/", {"q": some.words()})
    yield "search: best first, deep", lambda: ("/search/", {"q": rng.choice(_WORDS), "page": rng.randint(1, 10)})
    yield "search: newest first", lambda: ("/search/", {"q": some.words(), "order": "newest"})
    yield "search: a phrase", lambda: ("/search/", {"q": rng.choice(_PHRASES)})
    yield "search: a phrase, newest first", lambda: ("/search/", {"q": rng.choice(_PHRASES), "order": "newest"})
    yield "search: a beginning", lambda: ("/search/", {"q": rng.choice(["lumb*", "acupunc*", "zz*", "a* b*"])})
    yield "search: a case number", lambda: ("/search/", {"q": some.case().case_number or "CM17-9000000"})
    yield (
        "search: a number with a slip",
        lambda: ("/search/", {"q": f"CM1{rng.randint(4, 7)}-9{rng.randint(0, 999_999):06}"}),
    )
    yield "case", lambda: (f"/cases/{some.case().pk}/", {})
    yield (
        "case, in its place in a filtered list",
        lambda: (f"/cases/{some.case().pk}/", {"list": "cases", "outcome": "upheld"}),
    )
    yield "requests like one", lambda: (f"/cases/{rng.choice(some.facts).case_id}/items/1/alike/", {})
    yield "home", lambda: ("/", {})
    for name in ("cases", "items"):
        yield f"{name}: another date", partial(_by_another_date, some, f"/{name}/")
        yield f"{name}: another date, counts of the rail", partial(_by_another_date, some, f"/{name}/facets/")
    yield "cases: several items", lambda: ("/cases/", {"several_items": "yes", **some.filters()})
    yield "worklist", lambda: ("/worklist/", {"when": rng.choice(["", "later", "undated", "overdue"])})

"""``benchmark_api``: server times (p50, p95) of the API's lists, cases and statistics, and uploads beside the web's.

Requests run in this process through all of Django with an access token of a new account, against the current database;
``load_synthetic N`` fills it. Lists ask for pages of 100, each with other filters or at another place. "Page" is the
median of the same list as a page of the product, where there is one.

``--uploads N`` also sends N synthetic letters by the API and as many by the upload page, in turns, in requests of 20
files as browsers send them. They stay in the database: use a copy.
"""

import gc
import random
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand
from django.test import Client
from django.utils import timezone

from determinations.api.tokens import make_token
from determinations.management.benchmark_records import FOLDER, new_record
from determinations.management.commands.benchmark_pages import Choices, Query
from determinations.models import Case, ItemFact, TokenScope
from determinations.synthetic.letters import write_letter
from determinations.wording.labels import read_labels

_USER = "benchmark-api"
_LIMIT = 100
_FILES_PER_REQUEST = 20
_Address = Callable[[], tuple[str, Query]]


class Command(BaseCommand):
    """Prints a table of request times."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often each request is made, and how many letters are uploaded."""
        parser.add_argument("--repeat", type=int, default=40, help="requests per line")
        parser.add_argument("--only", default="", help="only lines whose name contains one of these, by commas")
        parser.add_argument("--uploads", type=int, default=0, help="letters to upload each way")
        parser.add_argument("--record", type=Path, nargs="?", const=FOLDER, help="a folder for a record of this run")

    def handle(
        self, *args: object, repeat: int, only: str, uploads: int, record: Path | None, **options: object
    ) -> None:
        """Measure as a supervisor, who sees statistics too."""
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
        settings.API_REQUESTS_PER_MINUTE = 0
        user, _made = User.objects.update_or_create(username=_USER, defaults={"is_active": True})
        user.groups.set([Group.objects.get(name="supervisor")])
        token, text = make_token(user, "benchmark", [*TokenScope.values], days=30, by=user, now=timezone.now())
        self.client = Client(headers={"Authorization": f"Bearer {text}"})
        self.browser = Client()
        self.browser.force_login(user, "determinations.roles.RoleBackend")
        cases = Case.objects.count()
        self.stdout.write(f"{cases:,} cases, {ItemFact.objects.count():,} items, {repeat} requests each")
        self.record = new_record("api", unit="ms", letters=cases, at=timezone.now())
        self.stdout.write(f"{'request':44} {'p50':>8} {'p95':>8} {'most':>8} {'Python':>8} {'page':>8}  milliseconds")
        gc.freeze()  # as imrsite/wsgi.py does
        try:
            for name, address, page in _requests(random.Random(7)):  # noqa: S311 - choices of a benchmark
                if any(part in name for part in only.split(",")):
                    self._measure(name, address, page, repeat)
            if uploads:
                self._upload(uploads)
        finally:
            self.browser.logout()
            token.delete()
            if uploads:  # records name the account
                User.objects.filter(pk=user.pk).update(is_active=False)
            else:
                user.delete()
        if record:
            self.stdout.write(f"Recorded in {self.record.write(record)}.")

    def _measure(self, name: str, address: _Address, page: _Address | None, repeat: int) -> None:
        self._time(self.client, address)  # the first of its kind fills caches
        times, work = zip(*(self._time(self.client, address) for _ in range(repeat)), strict=True)
        beside = ""
        if page:
            self._time(self.browser, page)
            beside = f"{sorted(self._time(self.browser, page)[0] for _ in range(repeat))[repeat // 2]:8.1f}"
        ordered = sorted(times)
        p50, p95 = ordered[repeat // 2], ordered[min(repeat - 1, int(0.95 * repeat))]
        self.record.add(name, p50=p50, p95=p95)
        self.stdout.write(
            f"{name:44} {p50:8.1f} {p95:8.1f} {ordered[-1]:8.1f} {sorted(work)[repeat // 2]:8.1f} {beside}"
        )

    def _time(self, client: Client, address: _Address) -> tuple[float, float]:
        """Milliseconds of a request, and of this process's own processor time."""
        path, query = address()
        started, worked = time.perf_counter(), time.process_time()
        response = client.get(path, query)
        list(response) if response.streaming else None
        if response.status_code != 200:
            raise AssertionError(f"{path} answered {response.status_code}")
        return 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - worked)

    def _upload(self, letters: int) -> None:
        """Both ways in turns, so that both meet the same machine."""
        seed = time.time_ns()
        taken = {"API": 0.0, "web": 0.0}
        ways = (("API", self.client, "/api/v1/letters"), ("web", self.browser, "/uploads/"))
        for first in range(0, letters, _FILES_PER_REQUEST):
            for number, (name, client, path) in enumerate(ways):
                files = [
                    SimpleUploadedFile(f"synthetic-{at}.txt", write_letter(at, seed=seed + number).text.encode())
                    for at in range(first, min(first + _FILES_PER_REQUEST, letters))
                ]
                started = time.perf_counter()
                response = client.post(path, {"files": files}, headers={"Accept": "application/json"})
                taken[name] += time.perf_counter() - started
                if response.status_code != 201:
                    raise AssertionError(f"{path} answered {response.status_code}")
        for name, seconds in taken.items():
            self.stdout.write(f"uploads by {name}: {letters / seconds:,.0f} letters per second ({letters} letters)")
        self.stdout.write(f"API to web, ratio: {taken['web'] / taken['API']:.2f}")


def _requests_of_list(
    name: str, rows: Sequence[Case | ItemFact], some: Choices
) -> Iterator[tuple[str, _Address, _Address | None]]:
    api, page = f"/api/v1/{name}", f"/{name}/"

    def anywhere() -> Query:
        return {"after": some.place(rows, "decision_date")}

    yield f"{name}: first page", _fixed(api), _fixed(page, {})
    yield (
        f"{name}: any depth",
        lambda: (api, {"limit": _LIMIT, **anywhere()}),
        lambda: (page, anywhere()),
    )
    yield (
        f"{name}: filtered",
        lambda: (api, {"limit": _LIMIT, **some.filters()}),
        lambda: (page, some.filters()),
    )
    yield (
        f"{name}: words",
        lambda: (api, {"limit": _LIMIT, "q": some.words()}),
        lambda: (page, {"q": some.words()}),
    )


def _requests(rng: random.Random) -> Iterator[tuple[str, _Address, _Address | None]]:
    """Each line: its name, its requests, and those of the page that shows the same."""
    some = Choices(rng, read_labels())
    for name, rows in (("cases", some.cases), ("items", some.facts)):
        yield from _requests_of_list(name, rows, some)
    yield "citations: filtered", lambda: ("/api/v1/citations", {"limit": _LIMIT, **some.filters()}), None
    yield "search", lambda: ("/api/v1/search", {"q": some.words()}), lambda: ("/search/", {"q": some.words()})
    yield "case", lambda: (f"/api/v1/cases/{some.case().pk}", {}), lambda: (f"/cases/{some.case().pk}/", {})
    yield "letters", _fixed("/api/v1/letters"), _fixed("/uploads/letters/", {})
    yield "duties", _fixed("/api/v1/duties"), _fixed("/worklist/", {})
    yield "changes: a cursor", _fixed("/api/v1/changes", {"since": "now"}), None
    yield "statistics: category, filtered", lambda: ("/api/v1/statistics/category", some.filters()), None
    yield "authorities", _fixed("/api/v1/authorities", {}), None


def _fixed(path: str, query: Query | None = None) -> _Address:
    return lambda: (path, {"limit": _LIMIT} if query is None else query)

"""``benchmark_statistics``: how fast the statistics pages respond, with the current data and random filters."""

import random
import re
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.http import QueryDict
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from determinations.browsing.selection import parse_selection
from determinations.management.benchmark_records import FOLDER, new_record
from determinations.management.many_facts import many_facts
from determinations.models import CitationFact, ItemFact
from determinations.statistics.answer_cache import clear_cached_answers, without_sharing_answers
from determinations.statistics.catalog import STATISTICS
from determinations.statistics.columns import files, keeping
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.wording.labels import read_labels

_FILTERS: dict[str, list[str]] = {
    "decided_from": ["2015-01-01", "2016-01-01", "2017-01-01"],
    "decided_to": ["2016-12-31", "2017-06-30", "2018-12-31"],
    "sex": ["male", "female"],
    "age": ["30-39", "50-59"],
    "decision": ["upheld", "overturned"],
    "outcome": ["upheld", "partly"],
    "licensure": ["California"],
    "claims_family": ["mtus", "odg", "none"],
    "reviewer_family": ["mtus", "odg", "none"],
    "claims_authority": ["mtus/chronic-pain", "odg/pain"],
    "same_guideline": ["yes", "no"],
    "priority": ["standard"],
}


_TREATMENTS = (["Pharmaceuticals", "Opioids"], ["Rehabilitation", "PT/OT"])


class Command(BaseCommand):
    """Requests every page without and with random filters: counted by PostgreSQL, by column, and from kept answers."""

    help = (
        "Print response times of the statistics pages (p50 and p95 in milliseconds): counted by PostgreSQL, by "
        "column, and from kept answers. The column file is written for the benchmark."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many random selections per page, and which pages."""
        parser.add_argument("--filters", type=int, default=10, help="random selections per page")
        parser.add_argument("--page", action="append", default=[], help="only pages whose address contains this")
        parser.add_argument(
            "--items", type=int, default=0, metavar="N",
            help="count copies of the fact rows, at least N, in tables that are dropped afterwards",
        )  # fmt: skip
        parser.add_argument(
            "--postgresql-seconds", type=float, default=3, metavar="S",
            help="each line asks PostgreSQL about as many of its selections as these seconds allow, at least one",
        )  # fmt: skip
        parser.add_argument(
            "--record", type=Path, nargs="?", const=FOLDER,
            help="a folder for a record of this run, which is written after each page",
        )  # fmt: skip

    def handle(self, *args: object, **options: Any) -> None:
        """Request each page as a temporary superuser."""
        settings.ALLOWED_HOSTS = ["*"]
        self.records, self.seconds = options["record"], options["postgresql_seconds"]
        with (
            TemporaryDirectory(prefix="imrsite-columns-") as folder,
            override_settings(COLUMNS_DIR=folder, COLUMN_ENGINE=True),
            without_sharing_answers(),
            many_facts(options["items"]) if options["items"] else nullcontext(),
        ):
            self._write_columns()
            queries = ["", *_random_queries(options["filters"])]
            self._say_heads(queries)
            self._count_all(queries)
            person = get_user_model().objects.create_superuser(f"benchmark {time.time_ns()}")
            try:
                self._ask_all(person, options["page"], queries)
            finally:
                person.delete()
                keeping.give_up()
        if self.records:
            self.stdout.write(f"Recorded in {self.record.write(self.records)}.")

    def _write_columns(self) -> None:
        started = time.perf_counter()
        written = keeping.keep_columns(anew=True)
        if written is None:
            raise CommandError("The column file was not written.")
        self.stdout.write(
            f"{written.items:,} items by column: {files.size_of(written.name) / 1e6:,.1f} MB, "
            f"written in {time.perf_counter() - started:,.1f} s\n"
        )

    def _say_heads(self, queries: list[str]) -> None:
        letters = ItemFact.objects.filter(first_of_case=True).count()
        self.record = new_record("statistics", unit="ms", letters=letters, at=timezone.now())
        self.stdout.write(f"{letters:,} letters with items, {len(queries)} selections; milliseconds\n")
        heads = ("PG p50", "PG p95", "col p50", "col p95", "times", "kept p95")
        self.stdout.write(f"{'counts and pages':46} {' '.join(f'{head:>8}' for head in heads)}\n")

    def _count_all(self, queries: list[str]) -> None:
        """Print the times of the counts alone, which pages are made of."""
        everything: dict[str, list[float]] = {}
        for name, count in _COUNTS.items():
            times: dict[str, list[float]] = {}
            for query in queries:
                selection = parse_selection(QueryDict(query)).selection
                engines = self._engines(times, ("PostgreSQL", "columns"))
                for engine in engines:
                    clear_cached_answers()
                    with override_settings(COLUMN_ENGINE=engine == "columns"), one_snapshot() as counting:
                        counting.prepare()
                        begun = time.perf_counter()
                        count(counting, selection)
                        _note(times, engine, engines, 1000 * (time.perf_counter() - begun))
            self._say(f"count of {name}", times)
            for engine, of_engine in times.items():
                everything.setdefault(engine, []).extend(of_engine)
        self._say("all of these counts", everything)

    def _ask_all(self, person: User, parts: list[str], queries: list[str]) -> None:
        client = Client()
        client.force_login(person)
        everything: dict[str, list[float]] = {}
        for path in _paths():
            if not parts or any(part in path for part in parts):
                for engine, times in self._ask(client, path, queries).items():
                    everything.setdefault(engine, []).extend(times)
        self._say("all of these", everything)

    def _ask(self, client: Client, path: str, queries: list[str]) -> dict[str, list[float]]:
        """Print the times of a page, and of each section that loads separately; returns them all, by engine."""
        by_part: dict[str, dict[str, list[float]]] = {}
        whole: dict[str, list[float]] = {}
        for query in queries:
            engines = self._engines(whole, _ENGINES)
            for engine in engines:
                if engine != "kept":
                    clear_cached_answers()
                with override_settings(COLUMN_ENGINE=engine != "PostgreSQL"):
                    taken_by_part = _times(client, f"{path}?{query}")
                whole.setdefault(engine, []).append(sum(taken_by_part.values()))
                for part, taken in taken_by_part.items():
                    _note(by_part.setdefault(part, {}), engine, engines, taken)
        everything: dict[str, list[float]] = {}
        for part, times in by_part.items():
            self._say(part, times)
            for engine, of_engine in times.items():
                everything.setdefault(engine, []).extend(of_engine)
        if self.records:
            self.record.write(self.records)
        return everything

    def _engines(self, times: dict[str, list[float]], engines: Sequence[str]) -> list[str]:
        """Those to ask next: PostgreSQL until its seconds are used, so that a large collection ends in minutes."""
        spent = sum(times.get("PostgreSQL", ())) / 1000
        return [engine for engine in engines if engine != "PostgreSQL" or not times or spent < self.seconds]

    def _say(self, part: str, times: dict[str, list[float]]) -> None:
        p50 = {engine: sorted(of_engine)[len(of_engine) // 2] for engine, of_engine in times.items()}
        p95 = {engine: _p95(sorted(of_engine)) for engine, of_engine in times.items()}
        both = [figure[engine] for engine in ("PostgreSQL", "columns") if engine in times for figure in (p50, p95)]
        figures = " ".join(f"{figure:8.0f}" for figure in both)
        kept = f" {p95['kept']:8.0f}" if "kept" in p95 else ""
        of_postgresql = {"postgresql_p95": p95["PostgreSQL"]} if "PostgreSQL" in p95 else {}
        self.record.add(part.strip(), columns_p50=p50["columns"], columns_p95=p95["columns"], **of_postgresql)
        ratio = sum(times["PostgreSQL"]) / sum(times[_BESIDE]) if of_postgresql else 0
        self.stdout.write(f"{part:46} {figures:>35} {ratio:8.1f}{kept}\n")


@cache
def _heaviest() -> int:
    """The authority cited most."""
    most = CitationFact.objects.values("authority").annotate(number=Count("pk")).order_by("-number").first()
    return int(most["authority"]) if most else 0


#: The kinds of counts.
_COUNTS: dict[str, Callable[[SqlEngine, Selection], object]] = {
    "letters": lambda engine, selection: engine.count_letters(selection),
    "letters of some items": lambda engine, selection: engine.count_letters(Selection(selection.items, False)),
    "categories": lambda engine, selection: engine.count_items(selection, ["category_id"]),
    "months": lambda engine, selection: engine.count_items(selection, ["decision_month"]),
    "specialties": lambda engine, selection: engine.count_elements(selection, [("specialties",)]),
    "citations": lambda engine, selection: engine.count_items(selection, ["cited"]),
    "editions": lambda engine, selection: engine.count_editions(selection),
    "sections of an authority": lambda engine, selection: engine.count_parts(selection, _heaviest(), "sections"),
    "items citing it": lambda engine, selection: engine.count_citing(selection, _heaviest(), ["category_id"]),
}


#: What counts, in the order of requests; kept answers are those by column.
_ENGINES = ("PostgreSQL", "columns", "kept")


#: Times by column of the selections that PostgreSQL was asked about too.
_BESIDE = "columns next to PostgreSQL"


def _note(times: dict[str, list[float]], engine: str, engines: Sequence[str], taken: float) -> None:
    """Add the milliseconds of one of the ``engines`` that were asked about a selection."""
    times.setdefault(engine, []).append(taken)
    if engine == "columns" and "PostgreSQL" in engines:
        times.setdefault(_BESIDE, []).append(taken)


def _p95(times: list[float]) -> float:
    return times[min(len(times) - 1, round(0.95 * len(times)))]


_SECTION = re.compile(r'hx-get="([^"]*)" hx-trigger="load"')


def _times(client: Client, address: str) -> dict[str, float]:
    """Milliseconds of a page and of its sections, by path."""
    found = {}
    taken, page = _milliseconds(client, address)
    found[address.partition("?")[0]] = taken
    for section in _SECTION.findall(page):
        taken, _html = _milliseconds(client, unescape(section), headers={"HX-Request": "true"})
        found[f"  {section.partition('?')[0]}"] = taken
    return found


def _milliseconds(client: Client, address: str, **request: Any) -> tuple[float, str]:
    begun = time.perf_counter()
    response = client.get(address, HTTP_HOST="localhost", follow=True, **request)  # some redirect to a year
    taken = 1000 * (time.perf_counter() - begun)
    if response.status_code != 200 or response.request["PATH_INFO"] != address.partition("?")[0]:
        raise RuntimeError(f"{address} answered {response.status_code} at {response.request['PATH_INFO']}")
    return taken, response.content.decode()


def _paths() -> list[str]:
    names = (
        "statistics", "statistics_compare", "statistics_report", "quality", "citations", "citation_editions",
        "treatments", "grounds", "ground_sentences", "accuracy",
    )  # fmt: skip
    paths = [reverse(name) for name in names]
    paths.append(reverse("citation_authority", args=["mtus/chronic-pain"]))
    paths += [reverse("treatment", args=treatment) for treatment in _TREATMENTS]
    return paths + [reverse("statistic", args=[statistic.key]) for statistic in STATISTICS]


def _random_queries(number: int) -> list[str]:
    chance = random.Random(0)  # noqa: S311 - the same selections in every run
    filters = {**_FILTERS, "category": read_labels().category_names()}
    found = []
    for _ in range(number):
        names = chance.sample(list(filters), chance.choice([1, 1, 2, 3]))
        found.append(urlencode({name: chance.choice(filters[name]) for name in names}))
    return found

"""``benchmark_statistics``: how fast the statistics pages respond, with the current data and random filters."""

import random
import re
import time
from argparse import ArgumentParser
from html import unescape
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.test import Client
from django.urls import reverse

from determinations.models import Case, ItemFact
from determinations.statistics.answer_cache import clear_cached_answers
from determinations.statistics.catalog import STATISTICS
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
    """Requests every page without and with random filters, each computed first and then from kept answers."""

    help = "Print response times of the statistics pages (p50 and p95 in milliseconds)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many random selections per page, and which pages."""
        parser.add_argument("--filters", type=int, default=10, help="random selections per page")
        parser.add_argument("--page", action="append", default=[], help="only pages whose address contains this")

    def handle(self, *args: object, **options: Any) -> None:
        """Request each page as a temporary superuser."""
        queries = ["", *_random_queries(options["filters"])]
        letters, items = Case.objects.current().count(), ItemFact.objects.count()
        self.stdout.write(f"{letters:,} letters, {items:,} items, {len(queries)} selections per page; milliseconds\n")
        self.stdout.write(f"{'page':46} {'plain':>7} {'p50':>7} {'p95':>7} {'kept p95':>9}\n")
        settings.ALLOWED_HOSTS = ["*"]
        person = get_user_model().objects.create_superuser(f"benchmark {time.time_ns()}")
        try:
            client = Client()
            client.force_login(person)
            for path in _paths():
                if not options["page"] or any(part in path for part in options["page"]):
                    self._ask(client, path, queries)
        finally:
            person.delete()

    def _ask(self, client: Client, path: str, queries: list[str]) -> None:
        """Print the times of a page, and of each section that loads separately."""
        counted: dict[str, list[float]] = {}
        kept: dict[str, list[float]] = {}
        for query in queries:
            clear_cached_answers()
            for times_of in (counted, kept):
                for part, taken in _times(client, f"{path}?{query}").items():
                    times_of.setdefault(part, []).append(taken)
        for part, times in counted.items():
            in_order = sorted(times)
            columns = (times[0], in_order[len(times) // 2], _p95(in_order))
            shown = " ".join(f"{column:7.0f}" for column in columns)
            self.stdout.write(f"{part:46} {shown} {_p95(sorted(kept[part])):9.0f}\n")


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

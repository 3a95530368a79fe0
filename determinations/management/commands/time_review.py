"""``time_review``: how long the review queue and its next letters take to open, with the current data."""

import statistics
import time
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, reset_queries
from django.test import Client
from django.urls import reverse

from determinations.models import Letter, ReviewEntry
from determinations.paging.counts import count_up_to


class Command(BaseCommand):
    """Opens pages as an administrator would, and changes nothing."""

    help = "Prints how long the review queue and its letters take to open."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many letters to open, and as which user."""
        parser.add_argument("--letters", type=int, default=50, help="letters of the queue to open")
        parser.add_argument("--person", default="admin", help="name of a user who may correct letters")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the queue, then its letters one by one."""
        person = User.objects.filter(username=options["person"]).first()
        if person is None:
            raise CommandError("No user has this name: choose one with --person NAME.")
        client = Client(headers={"host": "localhost"})
        client.force_login(person)
        entries = ReviewEntry.objects.order_by("-urgency", "-letter")
        letters = list(entries.values_list("letter_id", flat=True)[: options["letters"]])
        if not letters:
            raise CommandError("The review queue is empty.")
        total = count_up_to(Letter.objects.all(), 10_000_000)
        self.stdout.write(f"{total} letters, {count_up_to(entries, 10_000_000)} in the queue")
        _opened(client, reverse("review"))  # fills caches: templates, plans
        self._print("the queue", [_opened(client, reverse("review")) for _ in range(10)])
        self._print("the next letter", [_opened(client, reverse("review_letter", args=[pk])) for pk in letters])

    def _print(self, what: str, times: list[float]) -> None:
        middle, slow = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
        self.stdout.write(f"{what}: median {middle:.0f} ms, 95% within {slow:.0f} ms, slowest {max(times):.0f} ms")


def _opened(client: Client, address: str) -> float:
    connection.ensure_connection()
    reset_queries()
    began = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise CommandError(f"{address} answered {answer.status_code}.")
    return (time.perf_counter() - began) * 1000

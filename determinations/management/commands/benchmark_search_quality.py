"""``benchmark_search_quality``: recall and precision of search, by kind of query.

The queries and what is right for each are in ``determinations/searching/standard``; a plain scan of the letters'
texts, which shares no code with search, finds the right letters. The words of the letters are put into a temporary
table that PostgreSQL drops at the end: nothing is kept, and the letters of the database are not read.

Without paths it measures over synthetic letters, of which every second passage is written another way; with paths,
over the letters in these files and folders, which stay where they are.
"""

import random
import re
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from determinations.cases.search_words import search_words, searched_title
from determinations.management.commands.parse_letters import letter_files, read_files
from determinations.models import Authority
from determinations.parsing import parse_letter
from determinations.parsing.results import LetterRecord, to_record
from determinations.searching.query import read_query
from determinations.searching.spelling import KnownWord, corrected, edits
from determinations.searching.standard.plain_scan import Standard, Texts, is_right, normalised, read_standard
from determinations.searching.standard.variants import varied
from determinations.searching.terms import key_of
from determinations.searching.tsquery import Scope, to_tsquery
from determinations.synthetic import write_letter

_SEED = 1_812


@dataclass(slots=True)
class Score:
    """Letters that are right and found, right and missed, found and wrong, over the queries of a kind."""

    queries: int = 0
    with_right: int = 0
    found: int = 0
    missed: int = 0
    wrong: int = 0
    worst: list[tuple[int, str]] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of right letters that are found."""
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def precision(self) -> float:
        """The share of found letters that are right."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0

    def add(self, query: str, right: set[int], found: set[int]) -> None:
        """Count one query."""
        self.queries += 1
        self.with_right += bool(right)
        self.found += len(right & found)
        self.missed += len(right - found)
        self.wrong += len(found - right)
        if right != found:
            self.worst.append(
                (len(right ^ found), f"{query}: {len(right - found)} missed, {len(found - right)} wrong")
            )


class Command(BaseCommand):
    """Prints recall and precision by kind of query."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which letters, and how much is printed."""
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="letters to measure over; not kept")
        parser.add_argument("--letters", type=int, default=400, help="synthetic letters, without paths (400)")
        parser.add_argument("--worst", type=int, default=0, metavar="N", help="the N worst queries of each kind")

    def handle(self, *args: object, paths: Sequence[Path], letters: int, worst: int, **options: object) -> None:
        """Measure."""
        records = _read(paths) if paths else _synthetic(letters)
        if not records:
            raise CommandError("There is no letter: no file of a kind that is read.")
        scores = measure(records)
        self.stdout.write(f"{len(records):,} letters, {sum(score.queries for score in scores.values())} queries")
        self.stdout.write(
            f"{'kind':14} {'queries':>8} {'with right':>11} {'right':>8} {'recall':>8} {'precision':>10}"
        )
        for kind, score in [*scores.items(), ("all", _sum(scores.values()))]:
            self.stdout.write(
                f"{kind:14} {score.queries:8} {score.with_right:11} {score.found + score.missed:8,}"
                f" {score.recall:8.4f} {score.precision:10.4f}"
            )
            for _number, line in sorted(score.worst, reverse=True)[: worst if kind != "all" else 0]:
                self.stdout.write(f"    {line}")


def measure(records: Sequence[LetterRecord]) -> dict[str, Score]:
    """The score of each kind of query over these letters."""
    rows = Authority.objects.values_list("key", "family", "title")
    titles = {key: searched_title(family, title) for key, family, title in rows}
    texts = [normalised(_texts(record, titles)) for record in records]
    vocabulary = Counter(word for record in texts for word in _words(record))
    scores: dict[str, Score] = defaultdict(Score)
    with transaction.atomic():
        _fill(records, titles)
        for standard in read_standard():
            right = {number for number, text in enumerate(texts) if is_right(standard.right, text)}
            scores[standard.kind].add(standard.query, right, _found(_typed(standard, vocabulary)))
        transaction.set_rollback(True)
    return dict(scores)


def _typed(standard: Standard, vocabulary: Counter[str]) -> str:
    """What is searched: for a typing error, what is offered in its place."""
    if standard.kind != "typo":
        return standard.query

    def near(words: Sequence[str]) -> Iterator[list[KnownWord]]:
        for word in words:
            yield [KnownWord(known, number) for known, number in vocabulary.items() if edits(word, known, 2) <= 2]

    return corrected(standard.query, near) or standard.query


def _words(texts: Texts) -> set[str]:
    every = (text.lower() for several in texts.values() for text in several)
    return {key_of(word) for text in every for word in re.findall("[a-z]{3,}", text)}


def _fill(records: Sequence[LetterRecord], titles: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE searched_letter (number integer, words tsvector) ON COMMIT DROP")
        for number, record in enumerate(records):
            words = search_words(record, record["items"], titles, ())
            vectors = " || ".join(["%s::tsvector"] * (1 + len(words.items)))
            cursor.execute(
                f"INSERT INTO searched_letter VALUES (%s, {vectors})",  # noqa: S608 - constants
                [number, words.letter, *words.items],
            )


def _found(query: str) -> set[int]:
    with connection.cursor() as cursor:
        text = to_tsquery(read_query(query), Scope.CASES)
        cursor.execute("SELECT number FROM searched_letter WHERE words @@ %s::tsquery", [text])
        return {number for (number,) in cursor.fetchall()}


def _texts(record: LetterRecord, titles: dict[str, str]) -> dict[str, list[str]]:
    items = record["items"]
    citations = [citation for item in items for citation in (*item["claims"], *item["reviewer"])]
    return {
        "request": [item["request"] for item in items],
        "rationale": [item["rationale"] or "" for item in items],
        "cites": [
            *(item["claims_text"] or "" for item in items),
            *(item["reviewer_text"] or "" for item in items),
            *(titles.get(citation["authority"], "") for citation in citations),
            *(section for citation in citations for section in citation["sections"]),
        ],
        "summary": [record["summary"] or ""],
        "reviewer": [*record["specialties"], *record["licensure"]],
    }


def _synthetic(letters: int) -> list[LetterRecord]:
    return [_varied(to_record(parse_letter(write_letter(number, _SEED).text)), number) for number in range(letters)]


def _varied(record: LetterRecord, number: int) -> LetterRecord:
    rng = random.Random(number)  # noqa: S311 - choices of a benchmark
    for item in record["items"]:
        item["request"] = varied(item["request"], rng)
        item["rationale"] = varied(item["rationale"] or "", rng)
        for side in ("claims_text", "reviewer_text"):
            item[side] = varied(item[side] or "", rng)
    return {**record, "summary": varied(record["summary"] or "", rng)}


def _read(paths: Iterable[Path]) -> list[LetterRecord]:
    return [
        record for record in read_files(list(letter_files(list(paths))), 1) if record["items"] or record["summary"]
    ]


def _sum(scores: Iterable[Score]) -> Score:
    total = Score()
    for score in scores:
        total.queries += score.queries
        total.with_right += score.with_right
        total.found += score.found
        total.missed += score.missed
        total.wrong += score.wrong
    return total

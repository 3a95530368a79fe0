"""Fills the database with synthetic letters, in chunks that several processes write."""

import gc
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from django.db import connection, connections
from django.utils import timezone

from determinations.filling.indexes import build_index, drop_indexes, dropped_indexes, forget_dropped
from determinations.filling.letters import Rules, read_letters
from determinations.filling.rows import write_letters
from determinations.models import Letter, Upload
from determinations.reference.aliases import aliases_in_force
from determinations.reference.category_rules import active_rules

Work = TypeVar("Work")
Done = TypeVar("Done")

#: Letters per batch, which is one transaction.
CHUNK = 1_000
#: Indexes are dropped for so many letters or more, if there are not more in the database.
WORTH_DROPPING = 10_000
#: The note of the batches that hold these letters: it tells a later run which letters there are.
_NOTE = "Synthetic letters for benchmarks: {} to {}"
_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
ORDER BY pg_total_relation_size(oid) DESC, relname
"""
_WRITTEN = re.compile(_NOTE.format(r"(\d+)", r"(\d+)"))


@dataclass(frozen=True, slots=True)
class Progress:
    """How many letters are there, and how fast they are written by this run."""

    letters: int
    per_second: float


def missing_chunks(count: int) -> list[range]:
    """The numbers of the letters that are missing of the first ``count``, in chunks."""
    notes = Upload.objects.filter(note__startswith=_NOTE.partition("{")[0]).values_list("note", flat=True)
    written = sorted((int(match[1]), int(match[2]) + 1) for note in notes if (match := _WRITTEN.fullmatch(note)))
    chunks: list[range] = []
    at = 0
    for start, end in [*written, (count, count)]:
        chunks += [range(first, min(first + CHUNK, start, count)) for first in range(at, min(start, count), CHUNK)]
        at = max(at, end)
    return chunks


def fill(count: int, jobs: int) -> Iterator[Progress]:
    """Write the letters that are missing of the first ``count``, with this many processes.

    Large fills drop indexes (see ``indexes``); :func:`build_indexes` builds them again.
    """
    chunks = missing_chunks(count)
    missing = sum(map(len, chunks))
    if missing >= max(WORTH_DROPPING, Letter.objects.count()):
        drop_indexes()
    began, written = time.monotonic(), 0
    for number in _each(write_chunk, chunks, jobs):
        written += number
        yield Progress(count - missing + written, written / (time.monotonic() - began))


def build_indexes(jobs: int) -> Iterator[str]:
    """Build the indexes that were dropped, then vacuum and analyze all tables; yields the name of each."""
    yield from _each(_build, dropped_indexes(), jobs)
    forget_dropped()
    yield from _each(_vacuum, _tables(), jobs)


def write_chunk(numbers: range) -> int:
    """Write the letters of these numbers as one batch; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # a chunk that a crash loses is written by the next run
    with _collected_at_the_end():
        _write(numbers)
    return len(numbers)


def _write(numbers: range) -> None:
    """A function of its own: when garbage is collected, its letters are gone."""
    letters = read_letters(numbers, Rules(aliases_in_force(), active_rules()))
    write_letters(letters, _NOTE.format(numbers[0], numbers[-1]), timezone.now())


@contextmanager
def _collected_at_the_end() -> Iterator[None]:
    """Collect garbage once, when the block ends, and never again what is left of it.

    Python otherwise looks through all letters of the chunk and all that the parser knows, again and again: this took
    more than a third of the processor time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def _build(name: str) -> str:
    build_index(name)
    return name


def _tables() -> list[str]:
    """The names of all tables; first those that take longest."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return [name for (name,) in cursor.fetchall()]


def _vacuum(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f'VACUUM ANALYZE "{table}"')
    return table


def _each(do: Callable[[Work], Done], works: Sequence[Work], jobs: int) -> Iterator[Done]:
    """Do each work, in this many processes; yields what is done first."""
    if jobs <= 1 or len(works) <= 1:
        yield from map(do, works)
        return
    connections.close_all()  # a process that is forked must not share a connection
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        waiting = iter(works)
        running: set[Future[Done]] = {pool.submit(do, work) for work in islice(waiting, 2 * jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(do, work) for work in islice(waiting, len(done))}
            yield from (future.result() for future in done)

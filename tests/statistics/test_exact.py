"""Every statistic equals the plain count of the normalized tables, for random filters, while letters change."""

import random
import threading
import time
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.http import QueryDict

from determinations.browsing.selection import parse_selection, within
from determinations.filters import PARAMETERS, CaseFilter
from determinations.models import Authority, Case, StatisticsLimits
from determinations.statistics.catalog import STATISTICS
from determinations.statistics.citation_catalog import GROUPINGS
from determinations.statistics.interface import CitationGroup, LetterGroup, Selection
from determinations.statistics.intervals import quantile
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.statistics.tabulate import by_period, sum_letters
from determinations.statistics.tabulate import count as tabulated
from determinations.statistics.time_steps import STEPS
from determinations.wording.labels import Labels, read_labels
from tests.corrections.letters import citation, document, item, stored_letter
from tests.statistics import plain_count as plain
from tests.statistics.worlds import AUTHORITIES, FILTERS, random_event, random_query, stored_world

#: Statistics on these columns are counted in one pass, the others individually.
PRECOMPUTED = [("category_id",), ("specialties",), ("days_from_denial",), ("sex",), *GROUPINGS]
#: Random worlds, and the filters tried in each; every filter with every statistic.
WORLDS, EVERYTHING, WHILE_THINGS_HAPPEN, WHILE_OTHERS_WRITE = 2, 28, 30, 6


def compare(engine: SqlEngine, query: QueryDict, labels: Labels, everything: list[Any]) -> None:
    """Every statistic of the address equals its plain count."""
    parsed = parse_selection(query)
    assert not parsed.ignored
    items = plain.matching(everything, query)
    limits = StatisticsLimits()
    engine.precompute(parsed.selection, PRECOMPUTED)
    for statistic in STATISTICS:
        about = [item for item in items if _is_within(item, statistic.within)]
        table = tabulated(engine, statistic, within(parsed.selection, statistic), labels, limits)
        counted = {row.key: (row.tally.items, row.tally.decided, row.tally.overturned) for row in table.rows}
        assert counted == plain.by(about, statistic.plain), (query.urlencode(), statistic.key)
        assert (table.total.items, table.total.decided, table.total.overturned) == plain.count(about)
    groups = compare_letters(engine, parsed.selection, items)
    assert sum_letters(groups).letters == len({item.case_id for item in items})
    for step in STEPS:
        assert sum(letters.letters for _key, letters in by_period(groups, step)) == len({i.case_id for i in items})
    editions = _counts(engine.count_editions(parsed.selection))
    assert editions == plain.editions(items), query.urlencode()
    edition_statuses = _counts(engine.count_edition_statuses(parsed.selection))
    assert edition_statuses == plain.edition_statuses(items), query.urlencode()
    for key in AUTHORITIES[:2]:
        authority = Authority.objects.get(key=key)
        for part in ("sections", "pages"):
            counted_parts = _counts(engine.count_parts(parsed.selection, authority.pk, part))
            assert counted_parts == plain.parts(items, authority, part), (query.urlencode(), key, part)
        by_month, by_category = engine.count_citing(parsed.selection, authority.pk, ("decision_month", "category_id"))
        assert _counts(by_month) == plain.citing(items, authority, plain.month), (query.urlencode(), key)
        assert _counts(by_category) == plain.citing(items, authority, lambda item: item.category_id)
        of_one = {raw: n for raw, n in plain.editions(items).items() if raw[1] == authority.pk}
        assert _counts(engine.count_editions(parsed.selection, authority.pk)) == of_one


def compare_letters(engine: SqlEngine, selection: Selection, items: list[Any]) -> list[LetterGroup]:
    """The letters of a selection by month and outcome equal their plain count; ``items``: those of the selection."""
    groups = engine.count_letters(selection)
    letters = {(f"{g.month:%Y-%m}" if g.month else "unknown", g.outcome): (*g[5:], g.items) for g in groups}
    assert letters == plain.letters(items), selection
    return groups


def _counts(groups: list[CitationGroup]) -> dict[Any, tuple[int, int, int]]:
    return {group.raw: (group.items, group.decided, group.overturned) for group in groups}


def _is_within(item: Any, filters: Any) -> bool:
    return all(item.category.name in values for name, values in filters.items() if name == "category")


def test_every_filter_of_the_item_list_is_tested() -> None:
    untested = set(PARAMETERS) - set(FILTERS)
    of_office = {name for name in untested if name.startswith("field_")}  # see tests/office_fields
    assert untested - of_office == {"by_item"}  # which filters cases alone


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.slow if seed else ()) for seed in range(WORLDS)]
)
def test_statistics_equal_the_plain_count(seed: int, db: None) -> None:
    chance = random.Random(40 + seed)
    stored_world(chance, 60)
    with connection.cursor() as cursor:  # with plans for tables without rows, some statements take seconds
        cursor.execute("ANALYZE")
    labels, everything = read_labels(), plain.countable_items()
    # Each filter is tried at least once in one of the worlds.
    names = random.Random(40).sample(list(FILTERS), len(FILTERS))[seed::WORLDS]
    queries = [QueryDict(), *(random_query(chance, names[at::EVERYTHING]) for at in range(EVERYTHING))]
    for query in queries:
        compare(SqlEngine(), query, labels, everything)
    assert sum(bool(plain.matching(everything, query)) for query in queries) > EVERYTHING / 3


@pytest.mark.parametrize("seed", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_statistics_stay_exact_when_letters_change(seed: int, people: Any) -> None:
    chance = random.Random(seed)
    stored_world(chance, 25)
    happened = set()
    for number in range(WHILE_THINGS_HAPPEN):
        happened.add(random_event(chance, people.admin))
        # A kept answer shows whether this event has left a mark. What it left wrong is still wrong after the next.
        items = plain.countable_items()
        compare_letters(SqlEngine(), Selection.everything(), items)
        if number % 3 == 2:
            query = chance.choice([QueryDict(), random_query(chance), random_query(chance)])
            compare(SqlEngine(), query, read_labels(), items)
    assert happened == {"upload", "re-parse", "version", "correction", "deletion"}


@pytest.mark.django_db(transaction=True)
def test_statistics_stay_exact_while_three_writers_run(people: Any) -> None:
    chance = random.Random(6)
    stored_world(chance, 25)
    stop, errors = threading.Event(), []

    def write(seed: int) -> None:
        own = random.Random(seed)
        try:
            while not stop.is_set():
                try:
                    random_event(own, people.admin)
                except ObjectDoesNotExist:
                    continue  # another writer has just deleted it
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (7, 8, 9)]
    for writer in writers:
        writer.start()
    seen: set[str] = set()
    until = time.monotonic() + 120
    try:
        # As often as it takes for the writers to write between comparisons: on a busy machine they wait for a turn.
        while len(seen) <= WHILE_OTHERS_WRITE and not errors and time.monotonic() < until:
            for query in (QueryDict(), random_query(chance)):
                with one_snapshot() as engine:
                    compare(engine, query, read_labels(), plain.countable_items())
                    seen.add(engine.version)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not errors
    assert len(seen) > WHILE_OTHERS_WRITE, "the writers did not write between the comparisons"


@pytest.mark.django_db(transaction=True)
def test_an_authority_moves_to_another_family_while_a_letter_is_written(people: Any) -> None:
    cites = [citation("mtus/chronic-pain", "2009")]
    written, may_commit, moved = threading.Event(), threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            stored_letter(document(item("Opioid refill", claims=cites, reviewer=cites)))
            written.set()
            may_commit.wait()
        connection.close()

    def move() -> None:
        Authority.objects.filter(key="mtus/chronic-pain").update(family="odg")
        moved.set()
        connection.close()

    threads = [threading.Thread(target=action) for action in (write, move)]
    threads[0].start()
    written.wait()
    threads[1].start()
    while not moved.is_set() and not _a_lock_is_awaited():
        moved.wait(0.01)
    may_commit.set()
    for thread in threads:
        thread.join()
    for family in ("mtus", "odg"):
        query = QueryDict(f"claims_family={family}")
        compare(SqlEngine(), query, read_labels(), plain.countable_items())
        marked = Case.objects.filter(said_of_items__contains=[f"claims_family={family}"])
        assert marked.exists() == CaseFilter(query, queryset=Case.objects.all()).qs.exists() == (family == "odg")


def _a_lock_is_awaited() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("histogram", "share", "expected"),
    [({}, 0.5, None), ({7: 1}, 0.5, 7), ({1: 1, 2: 1}, 0.5, 1.5), ({1: 2, 10: 2}, 0.25, 1), ({0: 1, 10: 4}, 0.25, 10)],
)
def test_quantiles_match_those_of_sql(
    histogram: dict[int, int], share: float, expected: float | None, db: None
) -> None:
    assert quantile(histogram, share) == expected
    values = [value for value, times in histogram.items() for _ in range(times)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(%s) WITHIN GROUP (ORDER BY value) FROM unnest(%s::int[]) value", [share, values]
        )
        assert cursor.fetchone()[0] == expected

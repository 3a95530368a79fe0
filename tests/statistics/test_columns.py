"""The column engine gives exactly the answers of PostgreSQL, at any moment, or leaves them to it."""

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict

from determinations.access.scope import Scope, within
from determinations.browsing import column_cases, facets
from determinations.browsing.column_cases import FindCases
from determinations.browsing.column_keys import item_keys
from determinations.browsing.facets import LIMITS, Limits, count_facets
from determinations.browsing.lists import CASES, ITEMS
from determinations.browsing.selection import parse_selection
from determinations.browsing.selection import within as narrowed
from determinations.cases.effective import remove_letters
from determinations.corrections.actions import correct_field
from determinations.models import (
    Authority,
    Case,
    ColumnFile,
    EditionValidity,
    FactLog,
    ItemFact,
    StatisticsLimits,
)
from determinations.operations.checking.column_files import column_file
from determinations.operations.findings import Level
from determinations.paging.filtered import keys_from
from determinations.paging.keyset import Cursor, cursor_at
from determinations.reading.trial import crashes
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.catalog import STATISTICS
from determinations.statistics.citation_catalog import GROUPINGS
from determinations.statistics.columns import keeping, reading
from determinations.statistics.columns.cited import CITED
from determinations.statistics.columns.dialect import NotInColumns, translate
from determinations.statistics.columns.layout import TableLayout
from determinations.statistics.columns.writing import Changes, Written
from determinations.statistics.interface import CitationGroup, Selection
from determinations.statistics.newest import newest_items
from determinations.statistics.sql_engine import SqlEngine, _count, one_snapshot
from determinations.statistics.tabulate import count as tabulated
from determinations.tasks import keep_column_file
from determinations.wording.labels import read_labels
from tests.fixtures.people import People
from tests.statistics.worlds import AUTHORITIES, NOW, random_event, stored_world

pytestmark = pytest.mark.django_db(transaction=True)
#: Filters of the facts' own columns.
QUERIES = [
    "", "decided_from=2016-01-01&decided_to=2017-06-30", "sex=male", "age=30-39&age=70-over", "outcome=partly",
    "decision=overturned", "licensure=California&specialty=Psychiatry", "claims_family=mtus",
    "reviewer_without=odg", "reviewer_authority=mtus/chronic-pain", "also_reviewer_authority=odg/pain",
    "same_guideline=no", "category=Pharmaceuticals", "subcategory=Surgery/Surgical Consult",
    "ground=criteria_met", "problem=date_order", "region=unknown", "undated=decided", "several_items=yes",
    "claim_age=10-19", "claims_edition=mtus/opioids@2016", "reviewer_cites=mtus/low-back@MRI",
    "claims_superseded=any", "reviewer_standing=early", "letter=1,2,3", "rest_of=sex%3Dmale", "state=parsed",
    "corrected=yes", "partly_approved=no", "specialty=unknown",
]  # fmt: skip
#: Rounds while two writers run, each with all letters and with a random filter.
ROUNDS = 4


@pytest.fixture
def folder(tmp_path: Path, settings: object) -> Iterator[Path]:
    settings.COLUMNS_DIR = tmp_path / "columns"  # type: ignore[attr-defined]
    settings.COLUMN_LISTS_FROM = 0  # type: ignore[attr-defined]
    reading.process.close()
    yield tmp_path / "columns"
    reading.process.close()


class Compared(reading.ColumnReader):
    """Answers by column, each compared with what PostgreSQL answers in the same snapshot."""

    answered = refused = 0

    def rows(self, sql: str, parameters: object) -> reading.Rows | None:
        rows = super().rows(sql, parameters)  # type: ignore[arg-type]
        if rows is None:
            Compared.refused += 1
        elif CITED in sql:  # PostgreSQL has no such table: see ``count_everything``
            Compared.answered += 1
        else:
            Compared.answered += 1
            expected = _count(sql, parameters)  # type: ignore[arg-type]
            assert sorted(rows, key=repr) == sorted(expected, key=repr), (sql, parameters)
        return rows


def count_everything(engine: SqlEngine, query: QueryDict) -> None:
    """Every statistic, and every other count, of the address."""
    selection, labels = parse_selection(query).selection, read_labels()
    engine.precompute(selection, [("category_id",), ("specialties",), ("sex",), *GROUPINGS])
    for statistic in STATISTICS:
        tabulated(engine, statistic, narrowed(selection, statistic), labels, StatisticsLimits())
    engine.count_letters(selection)
    engine.count_letters(Selection(selection.items, whole_letters=False))
    oracle = SqlEngine()
    counts: list[Callable[[SqlEngine], list[CitationGroup]]] = [
        lambda engine: engine.count_editions(selection),
        lambda engine: engine.count_edition_statuses(selection),
        lambda engine: engine.count_sections(selection),
    ]
    for pk in Authority.objects.filter(key__in=AUTHORITIES[:2]).values_list("pk", flat=True):
        counts += [
            partial(SqlEngine.count_parts, selection=selection, authority_id=pk, part="sections"),
            partial(SqlEngine.count_parts, selection=selection, authority_id=pk, part="pages"),
            partial(
                SqlEngine.count_citing, selection=selection, authority_id=pk, columns=("decision_month", "category_id")
            ),
            partial(SqlEngine.count_editions, selection=selection, authority_id=pk),
        ]
    for count in counts:
        assert sorted(count(engine), key=repr) == sorted(count(oracle), key=repr), query.urlencode()


def _merged_once_written(errors: list[Exception]) -> Written:
    """Merge what the writers changed; on a busy machine they may not have written anything yet."""
    until = time.monotonic() + 60
    while (written := keeping.keep_columns(at_once=True)) is None:
        assert not errors
        assert time.monotonic() < until
        time.sleep(0.05)
    return written


def test_both_engines_agree_while_two_writers_run(people: People, folder: Path) -> None:
    chance = random.Random(6)
    stored_world(chance, 25)
    assert keeping.keep_columns() is not None
    stop, errors = threading.Event(), list[Exception]()

    def write(seed: int) -> None:
        own = random.Random(seed)
        try:
            while not stop.is_set():
                try:
                    random_event(own, people.admin)
                except ObjectDoesNotExist:
                    continue  # the other writer has just deleted it
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (7, 8)]
    for writer in writers:
        writer.start()
    Compared.answered = Compared.refused = changed = number = 0
    until = time.monotonic() + 120
    try:  # longer where the writers wait for a turn of a busy machine
        while number < ROUNDS or not (changed or errors or time.monotonic() > until):
            number += 1
            for query in (QueryDict(), QueryDict("&".join(chance.sample(QUERIES, 2)))):
                with one_snapshot() as engine:
                    reader = Compared()
                    count_everything(SqlEngine(reader), query)
                    assert engine.version
                columns = reader.columns()
                assert columns is not None
                changed = max(changed, columns.changed)
            if number == 2:
                assert _merged_once_written(errors).merged
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not errors
    assert changed  # the writers did change facts that the file had otherwise
    assert Compared.answered > 100
    assert not Compared.refused


def test_every_filter_of_the_facts_is_answered_by_column(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(3), 15)
    odd, *_others = ItemFact.objects.order_by("pk")
    ItemFact.objects.filter(pk=odd.pk).update(
        specialties=['certified in "Neurology', "a,", '["a', "[", "]", "\\", '\\"', '","', "", ',"a']
    )
    keeping.keep_columns()
    Compared.refused = 0
    for query in QUERIES:
        with one_snapshot():
            SqlEngine(Compared()).count_items(parse_selection(QueryDict(query)).selection, ["body_region", "grounds"])
        assert Compared.refused == 0, query
        cases = CASES.filterset(QueryDict(query))
        listed = CASES.list_query(cases, QueryDict(query))
        with monkeypatch.context() as patched:
            if cases.as_items() is not None:
                patched.delattr(column_cases, "keys_from")  # PostgreSQL names nothing
            by_column = FindCases(cases)(listed, None, 99, forward=True)
        assert by_column == keys_from(listed, None, 99, forward=True), query
    compare_array_filters()
    compare_all_groupings()


def compare_array_filters() -> None:
    """Elements with quotation marks, commas and brackets are told from parts of others."""
    values = ['certified in "Neurology', "Neurology", '","', ",", "a,", "[", '["a', "]", "\\", '\\"', ',"a', "a", ""]
    with one_snapshot():
        engine = SqlEngine(Compared())
        found = [
            sum(group.items for group in engine.count_items(Selection(items, whole_letters=False), ["sex"]))
            for value in values
            for items in (ItemFact.objects.filter(specialties__contains=[value]),)
        ]
    assert found == [1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1]
    assert not Compared.refused


def compare_all_groupings() -> None:
    """More columns than PostgreSQL groups at once are counted as each alone."""
    columns = [(str(field.column),) for field in ItemFact._meta.concrete_fields]
    assert len(columns) > 31
    some = Selection(ItemFact.objects.exclude(sex="female"), whole_letters=True)
    for reader in (Compared(), None):
        cached_answers.answers.clear()
        with one_snapshot():
            engine = SqlEngine(reader)
            engine.precompute(some, columns)
            at_once = [engine.count_items(some, column) for column in columns]
            cached_answers.answers.clear()
            alone = [engine.count_items(some, column) for column in columns]
        assert [sorted(groups, key=repr) for groups in at_once] == [sorted(groups, key=repr) for groups in alone]


def test_the_rail_counts_the_same_by_column_and_all_items(
    people: People, folder: Path, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(4), 12)
    keeping.keep_columns()
    for address in ("", "sex=male", "category=Pharmaceuticals&decision=upheld", "sex=male&q=knee"):
        query, counts = QueryDict(address), []
        for engine, limits in ((True, Limits(counted=1, many=1, enough=1)), (False, LIMITS)):
            settings.COLUMN_ENGINE = engine  # type: ignore[attr-defined]
            counts.append(count_facets(ITEMS, ITEMS.filterset(query), query, limits))
        by_column, by_postgresql = counts
        if "q=" in address:  # words are PostgreSQL's, and so the first of them are counted
            assert by_column.capped
        else:
            assert by_column.counts == by_postgresql.counts
            assert not by_column.capped
    for address in (
        "sex=male&region=unknown", "category=Pharmaceuticals&decision=upheld", "sex=male&outcome=upheld&by_item=yes",
    ):  # fmt: skip
        query, counts = QueryDict(address), []
        for engine in (True, False):
            settings.COLUMN_ENGINE = engine  # type: ignore[attr-defined]
            with monkeypatch.context() as patched:
                if engine:
                    patched.delattr(facets, "tables_of")  # PostgreSQL gathers nothing
                counts.append(count_facets(CASES, CASES.filterset(query), query))
            with monkeypatch.context() as patched:
                patched.setattr(column_cases, "_ITEMS_PER_CASE", 0)  # not all items are gathered
                counts.append(count_facets(CASES, CASES.filterset(query), query))
        assert counts == [counts[0]] * 4, address
    settings.COLUMN_ENGINE = True  # type: ignore[attr-defined]
    query = QueryDict("sex=male&sex=female")
    for near, least in ((1, 1), (50, 3)):
        of_some = count_facets(CASES, CASES.filterset(query), query, Limits(counted=3, many=1, enough=3, near=near))
        assert of_some.capped
        assert least <= sum(of_some.counts["state"].values()) <= 3


def test_a_child_of_a_process_that_counts_does_not_crash(people: People, folder: Path) -> None:
    """A worker tries doubtful letters in children: what the library leaves them of its threads must not be closed."""
    stored_world(random.Random(6), 3)
    keeping.keep_columns()
    for _ in range(3):
        assert overturned() == ItemFact.objects.filter(overturned=True).count()
        assert not crashes(gc.collect, seconds=30)


def test_pages_are_the_same_by_column(
    people: People,
    folder: Path,
    settings: object,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:
    stored_world(random.Random(5), 12)
    keeping.keep_columns()
    for sort in ITEMS.orders:
        query = QueryDict(f"sort={sort}&sex=male&sex=female")
        listed = ITEMS.list_query(ITEMS.filterset(query), query)
        cursors = [
            cursor_at(fact, listed.order, forward=forward)
            for fact in ItemFact.objects.all()[::4]
            for forward in (True, False)
        ]
        for cursor in [None, *cursors]:
            forward = cursor is None or cursor.forward
            by_column = item_keys(listed, cursor, 5, forward=forward)
            assert by_column == keys_from(listed, cursor, 5, forward=forward), (sort, cursor)
        assert item_keys(listed, None, 5, forward=False) == keys_from(listed, None, 5, forward=False)
        with one_snapshot() as engine:
            assert engine.lists_by_column(parse_selection(query).selection)
    with_grounds = ItemFact.objects.exclude(grounds=[])
    for items in (with_grounds, with_grounds.filter(overturned=True, grounds__overlap=["criteria_met"])):
        with one_snapshot() as engine:
            named = newest_items(engine, items, 5)
            assert not named.query.is_sliced  # by column
            assert list(named) == list(newest_items(SqlEngine(), items, 5))
            assert named
    settings.COLUMN_LISTS_FROM = ItemFact.objects.count() + 1  # type: ignore[attr-defined]
    with one_snapshot() as engine:
        assert not engine.lists_by_column(parse_selection(query).selection)
    settings.COLUMN_LISTS_FROM = 0  # type: ignore[attr-defined]
    compare_pages_of_cases(monkeypatch, django_assert_num_queries)


def compare_pages_of_cases(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    """Pages and counts of cases by column are those of PostgreSQL, also of letters without items or dates."""
    first, second, third = Case.objects.current().filter(item_count__gt=1).order_by("pk")[:3]
    for case in (first, second):
        ItemFact.objects.filter(case=case).delete()
        Case.objects.filter(pk=case.pk).update(item_count=0, sex="male")
    for case in (second, third):
        Case.objects.filter(pk=case.pk).update(decision_date=None)
        ItemFact.objects.filter(case=case).update(decision_date=None)
    for address, items_per_case in (
        ("sex=male&sex=female", 4), ("sex=male", 0), ("decision=upheld&category=Pharmaceuticals", 4),
        ("decision=upheld&sex=female&sort=decided", 0), ("decision=upheld&by_item=yes&sort=decided", 4),
        ("decided_from=2014-01-01&decided_to=2016-12-31", 0), ("problem=date_order", 4), ("q=knee", 4),
    ):  # fmt: skip
        monkeypatch.setattr(column_cases, "_ITEMS_PER_CASE", items_per_case)  # 0: never all are gathered
        query = QueryDict(address)
        filterset = CASES.filterset(query)
        listed, find, by_items = CASES.list_query(filterset, query), FindCases(filterset), filterset.as_items()
        assert (by_items is None) == address.startswith(("problem", "q="))
        cases = [second, third, *Case.objects.current()[::18]]
        cursors = [cursor_at(case, listed.order, forward=forward) for case in cases for forward in (True, False)]
        for cursor in [None, Cursor(None, 0, forward=False), *cursors]:
            forward = cursor is None or cursor.forward
            with monkeypatch.context() as patched:
                if by_items is not None:
                    patched.delattr(column_cases, "keys_from")  # PostgreSQL reads nothing but cases without items
                by_column = find(listed, cursor, 3, forward=forward)
            assert by_column == keys_from(listed, cursor, 3, forward=forward), (address, cursor)
        if by_items is not None:
            with django_assert_num_queries(5):  # a snapshot, what the file is, cases without items
                find(listed, None, 3, forward=True)


def test_a_correction_and_an_erasure_count_at_once(people: People, folder: Path) -> None:
    stored_world(random.Random(9), 10)
    keeping.keep_columns()
    fact = ItemFact.objects.exclude(overturned=None).order_by("pk")[0]
    decision = "upheld" if fact.overturned else "overturned"
    before = overturned()
    path = f"items/{fact.item.number}/decision"
    correct_field(fact.case_id, path, decision, by=people.admin, now=NOW, reason="misread")
    assert overturned() == before + (1 if decision == "overturned" else -1)
    assert keeping.keep_columns() is None  # one change waits
    remove_letters([fact.case_id])
    assert overturned() == ItemFact.objects.filter(overturned=True).count()
    written = keeping.keep_columns(at_once=True)
    assert written is not None
    assert written.items == ItemFact.objects.count()
    assert not FactLog.objects.exists()
    with duckdb.connect(str(folder / written.name), read_only=True) as file:
        kept = file.execute(
            "SELECT count(*) FROM determinations_itemfact WHERE case_id = ?", [fact.case_id]
        ).fetchone()
    assert kept == (0,)


def test_an_answer_that_another_thread_drops_is_not_an_empty_one(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DroppedAfterEachUse:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *_details: object) -> None:
            if drops:
                cached_answers.answers.clear()

    stored_world(random.Random(9), 3)
    keeping.keep_columns()
    some, drops = Selection(ItemFact.objects.exclude(sex="unknown"), whole_letters=True), False
    monkeypatch.setattr(cached_answers, "lock", DroppedAfterEachUse())
    with one_snapshot():
        engine = SqlEngine(reading.ColumnReader())
        counted = engine.count_sections(some)
        drops = True
        assert engine.count_sections(some) == counted
    assert counted


def test_a_version_that_cannot_be_made_leaves_nothing_in_memory(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(9), 3)
    keeping.keep_columns()
    fails = iter([True, False])

    def copy_rows(*details: object) -> int:
        if next(fails):
            raise duckdb.OutOfMemoryException
        return 0

    with monkeypatch.context() as patched, one_snapshot():
        patched.setattr(TableLayout, "copy_rows", copy_rows)
        assert reading.ColumnReader().columns() is None
    assert reading.process.file is not None
    schemas = reading.process.file.connection.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()
    assert not [name for (name,) in schemas if name.startswith("version")]
    with one_snapshot():
        assert reading.ColumnReader().columns() is not None


def test_a_file_is_written_again_the_later_the_larger_it_is() -> None:
    def is_time(items: int, changed: int, seconds: int) -> bool:
        row = keeping._Row("name", "", True, items, True, 1, NOW, NOW + timedelta(seconds=seconds))
        return row.is_time_for(Changes("", "", changed, duckdb.connect()))

    assert [is_time(10, changed, seconds) for changed, seconds in ((0, 999), (1, 119), (1, 120), (2_000, 1))] == [
        False, False, True, True,
    ]  # fmt: skip
    assert [is_time(3_600_000, changed, seconds) for changed, seconds in ((2_000, 179), (2_000, 180))] == [False, True]


def test_changes_are_not_read_before_it_is_time_for_a_large_file(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(9), 3)
    keep_column_file()
    ItemFact.objects.update(sex="female")
    ColumnFile.objects.update(items=36_000_000)
    with monkeypatch.context() as patched:
        patched.delattr(keeping, "read_changes")
        assert keeping.keep_columns() is None
    FactLog.objects.create(transaction=2**60, items=None)  # the file answers nothing any longer
    written = keeping.keep_columns()
    assert written is not None
    assert not written.merged
    FactLog.objects.all().delete()
    ColumnFile.objects.update(items=36_000_000)
    ItemFact.objects.update(sex="male")
    written = keeping.keep_columns(at_once=True)
    assert written is not None
    assert written.merged


def test_other_dates_of_editions_need_another_file(people: People, folder: Path) -> None:
    stored_world(random.Random(8), 6)
    keeping.keep_columns()
    EditionValidity.objects.update(valid_to=date(2015, 1, 1))
    with one_snapshot() as engine:
        assert reading.ColumnReader().columns() is None
        counted = engine.count_edition_statuses(Selection.everything())
    assert "other dates of editions" in column_file().what
    assert keeping.keep_columns() is not None
    cached_answers.answers.clear()
    with one_snapshot():
        by_column = SqlEngine(reading.ColumnReader()).count_edition_statuses(Selection.everything())
    assert sorted(by_column) == sorted(counted)
    assert "superseded" in {group.raw[1] for group in by_column}


def overturned() -> int:
    """How many items were overturned, counted by column."""
    cached_answers.answers.clear()
    with one_snapshot():
        reader = Compared()
        groups = SqlEngine(reader).count_items(Selection.everything(), ["decision_year"])
        assert reader.columns() is not None
    return sum(group.overturned for group in groups)


def test_without_a_readable_file_postgresql_counts_and_the_status_page_says_so(
    people: People, folder: Path, settings: object
) -> None:
    def finding(words: str) -> None:
        with one_snapshot():
            assert reading.ColumnReader().columns() is None
        found = column_file()
        assert found.level == Level.WARNING
        assert words in found.what
        assert "PostgreSQL counts" in found.what

    stored_world(random.Random(2), 6)
    finding("No column file")
    keep_column_file()
    assert column_file().level == Level.OK
    file = folder / ColumnFile.objects.get().name
    with one_snapshot(), within(Scope(offices=(1,))):
        assert reading.ColumnReader().columns() is None  # limited accounts are answered by PostgreSQL
    for column in ("layout", "database"):
        here = getattr(ColumnFile.objects.get(), column)
        ColumnFile.objects.update(**{column: "elsewhere"})
        finding("another database or program")
        ColumnFile.objects.update(**{column: here})
    FactLog.objects.create(transaction=2**60, items=None)
    finding("stale")
    FactLog.objects.all().delete()
    file.write_bytes(file.read_bytes()[:5_000] + bytes(file.stat().st_size - 5_000))
    reading.process.close()
    with one_snapshot():
        rows = reading.ColumnReader().rows(
            "SELECT count(*) FROM determinations_citationfact WHERE side = %s", ("claims",)
        )
    assert rows is None
    finding("damaged")
    keep_column_file()
    reading.process.close()
    assert column_file().level == Level.OK
    (folder / ColumnFile.objects.get().name).unlink()
    finding("missing")
    (folder / "facts-killed.columns.unfinished").write_bytes(b"")  # of a writer that was killed
    call_command("build_columns")
    assert column_file().level == Level.OK
    assert not list(folder.glob("*.unfinished"))
    settings.COLUMN_ENGINE = False  # type: ignore[attr-defined]
    assert "is off" in column_file().what


@pytest.mark.parametrize(
    ("sql", "parameters", "expected"),
    [
        ("age = ANY(%s::smallint[])", ["{3,4}"], ("age IN (3,4)", [])),
        ("age = ANY(%s::smallint[])", ["{}"], ("false", [])),
        ("x = %s AND \"f\".\"a\" @> (ARRAY[%s, %s])::varchar(9)[]", [True, "b", "c"],
         ("x = ? AND (list_contains(\"f\".\"a\", ?) AND list_contains(\"f\".\"a\", ?))", [True, "b", "c"])),
        ('"t"."specialties" @> ARRAY[%s]::varchar[]', ['a "b" \\\n'],
         ("(contains(',' || substr(\"t\".\"specialties_key\", 2), ?))", [',"a \\"b\\" \\\\\\n"'])),
        ('grounds @> ARRAY[%s]::varchar[]', [","], ("(list_contains(grounds, ?))", [","])),
        ("claims_authority_ids @> ARRAY[%s::smallint]", [3],
         ("(contains(replace(replace(claims_authority_ids_key, '[', ','), ']', ','), ?))", [",3,"])),
        ("width_bucket(d, %s::date[])", [[date(2015, 1, 2)]],
         ("CASE WHEN d IS NULL THEN NULL WHEN d < DATE '2015-01-02' THEN 0 ELSE 1 END", [])),
        ("EXISTS(SELECT 1 LIMIT 1) GROUP BY grounds", [], ("EXISTS(SELECT 1) GROUP BY grounds_key", [])),
        ("FROM determinations_case", [], None),
        ("determinations_item_words(item_id) @@ %s", ["x"], None),
        ("age = ANY(%s::smallint[])", ["{1); DROP TABLE x}"], None),
        ("name LIKE %s", ["x"], None),
        ("d >= %s", [object()], None),
    ],
)  # fmt: skip
def test_statements_are_translated_or_refused(
    sql: str, parameters: list[object], expected: tuple[str, list[object]] | None
) -> None:
    if expected is None:
        with pytest.raises(NotInColumns):
            translate(sql, parameters)
    else:
        assert translate(sql, parameters) == expected

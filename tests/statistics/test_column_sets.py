"""The sets of column files tell the same items, and name them in the same order, as PostgreSQL."""

import random
import time
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import numpy
import pytest
from django.db.models.sql.where import WhereNode
from django.http import QueryDict
from pyroaring import BitMap

from determinations.browsing.column_keys import item_keys
from determinations.browsing.lists import ITEMS
from determinations.browsing.selection import parse_selection
from determinations.cases.facts import replace_facts
from determinations.models import Authority, Case, DisputedItem, ItemFact
from determinations.paging.filtered import keys_from
from determinations.paging.keyset import cursor_at
from determinations.statistics.columns import bits, keeping, reading, selected
from determinations.statistics.columns.reading import Columns
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from tests.fixtures.people import People
from tests.statistics.by_column import Compared
from tests.statistics.worlds import AUTHORITIES, random_event, stored_world

pytestmark = pytest.mark.django_db(transaction=True)

#: Filters that the sets tell, and filters that only a statement tells.
_TOLD = (
    "sex=male", "sex=unknown", "age=40-49&age=70-over", "age=unknown", "age=known", "decision=upheld",
    "decision=unknown&outcome=upheld", "category=Pharmaceuticals&decision=upheld&state=parsed",
    "reviewer_authority=mtus/chronic-pain&reviewer_authority=odg/pain", "claims_family=mtus&reviewer_family=none",
    "specialty=Neurology", "licensure=California", "licensure=unknown", "problem=date_order&problem=no_rationale",
    "also_ground=criteria_met", "ground=unknown", "region=unknown", "partly_approved=no", "same_guideline=yes",
    "decided_from=2014-06-01", "decided_to=2015-12-31", "decided_from=2014-06-01&decided_to=2016-01-31&sex=male",
    "decided_from=2016-01-01&decided_to=2014-01-01", "undated=decided", "undated=decided&sex=female", "category=none",
    "claims_without=mtus", "sex=male&sex=female&rest_of=decision%3Dupheld%26sex%3Dmale", "corrected=yes",
    "also_claims_authority=mtus/chronic-pain", "specialty=nobody", "outcome=nothing",
)  # fmt: skip
_BY_STATEMENT = (
    "denied_from=2014-01-01", "claims_standing=current", "letter=1,2,3", "several_items=yes", "claim_age=0-1",
    "reviewer_edition=odg/pain@2015", "undated=denied&sex=male", "days_from_denial=31-60",
)  # fmt: skip


def told(address: str) -> tuple[list[int], list[int]]:
    """The items that pass filters, and the cases with one, by column."""
    filterset = ITEMS.filterset(QueryDict(address))
    with one_snapshot() as engine:
        known = engine.items_by_column(Selection(filterset.qs, whole_letters=False))
    assert known is not None
    by_place = [
        (place, ids)
        for order in known.facts.orders
        for place, ids in enumerate(zip(order.item_ids, order.case_ids, strict=True), order.start)
    ]
    ids = dict(by_place)
    return sorted(ids[place][0] for place in known.items), sorted(ids[place][1] for place in known.cases)


def compare(address: str) -> None:
    """What the sets tell is what PostgreSQL selects."""
    rows = ITEMS.filterset(QueryDict(address)).qs
    items, cases = told(address)
    assert items == sorted(rows.values_list("pk", flat=True)), address
    assert cases == sorted(set(rows.values_list("case_id", flat=True))), address


def test_sets_tell_the_items_of_filters_while_letters_change(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(21)
    stored_world(chance, 25)
    undated = Case.objects.current().filter(item_count__gt=0).order_by("pk")[:3]
    for case in undated:
        Case.objects.filter(pk=case.pk).update(decision_date=None)
        ItemFact.objects.filter(case=case).update(decision_date=None)
    keeping.keep_columns()
    for round_ in range(8):
        with monkeypatch.context() as patched:
            patched.delattr(Columns, "_ids")
            for address in _TOLD:
                compare(address)
        for address in _BY_STATEMENT:
            compare(address)
        for _ in range(3 * (round_ + 1)):
            random_event(chance, people.admin)
        if round_ == 4:
            keeping.keep_columns(at_once=True)


def test_pages_of_items_follow_their_ids_within_a_day(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of items that were added to their case late, and without a date."""
    chance = random.Random(22)
    stored_world(chance, 15)
    days = list(ItemFact.objects.exclude(decision_date=None).values_list("decision_date", flat=True)[:2])
    for case in Case.objects.current().order_by("pk"):
        day = chance.choice([*days, None])
        Case.objects.filter(pk=case.pk).update(decision_date=day)
        ItemFact.objects.filter(case=case).update(decision_date=day)
    keeping.keep_columns()
    for _ in range(4):
        for address in ("sex=male&sex=female&sex=unknown", "sort=decided&sex=male", "decision=upheld"):
            query = QueryDict(address)
            listed = ITEMS.list_query(ITEMS.filterset(query), query)
            facts = ItemFact.objects.all()[::3]
            cursors = [cursor_at(fact, listed.order, forward=forward) for fact in facts for forward in (True, False)]
            for cursor in [None, *cursors]:
                forward = cursor is None or cursor.forward
                for size in (2, 7):
                    by_column = item_keys(listed, cursor, size, forward=forward)
                    assert by_column == keys_from(listed, cursor, size, forward=forward), (address, cursor)
            assert item_keys(listed, None, 5, forward=False) == keys_from(listed, None, 5, forward=False)
        random_event(chance, people.admin)
        if _ == 2:  # so many items of a day are sorted by the engine
            monkeypatch.setattr(selected, "MOST_OF_A_DAY", 1)


def test_a_file_has_sets_of_every_value_of_every_column(people: People, folder: Path, settings: Any) -> None:
    stored_world(random.Random(23), 10)
    keeping.keep_columns()
    with one_snapshot() as engine:
        everything = engine.items_by_column(Selection.everything())
    assert everything is not None
    assert all(everything.has(column.name) for column in bits.COLUMNS)
    for column in bits.COLUMNS:
        values = everything.values(column.name)
        if not column.element:
            numbers = [everything.count(column.name, [value], of_cases=False) for value in values]
            assert sum(numbers) == ItemFact.objects.count()
        assert everything.count(column.name, list(values), of_cases=True) <= Case.objects.current().count()


class FailingEngine:
    """An engine whose memory runs out at one of the rows that are written."""

    def __init__(self, engine: Any, table: str, nth: int, error: type[Exception]) -> None:
        self.engine, self.table, self.left, self.error = engine, table, nth, error

    def execute(self, sql: str, *parameters: Any) -> duckdb.DuckDBPyConnection:
        if f"INSERT INTO file.{self.table} " in sql:
            self.left -= 1
            if self.left == 0:
                raise self.error
        return self.engine.execute(sql, *parameters)


@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, MemoryError])
def test_a_column_has_the_sets_of_all_its_values_or_none_wherever_memory_runs_out(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    stored_world(random.Random(24), 10)
    keeping.keep_columns()
    with one_snapshot() as engine:
        whole = engine.items_by_column(Selection.everything())
    assert whole is not None
    make: Any = bits._Writer.__init__
    monkeypatch.setattr(bits, "_BYTES_AT_ONCE", 1)  # a statement for each set
    for nth in (2, 5, 9, 20, 33, 60):
        with monkeypatch.context() as patched:
            patched.setattr(
                bits._Writer,
                "__init__",
                lambda writer, engine: make(writer, FailingEngine(engine, bits.BITS, nth, error)),  # noqa: B023 - called within the round
            )
            keeping.keep_columns(anew=True)
        with one_snapshot() as engine:
            known = engine.items_by_column(Selection.everything())
        if known is not None:
            have = [column.name for column in bits.COLUMNS if known.has(column.name)]
            assert len(have) == len(bits.COLUMNS) - 1, nth
            assert all(known.values(name) == whole.values(name) for name in have), nth
            for address in ("", "sex=male", "decision=upheld"):
                compare(address)


@pytest.mark.parametrize("table", [bits.IDS, bits.DAYS])
def test_without_memory_for_the_order_of_lists_there_are_no_sets(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    stored_world(random.Random(24), 5)
    make: Any = bits._Writer.__init__
    nth = 2 if table == bits.IDS else 1
    monkeypatch.setattr(
        bits._Writer,
        "__init__",
        lambda writer, engine: make(writer, FailingEngine(engine, table, nth, duckdb.OutOfMemoryException)),
    )
    assert keeping.keep_columns() is not None
    assert "not counted in advance: memory ran out" in caplog.text
    with one_snapshot() as engine:
        assert engine.items_by_column(Selection.everything()) is None


def test_the_reason_why_a_column_has_no_sets_is_logged(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    caplog.set_level("INFO", "determinations.statistics.columns.bits")
    stored_world(random.Random(24), 5)
    with monkeypatch.context() as patched:
        patched.setattr(bits, "MOST_VALUES", 1)
        keeping.keep_columns()
    assert "by sex in advance: it has over 1 values" in caplog.text
    write = bits._Writer.write

    def with_little(writer: bits._Writer, left: int) -> None:
        writer.left = left
        write(writer)

    with monkeypatch.context() as patched:
        items = ItemFact.objects.count()
        patched.setattr(bits._Writer, "write", lambda writer: with_little(writer, 8 * items + 500))
        keeping.keep_columns(anew=True)
    assert "in advance: the sets would take more than half of COLUMN_MEMORY_MB" in caplog.text
    compare("sex=male")
    with monkeypatch.context() as patched:
        patched.setattr(bits._Writer, "write", lambda writer: with_little(writer, 8 * items))
        keeping.keep_columns(anew=True)
    with one_snapshot() as engine:  # without the items after others of their case, cases could not be counted
        assert engine.items_by_column(Selection.everything()) is None


def test_places_are_found_by_id_in_memory_for_the_items_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = array("I", [900, 7, bits.MOST_ID, 12])
    file = bits.Sets(bits.Order([1] * 4, ids))
    now = bits.Sets(bits.Order([1, 2], [2**40, 5], start=4))
    facts = selected.PlacedFacts(file, selected.ChangedItems(BitMap([1]), now))
    monkeypatch.setattr(numpy, "full", None)
    asked = numpy.array([-1, 0, 5, 7, 8, 12, 900, bits.MOST_ID, bits.MOST_ID + 8, 2**40, 2**41])
    assert facts.places_of(asked) == BitMap([0, 2, 3, 4, 5])
    assert facts.places_of(asked[:0]) == BitMap()
    assert sum(part.nbytes for part in file.by_id) == 8 * len(ids)
    assert selected.PlacedFacts(bits.Sets(bits.Order((), ()))).places_of(asked) == BitMap()


@pytest.mark.parametrize("error", [MemoryError, duckdb.OutOfMemoryException])
def test_postgresql_answers_if_memory_runs_out(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    stored_world(random.Random(25), 5)
    keeping.keep_columns()
    query = QueryDict("letter=1,2,3")
    listed = ITEMS.list_query(ITEMS.filterset(query), query)

    def without_memory(*_args: Any, **_options: Any) -> None:
        raise error

    for owner, name in ((selected.PlacedFacts, "places_of"), (Columns, "rows"), (reading.OpenFile, "at")):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, without_memory)
            assert item_keys(listed, None, 3, forward=True) == keys_from(listed, None, 3, forward=True)
    compare("letter=1,2,3")  # the file is read again


def test_sets_that_cannot_be_read_are_not_tried_again_for_each_request(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(26), 3)
    keeping.keep_columns()
    tries: list[int] = []

    def without_memory(_engine: duckdb.DuckDBPyConnection) -> None:
        tries.append(1)
        raise MemoryError

    monkeypatch.setattr(bits, "_read", without_memory)
    for _ in range(3):
        with one_snapshot() as engine:
            assert engine.items_by_column(Selection.everything()) is None
    assert len(tries) == 1


def test_one_thread_makes_the_sets_of_what_changed_and_the_others_wait(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(26), 5)
    keeping.keep_columns()
    ItemFact.objects.update(sex="female")
    made: list[int] = []
    make = selected.ChangedItems.of_version

    def slowly(*parameters: Any) -> selected.ChangedItems:
        made.append(1)
        time.sleep(0.2)
        return make(*parameters)

    monkeypatch.setattr(selected.ChangedItems, "of_version", slowly)
    with one_snapshot():
        columns = reading.ColumnReader().columns()
    assert columns is not None
    where = ItemFact.objects.filter(sex="female").query.where
    with ThreadPoolExecutor(4) as threads:
        several = list(threads.map(lambda _: columns.items_of(where, "", ()), range(4)))
    assert {len(known.items) for known in several if known is not None} == {ItemFact.objects.count()}
    assert len(several) == 4
    assert len(made) == 1


#: What the sets count by; of columns together, one may be a period.
_COUNTED = (
    ("category_id",), ("decision_month",), ("decision_year",), ("outcome",), ("body_region",), ("age",),
    ("partly_approved",), ("claims_families", "reviewer_families", "same_authority"), ("sex", "decision_year"),
    ("decision_month", "sex"), ("state", "decision_month", "corrected"),
)  # fmt: skip
#: The same by the elements of arrays.
_BY_ELEMENTS = (
    [("grounds",)], [("specialties",), ("licensure",)], [("claims_authority_ids",)],
    [("grounds",), ("category_id",), ("category_id", "grounds")],
    [("reviewer_authority_ids",), ("reviewer_authority_ids", "grounds")], [("decision_month", "grounds"), ("sex",)],
)  # fmt: skip
#: What only statements count by.
_NOT_COUNTED = (("grounds",), ("injury_year",), ("decision_month", "decision_year"), ("sex", "specialties"))


def test_items_and_letters_are_counted_by_sets_while_letters_change(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No statement of the column engine is asked for; ``Compared`` compares each answer with PostgreSQL's."""
    chance = random.Random(24)
    stored_world(chance, 30)
    undated = list(Case.objects.current().filter(item_count__gt=1).values_list("pk", flat=True)[:2])
    Case.objects.filter(pk__in=undated).update(decision_date=None)
    DisputedItem.objects.filter(case=undated[0]).update(decision="")
    replace_facts(set(undated))
    keeping.keep_columns()
    authorities = list(Authority.objects.filter(key__in=AUTHORITIES[:3]).values_list("pk", flat=True))
    for round_ in range(6):
        addresses = {"", *chance.sample(_TOLD, 6), "undated=decided", "decided_from=2014-06-01&decided_to=2016-01-31"}
        with monkeypatch.context() as patched:
            patched.delattr(Columns, "_ids")
            patched.delattr(Columns, "rows")
            for address in sorted(addresses, reverse=True):  # all items are told once the sets are read
                selection, told = parse_selection(QueryDict(address)).selection, Compared.told
                with one_snapshot():
                    engine = SqlEngine(Compared())
                    for columns in _COUNTED:
                        engine.count_items(selection, columns)
                    for groupings in _BY_ELEMENTS:
                        engine.count_elements(selection, groupings)
                    for pk in authorities:
                        engine.count_citing(selection, pk, ("category_id", "decision_month", "decision_year"))
                    engine.count_letters(selection)
                counts = len(_COUNTED) + len(_BY_ELEMENTS) + len(authorities) + 1
                assert Compared.told == told + counts, address
        with one_snapshot():
            reader = Compared()
            assert all(reader.tallies(selection, columns) is None for columns in _NOT_COUNTED)
        for _ in range(4 * (round_ + 1)):
            random_event(chance, people.admin)
        if round_ == 3:
            keeping.keep_columns(at_once=True)


def test_a_page_tells_its_selection_once_and_its_counts_alone_read_no_sets_of_all_items(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(25), 10)
    keeping.keep_columns()
    told: list[WhereNode] = []
    own = Columns.told_by_sets

    def noted(columns: Columns, where: WhereNode) -> SelectedItems:
        told.append(where)
        return own(columns, where)

    monkeypatch.setattr(Columns, "told_by_sets", noted)
    with one_snapshot():
        reader = Compared()
        assert reader.tallies(Selection.everything(), ["sex"]) is None
        told.clear()
        males = parse_selection(QueryDict("sex=male")).selection
        SqlEngine(reader).precompute(males, [("category_id",), ("decision_month",), ("specialties",)])
        SqlEngine(reader).count_letters(males)
        assert len(told) == 1
        assert reader.tallies(Selection.everything(), ["sex"])


def test_many_changed_items_are_placed_for_lists_alone(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(26)
    stored_world(chance, 10)
    keeping.keep_columns()
    monkeypatch.setattr(reading, "FEW_CHANGED", 0)
    males = parse_selection(QueryDict("sex=male")).selection
    with one_snapshot():
        assert Compared().tallies(males, ["sex"]) is not None
    for _ in range(5):
        random_event(chance, people.admin)
    with one_snapshot():
        reader = Compared()
        columns = reader.columns()
        assert columns is not None
        assert columns.changed
        assert reader.tallies(males, ["sex"]) is None
        assert SqlEngine(reader).items_by_column(males) is not None
        assert reader.tallies(males, ["sex"]) is not None

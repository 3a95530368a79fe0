"""Statistics are counted from sets of column files, exactly as PostgreSQL counts them."""

import random
from pathlib import Path

import pytest
from django.db.models.sql.where import WhereNode
from django.http import QueryDict

from determinations.browsing.selection import parse_selection
from determinations.models import ItemFact
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import keeping, reading, tallies, version
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.version import Columns
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from tests.fixtures.people import People
from tests.statistics.by_column import Compared
from tests.statistics.worlds import random_event, stored_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[WhereNode]:
    """The conditions that sets are asked to tell, as they are asked."""
    asked: list[WhereNode] = []
    own = Columns.told_by_sets

    def noted(columns: Columns, where: WhereNode) -> SelectedItems:
        asked.append(where)
        return own(columns, where)

    monkeypatch.setattr(Columns, "told_by_sets", noted)
    return asked


def test_a_page_tells_its_selection_once_and_its_counts_alone_read_no_sets_of_all_items(
    world: None, told: list[WhereNode]
) -> None:
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
    world: None, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(26)
    monkeypatch.setattr(version, "FEW_CHANGED", 0)
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


def test_what_sets_cannot_tell_is_refused_once_and_without_reading_them(world: None, told: list[WhereNode]) -> None:
    untold = Selection(ItemFact.objects.filter(case_items=1), whole_letters=True)
    with one_snapshot():
        reader = Compared()
        engine = SqlEngine(reader)
        for columns in (["category_id"], ["sex"]):
            assert engine.count_items(untold, columns) == SqlEngine().count_items(untold, columns)
        assert engine.count_letters(untold)
        columns_of_version = reader.columns()
        assert columns_of_version is not None
        assert (len(told), columns_of_version.sets.is_read) == (1, False)
        assert reader.tallies(Selection.everything(), ["sex"]) is None
        assert reader.tallies(parse_selection(QueryDict("sex=male")).selection, ["sex"]) is not None
        assert reader.tallies(Selection.everything(), ["sex"]) is not None  # refused by the state of the process alone


def test_no_grouping_is_counted_if_another_has_too_many_groups(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    everything, groupings = Selection.everything(), [("grounds",), ("sex", "grounds")]
    with one_snapshot():
        reader = Compared()
        assert reader.tallies(parse_selection(QueryDict("sex=male")).selection, ["sex"])  # which reads the sets
        assert reader.elements(everything, groupings) is not None
        grounds = reader.of_all(lambda every: [(len(every.facts.value_sets("grounds")),)])
        assert grounds is not None
        monkeypatch.setattr(tallies, "MOST_GROUPS", grounds[0][0])  # fewer than both columns have together
        monkeypatch.delattr(tallies.Decided, "count_among")
        assert reader.elements(everything, groupings) is None


def test_columns_without_any_value_are_told(people: People, folder: Path) -> None:
    stored_world(random.Random(31), 5)
    ItemFact.objects.update(problem_codes=[], grounds=[])
    keeping.keep_columns()
    with one_snapshot():
        reader = Compared()
        males = parse_selection(QueryDict("sex=male")).selection
        told = reader.elements(males, [("grounds",), ("problem_codes",)])
        assert told is not None
        assert {raw for number, raw, *_counts in told if number != -1} == {((),)}
        assert reader.tallies(parse_selection(QueryDict("ground=criteria_met")).selection, ["sex"]) == []


def test_editions_are_told_from_an_answer_that_is_kept(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers count the statuses of all editions in advance, by a statement."""
    everything = Selection.everything()
    with one_snapshot():
        counted = SqlEngine(Compared()).count_edition_statuses(everything)
    with one_snapshot():
        reader = Compared()
        assert reader.tallies(parse_selection(QueryDict("sex=male")).selection, ["sex"])  # which reads the sets
        monkeypatch.delattr(reading.ColumnReader, "editions")
        engine = SqlEngine(reader)
        assert engine.count_edition_statuses(everything) == counted
        kept = engine.count_editions(everything)
    cached_answers.answers.clear()
    assert sorted(kept, key=repr) == sorted(SqlEngine().count_editions(everything), key=repr)


def test_many_groups_are_left_to_statements(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    males = parse_selection(QueryDict("sex=male")).selection
    monkeypatch.setattr(tallies, "MOST_GROUPS", 2)
    with one_snapshot():
        reader = Compared()
        assert reader.tallies(males, ["category_id"]) is None
        assert reader.elements(males, [("category_id", "grounds")]) is None
        engine, oracle = SqlEngine(reader), SqlEngine()
        by_column = engine.count_elements(males, [("category_id", "grounds")])
        cached_answers.answers.clear()
        assert repr(by_column.total) == repr(oracle.count_elements(males, [("grounds",)]).total)
        assert sorted(by_column.groups[0], key=repr) == sorted(
            oracle.count_elements(males, [("category_id", "grounds")]).groups[0], key=repr
        )


def test_elements_are_told_from_an_answer_that_is_kept(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers count all items in advance, by whole arrays."""
    everything = Selection.everything()
    with one_snapshot() as engine:
        engine.count_items(everything, ("grounds",))
        monkeypatch.delattr(reading.ColumnReader, "elements")
        kept = engine.count_elements(everything, [("grounds",)])
    cached_answers.answers.clear()
    assert sorted(kept.groups[0], key=repr) == sorted(
        SqlEngine().count_elements(everything, [("grounds",)]).groups[0], key=repr
    )

"""Statistics are counted from sets of column files, exactly as PostgreSQL counts them."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db.models.sql.where import WhereNode
from django.http import QueryDict

from determinations.browsing.selection import parse_selection
from determinations.cases.facts import replace_facts
from determinations.models import Authority, Case, DisputedItem, ItemFact
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import combinations, keeping, reading, selected, tallies, version
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.version import Columns
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from tests.fixtures.people import People
from tests.statistics.by_column import TOLD, Compared
from tests.statistics.worlds import AUTHORITIES, random_event, stored_world

pytestmark = pytest.mark.django_db(transaction=True)

#: What the sets count by; of columns together, one may be a period.
_COUNTED = (
    ("category_id",), ("decision_month",), ("decision_year",), ("outcome",), ("body_region",), ("age",),
    ("partly_approved",), ("claims_families", "reviewer_families", "same_authority"), ("sex", "decision_year"),
    ("decision_month", "sex"), ("state", "decision_month", "corrected"), ("days_from_denial",), ("injury_year",),
    ("claim_age", "sex"), ("age", "sex", "decision_month"), ("category_id", "sex"),
)  # fmt: skip
#: The same by the elements of arrays.
_BY_ELEMENTS = (
    [("grounds",)], [("specialties",), ("licensure",)], [("claims_authority_ids",)],
    [("grounds",), ("category_id",), ("category_id", "grounds")],
    [("reviewer_authority_ids",), ("reviewer_authority_ids", "grounds")], [("decision_month", "grounds"), ("sex",)],
)  # fmt: skip
#: So many newest items are asked for.
_NEWEST = (1, 7, 20, 10_000)
#: What only statements count by.
_NOT_COUNTED = (("grounds",), ("case_items",), ("decision_month", "decision_year"), ("sex", "specialties"))


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
    monkeypatch.setattr(combinations, "in_background", lambda work: work())
    authorities = list(Authority.objects.filter(key__in=AUTHORITIES[:3]).values_list("pk", flat=True))
    combined, own = set[tuple[str, ...]](), combinations.Combinations.rows

    def noted(by: combinations.Combinations, counts: Any, columns: Sequence[str]) -> Any:
        combined.add(tuple(columns))
        return own(by, counts, columns)

    monkeypatch.setattr(combinations.Combinations, "rows", noted)
    for events, written in ((0, True), (12, False), (28, True), (20, False)):
        for _ in range(events):
            random_event(chance, people.admin)
        if written:
            keeping.keep_columns(at_once=True)
        combined.clear()
        addresses = {"", *chance.sample(TOLD, 6), "undated=decided", "decided_from=2014-06-01&decided_to=2016-01-31"}
        with monkeypatch.context() as patched:
            patched.delattr(Columns, "_ids")
            patched.delattr(Columns, "rows")
            # All items are told once the sets are read.
            for number, address in enumerate(sorted(addresses, reverse=True)):
                patched.setattr(combinations, "FEWEST_ITEMS", 0 if number % 2 else 200_000)
                patched.setattr(selected, "_MANY", 8 if number % 4 == 1 else 1)
                selection, told = parse_selection(QueryDict(address)).selection, Compared.told
                with one_snapshot():
                    engine = SqlEngine(Compared())
                    for columns in _COUNTED:
                        engine.count_items(selection, columns)
                    for groupings in _BY_ELEMENTS:
                        engine.count_elements(selection, groupings)
                    for pk in authorities:
                        engine.count_citing(selection, pk, ("category_id", "decision_month", "decision_year"))
                        engine.count_editions(selection, pk)
                    engine.count_editions(selection)
                    engine.count_edition_statuses(selection)
                    engine.count_letters(selection)
                    for most in _NEWEST:
                        assert engine.newest_by_sets(selection, most) is not None
                counts = len(_COUNTED) + len(_BY_ELEMENTS) + 2 * len(authorities) + 2 + len(_NEWEST)
                assert Compared.told == told + counts, address
        with one_snapshot():
            reader = Compared()
            assert all(reader.tallies(selection, columns) is None for columns in _NOT_COUNTED)
        assert combined == {
            ("category_id",), ("grounds",), ("category_id", "grounds"), ("body_region",), ("claims_authority_ids",),
            ("claims_families", "reviewer_families", "same_authority"), ("reviewer_authority_ids",),
        }  # fmt: skip


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
    people: People, folder: Path, told: list[WhereNode]
) -> None:
    stored_world(random.Random(25), 10)
    keeping.keep_columns()
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


def test_what_sets_cannot_tell_is_refused_once_and_without_reading_them(
    people: People, folder: Path, told: list[WhereNode]
) -> None:
    stored_world(random.Random(29), 10)
    keeping.keep_columns()
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


def test_no_grouping_is_counted_if_another_has_too_many_groups(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(30), 10)
    keeping.keep_columns()
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


def test_editions_are_told_from_an_answer_that_is_kept(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers count the statuses of all editions in advance, by a statement."""
    stored_world(random.Random(32), 10)
    keeping.keep_columns()
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


def test_many_groups_are_left_to_statements(people: People, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_world(random.Random(27), 10)
    keeping.keep_columns()
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


def test_elements_are_told_from_an_answer_that_is_kept(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers count all items in advance, by whole arrays."""
    stored_world(random.Random(28), 10)
    keeping.keep_columns()
    everything = Selection.everything()
    with one_snapshot() as engine:
        engine.count_items(everything, ("grounds",))
        monkeypatch.delattr(reading.ColumnReader, "elements")
        kept = engine.count_elements(everything, [("grounds",)])
    cached_answers.answers.clear()
    assert sorted(kept.groups[0], key=repr) == sorted(
        SqlEngine().count_elements(everything, [("grounds",)]).groups[0], key=repr
    )

"""Combinations of values, by which large selections are counted in one pass."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Thread

import pytest
from django.http import QueryDict
from pyroaring import BitMap

from determinations.browsing.selection import parse_selection
from determinations.statistics.columns import combinations
from determinations.statistics.columns.combinations import FileCombinations, combinations_of
from determinations.statistics.columns.placed import ChangedItems, PlacedFacts
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.sets.places import BitValue, Order, Sets
from determinations.statistics.interface import Sums
from determinations.statistics.sql_engine import one_snapshot
from tests.statistics.by_column import Compared
from tests.statistics.conftest import Failing

_PLACES = 500


@dataclass(frozen=True)
class Item:
    category: int
    grounds: tuple[str, ...]
    overturned: bool | None

    def raws(self, columns: tuple[str, ...]) -> set[tuple[object, ...]]:
        """The groups of columns that the item is in."""
        elements: list[tuple[str, ...]] = [(ground,) for ground in self.grounds] or [()]
        return {
            tuple({"category_id": self.category, "grounds": element}[column] for column in columns)
            for element in elements
        }


def _random_sets(chance: random.Random) -> tuple[Sets, list[Item]]:
    items = [
        Item(
            chance.randint(1, 4),
            tuple(sorted(chance.sample("abc", chance.randint(0, 3)))),
            chance.choice([None, True, False]),
        )
        for _ in range(_PLACES)
    ]

    def having(holds: Callable[[Item], bool]) -> BitMap:
        return BitMap(at for at, item in enumerate(items) if holds(item))

    sets: dict[str, dict[BitValue, BitMap]] = {
        "category_id": {number: having(partial(_is, "category", number)) for number in range(1, 5)},
        "grounds": {code: having(partial(_has_ground, code)) for code in "abc"},
        "overturned": {decision: having(partial(_is, "overturned", decision)) for decision in (None, True, False)},
    }
    return Sets(Order(range(_PLACES), range(_PLACES)), sets), items


def _is(name: str, value: object, item: Item) -> bool:
    return getattr(item, name) == value


def _has_ground(code: str, item: Item) -> bool:
    return code in item.grounds


@pytest.mark.parametrize("seed", range(5))
def test_each_selection_is_counted_as_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combinations, "_AT_ONCE", 1 + seed)
    monkeypatch.setattr(combinations, "_MOST_OF_A_BYTE", 2**8 if seed else 1)
    chance = random.Random(seed)
    sets, items = _random_sets(chance)
    made = combinations_of(sets, ("category_id", "grounds"))
    assert made is not None
    for share in (0, 0.01, 0.3, 0.6, 1):
        selected = BitMap(at for at in range(_PLACES) if chance.random() < share)
        counts = made.count(selected)
        for columns in (("category_id",), ("grounds",), ("category_id", "grounds"), ("grounds", "category_id")):
            expected = Sums()
            for item in (items[at] for at in selected):
                for raw in item.raws(columns):
                    expected.add(raw, 1, item.overturned is not None, item.overturned is True)
            rows = made.rows(counts, columns)
            assert sorted(rows, key=repr) == sorted(((*raw, *tally) for raw, tally in expected.items()), key=repr)


def test_combinations_tell_of_few_items_what_sets_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combinations, "FEWEST_ITEMS", 0)
    monkeypatch.setattr(combinations, "in_background", lambda work: work())
    chance = random.Random(9)
    file, now = _random_sets(chance)[0], _random_sets(chance)[0]
    changed = {
        name: {value: places.shift(_PLACES) for value, places in sets.items()} for name, sets in now.items.items()
    }
    later = Sets(Order(range(_PLACES), range(_PLACES), start=_PLACES), changed)
    facts = PlacedFacts(file, ChangedItems(BitMap(range(50)), later))
    for most in (_PLACES, 2 * _PLACES):
        selected = SelectedItems(facts, BitMap(chance.sample(range(50, most), 60)))
        for column in ("category_id", "grounds"):
            by_sets = {value: selected.count(column, (value,), of_cases=False) for value in selected.values(column)}
            assert selected.count_each(column) == {value: number for value, number in by_sets.items() if number}
    assert SelectedItems(facts, facts.everything).count_each("grounds") is None
    assert SelectedItems(facts, BitMap(range(50, 500))).count_each("grounds") is None


def test_too_many_combinations_or_columns_without_sets_are_left_to_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    sets, _items = _random_sets(random.Random(7))
    assert combinations_of(sets, ("category_id", "sex")) is None
    for name in ("_MOST", "_MOST_POSSIBLE"):
        with monkeypatch.context() as patched:
            patched.setattr(combinations, name, 3)
            assert combinations_of(sets, ("category_id", "grounds")) is None
    incomplete = Sets(sets.order, {**sets.items, "category_id": {1: sets.items["category_id"][1]}})
    assert combinations_of(incomplete, ("category_id", "grounds")) is None


def test_sets_tell_until_combinations_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    sets, _items = _random_sets(random.Random(8))
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(combinations, "in_background", waiting.append)
    of_file = FileCombinations()
    assert of_file.of(sets, ["category_id"]) is None  # a small file
    monkeypatch.setattr(combinations, "FEWEST_ITEMS", 0)
    assert of_file.of(sets, ["sex"]) is None
    assert of_file.of(sets, ["category_id"]) is None
    assert of_file.of(sets, ["grounds", "category_id"]) is None
    (work,) = waiting
    work()
    made = of_file.of(sets, ["grounds"])
    assert made is not None
    assert of_file.of(sets, ["category_id"]) is made


def test_one_thread_makes_what_is_asked_for_and_another_what_is_asked_for_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sets, _items = _random_sets(random.Random(8))
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(combinations, "in_background", waiting.append)
    monkeypatch.setattr(combinations, "FEWEST_ITEMS", 0)
    monkeypatch.setattr(combinations, "TOGETHER", (("category_id",), ("grounds",), ("sex",)))
    of_file = FileCombinations()
    assert [of_file.of(sets, [column]) for column in ("sex", "category_id")] == [None, None]
    waiting.pop()()
    assert not waiting
    assert of_file.of(sets, ["category_id"]) is not None
    assert of_file.of(sets, ["grounds"]) is None
    monkeypatch.setattr(combinations, "combinations_of", Failing(ValueError))
    waiting.pop()()
    assert of_file.of(sets, ["grounds"]) is None
    assert not waiting
    assert "could not be made" in caplog.text


def test_sets_tell_where_no_thread_can_be_started(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sets, _items = _random_sets(random.Random(8))
    monkeypatch.setattr(combinations, "FEWEST_ITEMS", 0)
    monkeypatch.setattr(Thread, "start", Failing(RuntimeError))
    of_file = FileCombinations()
    assert [of_file.of(sets, [column]) for column in ("grounds", "body_region", "grounds")] == [None] * 3
    assert "cannot be made" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_without_memory_sets_go_on_telling(
    world: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Failing(MemoryError)
    monkeypatch.setattr(combinations, "FEWEST_ITEMS", 0)
    monkeypatch.setattr(combinations, "combinations_of", failing)
    threads: list[Thread] = []
    own = combinations.in_background
    monkeypatch.setattr(combinations, "in_background", lambda work: threads.append(own(work)))
    with one_snapshot():
        reader = Compared()
        for _ in range(3):
            assert reader.tallies(parse_selection(QueryDict("sex=male")).selection, ["category_id"])
    (thread,) = threads
    thread.join(10)
    assert len(failing.calls) == 1
    assert "no memory" in caplog.text

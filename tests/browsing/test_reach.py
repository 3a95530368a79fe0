"""Words of many rows are found among those in reach of the page, whose order PostgreSQL reads."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.http import QueryDict
from pytest_django import DjangoDbBlocker

from determinations.browsing.lists import CASES, ITEMS, NEWEST, ListKind
from determinations.filters.matching import Told
from determinations.models import Case
from determinations.paging import filtered, looking, reach
from determinations.paging.counts import Count
from determinations.paging.keyset import Cursor
from determinations.paging.looking import look_through
from determinations.paging.reach import Rest, keys_in_reach
from tests.browsing.conftest import analyze, planned_by_bitmaps, within
from tests.browsing.test_filtered_lists import plainly, walk


@pytest.fixture(scope="module")
def _analyzed(_collection_ids: list[int], django_db_blocker: DjangoDbBlocker) -> None:
    """Analyzed once, since no test of this module replaces a row, which would leave entries in the indexes."""
    with django_db_blocker.unblock():
        analyze()


@pytest.fixture
def analyzed(_analyzed: None, collection: list[Case], monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    monkeypatch.setattr(reach, "_dead", lambda model: 0)
    return collection


@pytest.mark.parametrize(
    ("kind", "sort"),
    [(CASES, "-decided"), (CASES, "decided"), (ITEMS, "-decided"), (ITEMS, "denied"), (ITEMS, "-injured")],
)
@pytest.mark.parametrize("words", ["lumbar", "knee", "therapy -lumbar", "lumbar OR shoulder"])
def test_words_of_many_rows_are_found_among_those_in_reach_of_the_page(
    words: str, kind: ListKind, sort: str, analyzed: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def watched(*args: Any, **kwargs: Any) -> list[int] | None:
        used.append(keys_in_reach(*args, **kwargs))
        return used[-1]

    monkeypatch.setattr(filtered, "keys_in_reach", watched)
    monkeypatch.setattr(filtered, "expected", planned_by_bitmaps)
    monkeypatch.setattr(filtered, "_SURELY", 10**9)
    within(monkeypatch, 4)
    query = f"q={words.replace(' ', '+')}&sort={sort}"
    right = plainly(kind, QueryDict(query))
    assert walk(kind, query, "next_query", "", 3, 40, gathered=4, size=4) == (right, "3+")
    assert walk(kind, query, "previous_query", "before=end", 3, 40, gathered=4, size=4) == (right, "3+")
    assert any(used), "some pages were found so"
    assert None in used, "and those at the ends of the order were not"


def test_that_more_match_than_are_counted_is_told_by_the_entries_of_the_index(analyzed: list[Case]) -> None:
    query = QueryDict("q=lumbar")
    rows, rest = CASES.filterset(query).qs, Rest(NEWEST, None, forward=True)
    number, plan = rows.count(), planned_by_bitmaps(rows)
    assert plan.index == "case_found_by"
    newest = plainly(CASES, QueryDict("q=lumbar&sort=-decided"))
    assert keys_in_reach(rows, rest, plan, counted=number // 2, size=2, enough=2) is None, "the order ends before"
    cursor = replace(rest, cursor=Cursor(date(2999, 1, 1), 0))
    with pytest.MonkeyPatch.context() as patch:
        within(patch, 10)
        assert keys_in_reach(rows, cursor, plan, counted=number // 2 - 1, size=2, enough=2) == newest[:2]
        assert keys_in_reach(rows, cursor, plan, counted=number, size=2, enough=2) is None, "too few entries"
        by_year = CASES.filterset(QueryDict("q=lumbar&decided_from=2014-01-01")).qs
        of_year = planned_by_bitmaps(by_year)
        assert keys_in_reach(by_year, cursor, of_year, counted=1, size=2, enough=2) is None, "no single index"


def test_the_entries_are_counted_only_if_the_index_is_asked_for_all_filters(
    analyzed: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    within(monkeypatch, 10)
    rest = Rest(ITEMS.orders["-decided"], Cursor(date(2999, 1, 1), 0), forward=True)
    words = ITEMS.filterset(QueryDict("q=lumbar")).qs
    plan = planned_by_bitmaps(words)
    assert plan.index == "fact_found_by"
    assert keys_in_reach(words, rest, plan, counted=1, size=1, enough=1)
    # As if more were asked for when nothing but the words is read.
    of_category = replace(plan, asked=f"({plan.asked} AND (category = 'Surgery'::text))")
    assert keys_in_reach(words, rest, of_category, counted=1, size=1, enough=1) is None
    for category in ("Surgery", "Pharmaceuticals", "Diagnostic Testing"):
        query = QueryDict(f"q=lumbar&category={category.replace(' ', '+')}&claims_family=mtus")
        rows = ITEMS.filterset(query).qs
        number, plan = rows.count(), planned_by_bitmaps(rows)
        assert keys_in_reach(rows, rest, plan, counted=number + 1, size=1, enough=1) is None, category


def test_the_page_before_one_near_the_top_is_within_reach(
    analyzed: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = plainly(CASES, QueryDict("q=lumbar&sort=-decided"))
    rows = CASES.filterset(QueryDict("q=lumbar")).qs
    plan = planned_by_bitmaps(rows)
    within(monkeypatch, len(analyzed))
    pages = {}
    for at, case in enumerate(Case.objects.in_bulk(newest)[key] for key in newest):
        back = Rest(NEWEST, Cursor(case.decision_date, case.pk), forward=False)
        pages[at] = keys_in_reach(rows, back, plan, counted=3, size=2, enough=2)
    found = {at: keys for at, keys in pages.items() if keys is not None}
    assert found == {at: newest[:at][::-1][:2] for at in found}
    assert found, "where PostgreSQL reads both indexes"


def test_of_phrases_of_frequent_words_the_newest_candidates_are_read(
    analyzed: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    phrase = CASES.filterset(QueryDict('q="knee pain"'))
    by_index, by_texts = (phrase.words_told(told) for told in (Told.BY_INDEX, Told.BY_TEXTS))
    few = look_through(CASES.all_rows(), by_index, by_texts, NEWEST, most=2)
    monkeypatch.setattr(looking, "expected", planned_by_bitmaps)
    monkeypatch.setattr(looking, "COUNT_CAP", 2)
    within(monkeypatch, 15)
    many = look_through(CASES.all_rows(), by_index, by_texts, NEWEST, most=2)
    assert many.of_candidates
    assert many.keys == few.keys
    assert (many.candidates, many.all_read, many.count.capped) == (Count(2, capped=True), False, True)

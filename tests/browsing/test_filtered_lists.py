"""Lists give the same rows whichever way they are gathered: few, near the page, or far from it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import QueryDict

from determinations.browsing.facets import Limits, count_facets
from determinations.browsing.lists import CASES, ITEMS, LISTS, NEWEST, ListKind, page_and_count
from determinations.filters.matching import Told
from determinations.models import Case, ItemFact
from determinations.paging import filtered, looking, reach
from determinations.paging.counts import Count
from determinations.paging.filtered import ListQuery, keys_from, list_page
from determinations.paging.keyset import Cursor
from determinations.paging.looking import look_through
from determinations.paging.reach import Rest, keys_in_reach
from determinations.paging.sql import Expected, expected
from determinations.parsing.results import SIDES

RARE = "acupuncture"
FREQUENT = "pain"
FILTERS = [
    "",
    "decision=upheld",
    "decision=overturned&sex=female",
    "category=Pharmaceuticals&claims_family=mtus",
    "age=40-49&age=50-59",
    "reviewer_family=none",
    "decided_from=2015-01-01&decided_to=2016-06-30",
    "reviewer_section=a",
    f"q={RARE}",
    f"q={FREQUENT}",
    "q=%22medically+necessary%22",
    f"q={FREQUENT}&decision=upheld",
    f"q=-{RARE}",
    "region=no+such+region",
    "age=nonsense",
]
DECISIONS = {None: "unknown", True: "overturned", False: "upheld"}
SORTS = {"cases": ("-decided", "decided", "number", "-items"), "items": ("-decided", "denied", "-injured")}


def plainly(kind: ListKind, query: QueryDict) -> list[int]:
    """The keys of all rows in order, sorted here."""
    order = kind.orders[kind.sort_of(query)]
    values = [(row.pk, getattr(row, order.column)) for row in kind.filterset(query).qs]
    known = sorted((value, pk) for pk, value in values if value is not None)
    unknown = sorted(pk for pk, value in values if value is None)
    if order.descending:
        known.reverse()
        unknown.reverse()
    return [pk for _value, pk in known] + unknown


def walk(
    kind: ListKind, query: str, step: str, start: str, cap: int, near: int, *, gathered: int = 0, size: int = 25
) -> tuple[list[int], str]:
    """The keys that the pages show, one after the other, and the count that each page gives."""
    pages: list[list[int]] = []
    counts = set()
    address: str | None = f"{query}&{start}"
    while address is not None:
        page_query = QueryDict(address.lstrip("?"))
        listed = kind.list_query(kind.filterset(page_query), page_query)
        listed = replace(listed, cap=cap, gathered=gathered or cap)
        page, count = list_page(listed, kind.all_rows(), page_query, size=size, near=near)
        pages.append([row.pk for row in page.rows])
        counts.add(str(count))
        address = getattr(page, step)
        assert len(pages) < 40
    if step == "previous_query":
        pages.reverse()
    assert len(counts) == 1
    return [key for page_ in pages for key in page_], counts.pop()


def check_walks(kind: ListKind, filters: list[str], cap: int, near: int) -> None:
    """Walks forth and back show the same rows as a plain query."""
    for at, address in enumerate(filters):
        query = f"{address}&sort={SORTS[kind.name][at % len(SORTS[kind.name])]}"
        expected = plainly(kind, QueryDict(query))
        assert walk(kind, query, "next_query", "", cap, near)[0] == expected, query
        assert walk(kind, query, "previous_query", "before=end", cap, near)[0] == expected, query


@pytest.mark.parametrize(("cap", "near"), [(3, 2), (3, 40), (1_000, 2_000)], ids=["far", "near", "few"])
@pytest.mark.parametrize("name", ["cases", "items"])
def test_every_row_comes_once_in_order_forward_and_backward(
    name: str, cap: int, near: int, collection: list[Case]
) -> None:
    check_walks(LISTS[name], FILTERS, cap, near)


@pytest.mark.parametrize("filters", FILTERS)
def test_counts_are_exact_below_the_cap_and_never_too_high(filters: str, collection: list[Case]) -> None:
    for kind in (CASES, ITEMS):
        query = QueryDict(filters)
        number = kind.filterset(query).qs.count()
        _page, count = page_and_count(kind, kind.filterset(query), query, kind.all_rows())
        assert count.number == number or (count.capped and count.number <= number)


def test_a_count_above_the_cap_shows_a_plus(collection: list[Case]) -> None:
    rows = Case.objects.current()
    page, count = list_page(
        ListQuery(rows, rows, CASES.orders["-decided"], cap=10, gathered=10), rows, QueryDict(""), size=5
    )
    assert str(count) == "10+"
    assert len(page.rows) == 5


def test_of_very_many_matches_those_near_the_top_will_do(collection: list[Case]) -> None:
    rows = Case.objects.current()
    listed = ListQuery(rows, rows, CASES.orders["-decided"], cap=10, gathered=10)
    newest, _count = keys_from(listed, None, 15, forward=True)
    assert len(newest) == 15
    near, count = keys_from(listed, None, 15, forward=True, near=6, enough=5)
    assert near == newest[:6]
    assert count.capped
    assert keys_from(listed, None, 15, forward=True, near=4, enough=5)[0] == newest


def test_words_that_most_rows_have_are_looked_for_near_the_page_alone(
    collection: list[Case], monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    filterset = CASES.filterset(QueryDict(f"q={FREQUENT}"))
    listed = CASES.list_query(filterset, QueryDict(f"q={FREQUENT}"))
    newest, count = keys_from(listed, None, 5, forward=True)
    assert (len(newest), count.capped) == (5, False)
    monkeypatch.setattr(filtered, "_SURELY", 0)
    monkeypatch.setattr(filtered, "_FIRST", 8)
    with django_assert_num_queries(2) as queries:  # the plan, the rows
        assert keys_from(listed, None, 5, forward=True) == (newest, Count(listed.cap, capped=True))
    assert "MATERIALIZED" not in str(queries.captured_queries), "no match was gathered"
    # Where too few of the rows near the page match, it is found as any other.
    assert keys_from(listed, None, 9, forward=True)[1] == count
    phrase = CASES.filterset(QueryDict('q="low back"'))
    by_index, by_texts = (phrase.words_told(told) for told in (Told.BY_INDEX, Told.BY_TEXTS))
    looked = look_through(CASES.all_rows(), by_index, by_texts, NEWEST, most=9)
    monkeypatch.setattr(filtered, "_SURELY", 10)
    monkeypatch.setattr(looking, "_GATHERED", 1)
    assert looked.keys == look_through(CASES.all_rows(), by_index, by_texts, NEWEST, most=9).keys
    assert looked.keys
    assert not looked.all_read


@pytest.fixture
def analyzed(collection: list[Case], monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """The collection, of which PostgreSQL has statistics, and finds words by the index as it does among many rows.

    How many rows were deleted or replaced it knows of committed ones only.
    """
    monkeypatch.setattr(reach, "_dead", lambda model: 0)
    with connection.cursor() as database:
        for table in ("determinations_case", "determinations_itemfact"):  # without the collections of other tests
            database.execute(f"SET CONSTRAINTS ALL IMMEDIATE; CLUSTER {table} USING {table}_pkey")
        database.execute("ANALYZE determinations_case, determinations_itemfact")
        database.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'determinations_case' AND indexdef ~ 'superseded_by'"
        )
        for (name,) in database.fetchall():  # it has most of so few rows
            database.execute(f"DROP INDEX {name}")
    return collection


def planned_by_bitmaps(rows: QuerySet[Model]) -> Expected:
    """What PostgreSQL expects where many rows make it read them by bitmaps, as it does not for this few."""
    with connection.cursor() as database:
        database.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    return expected(rows)


def within(patch: pytest.MonkeyPatch, rows: int) -> None:
    """Let no more rows of the order be tried first, for each row that is wanted."""
    patch.setattr(reach, "_FIRST", rows)
    patch.setattr(reach, "_LEAST", 0)


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


def test_entries_of_rows_that_were_replaced_are_not_counted(
    analyzed: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = CASES.filterset(QueryDict("q=lumbar")).qs
    number = rows.count()
    for years in range(3):
        Case.objects.update(age=40 + years)
    plan, place = planned_by_bitmaps(rows), Rest(NEWEST, Cursor(date(2999, 1, 1), 0), forward=True)
    within(monkeypatch, 10)
    monkeypatch.setattr(reach, "_dead", lambda model: 3 * len(analyzed))
    assert keys_in_reach(rows, place, plan, counted=number + 1, size=2, enough=2) is None
    monkeypatch.undo()
    within(monkeypatch, 10)
    assert keys_in_reach(rows, place, plan, counted=1, size=2, enough=2) is None, "no statistics of this collection"


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


LETTERS_OWN = ("outcome", "specialty", "age", "sex", "problem")
OF_ITEMS = ("decision", "region", "reviewer_family", "claims_family", "same_guideline")


@pytest.mark.parametrize(
    ("filters", "kind", "dimensions"),
    [
        ("", CASES, LETTERS_OWN + OF_ITEMS[:4]),
        ("sex=female&age=40-49", CASES, LETTERS_OWN + OF_ITEMS[:4]),
        (f"q={FREQUENT}", CASES, LETTERS_OWN),
        ("category=Pharmaceuticals&claims_family=mtus", CASES, LETTERS_OWN),
        ("decision=upheld&category=Pharmaceuticals", ITEMS, LETTERS_OWN + OF_ITEMS),
        (f"q={FREQUENT}&outcome=upheld", ITEMS, LETTERS_OWN + OF_ITEMS),
        ("age=nonsense", ITEMS, LETTERS_OWN + OF_ITEMS),
    ],
)
def test_the_rail_counts_the_rows_its_options_would_list(
    filters: str, kind: ListKind, dimensions: tuple[str, ...], collection: list[Case]
) -> None:
    query = QueryDict(filters)
    filterset = kind.filterset(query)
    counted = count_facets(kind, filterset, query)
    for name in dimensions:
        for value, number in list(counted.counts[name].items())[:3]:
            picked = query.copy()
            picked.setlist(name, [value])
            assert number == kind.filterset(picked, lookups=filterset.lookups).qs.count(), (name, value)


def test_the_rail_counts_a_sample_if_very_many_rows_match(collection: list[Case]) -> None:
    for near, number in ((2, 11), (30, 30)):
        limits = Limits(many=10, near=near, enough=5)
        counted = count_facets(CASES, CASES.filterset(QueryDict("")), QueryDict(""), limits)
        assert counted.capped
        assert counted.cap == sum(counted.counts["sex"].values()) == number


def test_marks_of_cases_agree_with_the_facts_of_their_items(collection: list[Case]) -> None:
    bits = {"mtus": 1, "acoem": 2, "odg": 4, "other": 8}
    for case in collection:
        facts = list(ItemFact.objects.filter(case=case))
        said = {
            f"decision={ {None: 'unknown', True: 'overturned', False: 'upheld'}[fact.overturned] }" for fact in facts
        }
        said |= {f"region={fact.body_region or 'unknown'}" for fact in facts}
        said |= {f"ground={code}" for fact in facts for code in fact.grounds or ["unknown"]}
        said |= {"partly_approved=yes" for fact in facts if fact.partly_approved}
        said |= {"same_guideline=yes" for fact in facts if fact.same_authority}
        for side in SIDES:
            for fact in facts:
                cited = getattr(fact, f"{side}_families")
                said |= {f"{side}_family={family}" for family, bit in bits.items() if cited & bit}
                said |= {f"{side}_family=none"} if not cited else set()
        assert case.said_of_items == sorted(said)
        assert {(fact.state, fact.corrected) for fact in facts} <= {(case.state, case.corrected)}

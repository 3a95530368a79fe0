"""Lists give the same rows whichever way they are gathered: few, near the page, or far from it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import connection
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
from tests.browsing.conftest import planned_by_bitmaps, within

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


def test_a_partial_index_that_is_read_whole_is_asked_for_nothing(collection: list[Case]) -> None:
    """PostgreSQL may read all of an index of current cases, as for a search for a quotation mark alone."""
    current = Case.objects.filter(superseded_by=None)
    with connection.cursor() as database:
        database.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        database.execute("SET LOCAL enable_indexonlyscan = off")
        plan = current.order_by().explain()
    assert "Bitmap Index Scan on case_current" in plan
    assert "Index Cond" not in plan
    number = expected(current)
    assert number == Expected(number.rows)


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

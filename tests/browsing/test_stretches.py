"""Lists of phrases that many rows may have: pages of some candidates, which together show what the plain list has."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db.models import Model
from django.http import QueryDict
from django.test import Client

from determinations.browsing import neighbors
from determinations.browsing.facets import Limits, count_facets
from determinations.browsing.lists import CASES, DECISIONS, ITEMS, ListKind, page_and_count, page_and_what_was_read
from determinations.browsing.neighbors import place_in_list
from determinations.models import Case
from determinations.paging import reach, stretches
from determinations.paging.filtered import ListQuery
from determinations.paging.keyset import Page
from determinations.paging.stretches import Candidates, StretchLimits
from determinations.synthetic import write_letter
from determinations.views.browsing import lists as list_views
from tests.browsing.conftest import planned_by_bitmaps, store_texts
from tests.browsing.test_filtered_lists import plainly

PHRASES = ('"medically necessary"', '"low back pain"', '"pain knee"', "-pain", "-acupuncture", "rationale:pain")
SORTS = (
    (CASES, "-decided"),
    (CASES, "decided"),
    (CASES, "number"),
    (CASES, "-items"),
    (DECISIONS, "-decided"),
    (ITEMS, "-decided"),
    (ITEMS, "denied"),
    (ITEMS, "-injured"),
)
#: Rows of a page; a walk is of several pages.
_ROWS = 7
FEW_OF_INDEX = StretchLimits(first=4, most=9, gathered=1_000)
WAYS = {
    "of those that the index finds": FEW_OF_INDEX,
    "of all rows, for the index would find too many": StretchLimits(first=4, most=9, gathered=0),
    "of all rows, for the index found too many": StretchLimits(first=1, most=12, gathered=14),
}


@pytest.fixture(scope="module")
def _collection_ids(module_transaction: None) -> list[int]:
    """Fewer cases than elsewhere, since each page is of a few: with all letters that have "pain" and "knee"."""
    return store_texts(write_letter(number, 5).text for number in (*range(34), 37, 41, 54))


def pages_of(
    kind: ListKind,
    query: str,
    step: str,
    start: str,
    limits: StretchLimits,
    known: dict[str, Page[Model]] | None = None,
) -> list[Page[Model]]:
    """The pages, one after the other, from the start of the list or from its end.

    ``known`` has and gets those of each address, for walks that meet the same.
    """
    known = {} if known is None else known
    pages: list[Page[Model]] = []
    address: str | None = f"?{query}&{start}" if query else f"?{start}"
    number = kind.filterset(QueryDict(query or start)).qs.count()
    while address is not None:
        if address not in known:
            of_page = QueryDict(address.lstrip("?"))
            page, count, _looked = page_and_what_was_read(
                kind, kind.filterset(of_page), of_page, kind.all_rows(), _ROWS, limits
            )
            assert count.number == number or (count.capped and count.number <= number)
            known[address] = page
        pages.append(known[address])
        address = getattr(pages[-1], step)
        assert len(pages) < 200, "each page goes on"
    return pages


def keys_of(pages: list[Page[Model]]) -> list[int]:
    """The keys of the rows of all pages."""
    return [row.pk for page in pages for row in page.rows]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "sort"), SORTS)
def test_pages_show_every_match_once_in_order(kind: ListKind, sort: str, way: str, collection: list[Case]) -> None:
    """Every order in every way; every phrase in every way, and three of them in every order."""
    at, limits = SORTS.index((kind, sort)) + 2 * list(WAYS).index(way), WAYS[way]
    query = QueryDict(mutable=True)
    query.update({"q": PHRASES[at % len(PHRASES)], "sort": sort})
    right = plainly(kind, query)
    forward = keys_of(pages_of(kind, query.urlencode(), "next_query", "", limits))
    backward = keys_of(pages_of(kind, query.urlencode(), "previous_query", "before=end", limits)[::-1])
    if kind is ITEMS and not kind.orders[sort].descending:  # there, items of a letter are in its own order
        right, forward, backward = sorted(right), sorted(forward), sorted(backward)
    assert forward == right
    assert backward == right


@pytest.mark.parametrize("limits", WAYS.values(), ids=WAYS)
def test_from_any_page_the_way_back_misses_no_row(limits: StretchLimits, collection: list[Case]) -> None:
    for kind, sort in ((CASES, "-decided"), (ITEMS, "denied")):
        query = QueryDict(mutable=True)
        query.update({"q": '"low back pain"', "sort": sort})
        right = sorted(plainly(kind, query))
        pages = pages_of(kind, query.urlencode(), "next_query", "", limits)
        known: dict[str, Page[Model]] = {}
        for at, page in enumerate(pages):
            if page.previous_query is None:
                assert at == 0
                continue
            before = pages_of(kind, "", "previous_query", page.previous_query.lstrip("?"), limits, known)
            assert sorted(keys_of(before) + keys_of(pages[at:])) == right
        ends = pages_of(kind, query.urlencode(), "previous_query", "before=end", limits)
        for at, page in enumerate(ends):
            if page.next_query is None:
                assert at == 0
                continue
            after = pages_of(kind, "", "next_query", page.next_query.lstrip("?"), limits, known)
            assert sorted(keys_of(after) + keys_of(ends[at:])) == right


def test_candidates_in_reach_of_the_page_are_found_without_gathering_them(
    analyzed: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def watched(*args: Any, **kwargs: Any) -> list[int] | None:
        used.append(reach.keys_in_reach(*args, **kwargs))
        return used[-1]

    monkeypatch.setattr(stretches, "keys_in_reach", watched)
    monkeypatch.setattr(stretches, "expected", planned_by_bitmaps)
    monkeypatch.setattr(stretches, "COUNT_CAP", 2)
    monkeypatch.setattr(reach, "_FIRST", 4)
    monkeypatch.setattr(reach, "_LEAST", 0)
    query = QueryDict("q=%22knee+pain%22")
    limits = StretchLimits(first=1, most=2, gathered=1_000)
    assert keys_of(pages_of(CASES, query.urlencode(), "next_query", "", limits)) == plainly(CASES, query)
    assert any(used), "some stretches were found so"


@pytest.mark.parametrize("gathered", [0, 1_000])
def test_while_old_words_remain_rows_are_read_in_the_order_of_the_list(
    gathered: int, collection: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("determinations.filters.matching.old_words_remain", lambda: True)
    monkeypatch.setattr("determinations.browsing.lists.old_words_remain", lambda: True)
    limits = replace(FEW_OF_INDEX, gathered=gathered)
    for phrase in PHRASES[::3]:
        query = QueryDict(mutable=True)
        query["q"] = phrase
        listed = CASES.list_query(CASES.filterset(query), query)
        assert listed.candidates_match
        assert (Candidates.too_many(listed, limits) is None) == bool(gathered)
        assert keys_of(pages_of(CASES, query.urlencode(), "next_query", "", limits)) == plainly(CASES, query)


def test_neighbors_of_a_case_are_looked_for_among_the_nearest_candidates(collection: list[Case]) -> None:
    for name, kind in (("cases", CASES), ("items", ITEMS)):
        query = QueryDict(mutable=True)
        query.update({"q": '"low back pain"', "list": name})
        cases = list(kind.filterset(query).qs.order_by("pk").values_list("case" if kind is ITEMS else "pk", flat=True))
        right = [place_in_list(case, query) for case in cases[:8]]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(neighbors, "STRETCH", StretchLimits(first=900, most=900))
            patch.setattr(Candidates, "too_many", always_too_many)
            assert [place_in_list(case, query) for case in cases[:8]] == right
            patch.setattr(neighbors, "STRETCH", StretchLimits(first=1, most=1))
            for case, its in zip(cases[:8], right, strict=True):
                place = place_in_list(case, query)
                assert place
                assert its
                assert place.previous in (None, its.previous)
                assert place.following in (None, its.following)
                assert place.position == its.position or place.position.capped


def always_too_many(listed: ListQuery, limits: StretchLimits) -> Candidates | None:
    """As if there were always too many candidates to read them all."""
    return None if listed.candidates is None else Candidates(listed, None, limits)


def test_no_more_candidates_are_read_than_the_limits_say(
    collection: list[Case], django_assert_max_num_queries: Any
) -> None:
    query = QueryDict("q=%22pain+knee%22")
    candidates = Candidates.too_many(CASES.list_query(CASES.filterset(query), query), FEW_OF_INDEX)
    assert candidates
    with django_assert_max_num_queries(3):  # the candidates, the first of them, the rest
        stretch = candidates.stretch(None, forward=True, enough=1)
    assert (stretch.keys, stretch.read) == ([], 9)
    assert stretch.end
    none = QueryDict("q=%22pain+knee%22&age=nonsense")
    assert Candidates.too_many(CASES.list_query(CASES.filterset(none), none), FEW_OF_INDEX) is None


def test_phrases_with_few_candidates_and_other_words_are_listed_exactly(collection: list[Case]) -> None:
    for address in ("q=%22low+back+pain%22", "q=pain", "decision=upheld", ""):
        query = QueryDict(address)
        filterset = CASES.filterset(query)
        page, count, looked = page_and_what_was_read(CASES, filterset, query, CASES.all_rows(), 5)
        right, number = page_and_count(CASES, filterset, query, CASES.all_rows(), 5)
        assert (page, count, looked) == (right, number, None)


def test_the_rail_counts_the_matches_among_the_newest_candidates(collection: list[Case]) -> None:
    query = QueryDict("q=%22medically+necessary%22&sex=female")
    limits = Limits(enough=2, stretch=StretchLimits(first=4, most=8))
    counted = count_facets(CASES, CASES.filterset(query), query, limits)
    assert counted.capped
    newest = plainly(CASES, query)[: counted.cap]
    outcomes = list(Case.objects.filter(pk__in=newest).values_list("outcome", flat=True))
    assert sum(counted.counts["outcome"].values()) <= counted.cap
    for value, number in counted.counts["outcome"].items():
        assert number <= outcomes.count(value)


def test_the_page_says_what_it_checked_and_leads_to_the_next_candidates(
    as_casemanager: Client, collection: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded = partial(page_and_what_was_read, limits=FEW_OF_INDEX)
    monkeypatch.setattr(list_views, "page_and_what_was_read", bounded)
    page = as_casemanager.get("/cases/?q=%22pain+knee%22").content.decode()
    assert "9 letters that may match were checked for this page" in page
    assert "No matches so far" in page
    assert "Check the next ones" in page
    assert "0+" not in page
    response = as_casemanager.get("/items/?q=%22pain+knee%22")
    assert "9 items that may match were checked" in response.content.decode()
    while (further := response.context["page"].next_query) is not None:
        response = as_casemanager.get(f"/items/{further}")
    assert "No more matches" in response.content.decode()
    assert response.context["page"].previous_query

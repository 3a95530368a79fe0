"""Items of a letter in its order: in every sort, across pages, in exports, and from case to case."""

from operator import attrgetter
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from determinations.browsing.lists import ITEMS, page_and_count
from determinations.browsing.neighbors import place_in_list
from determinations.models import ItemFact
from determinations.paging.keyset import Page
from tests.corrections import letters as made
from tests.fixtures.answers import content_of

pytestmark = pytest.mark.usefixtures("broker")

ROWS = ItemFact.objects.select_related("item", "case")


@pytest.fixture
def letters(db: None) -> list[int]:
    """Two letters of one day, one without a date, of three items each, and between them one of a single item."""
    decisions = ("upheld", "overturned", "upheld")
    made_letters = [
        made.stored_letter(
            made.document(
                *(made.item(f"Knee brace {at}", decision) for at, decision in enumerate(decisions[:size])),
                case_number=None,
                decision_date=day,
            )
        )
        for size, day in ((3, "2009-03-02"), (3, None), (1, "2009-03-02"), (3, "2009-03-02"))
    ]
    return [letter.pk for letter in made_letters]


def shown_by_pages(address: str, step: str, size: int) -> list[ItemFact]:
    """The rows of a list of items, page by page, forward or backward."""
    pages, query = [], QueryDict(address if step == "next_query" else f"{address}&before=end")
    while True:
        page: Page[ItemFact] = page_and_count(ITEMS, ITEMS.filterset(query), query, ROWS, size)[0]
        pages.append(page.rows)
        following = getattr(page, step)
        if following is None:
            ordered = pages if step == "next_query" else pages[::-1]
            return [fact for rows in ordered for fact in rows]
        query = QueryDict(following.removeprefix("?"))


def expected_rows(sort: str, address: str) -> list[ItemFact]:
    """All rows, sorted here: by value, then by case, then by number; rows without a value last."""
    order = ITEMS.orders[sort]
    facts = sorted(ITEMS.filterset(QueryDict(address)).qs.select_related("item"), key=attrgetter("item.number"))
    facts.sort(key=attrgetter("case_id"), reverse=order.descending)
    value = attrgetter(order.column)
    known = sorted((fact for fact in facts if value(fact) is not None), key=value, reverse=order.descending)
    return known + [fact for fact in facts if value(fact) is None]


def test_pages_show_items_in_the_letters_order_in_every_sort(letters: list[int]) -> None:
    addresses = [f"sort={sort}" for sort in ITEMS.orders] + [
        "sort=decided&decision=upheld",
        "sort=decision&outcome=partly",
    ]
    for address in addresses:
        expected = expected_rows(QueryDict(address)["sort"], address)
        assert len(expected) > 6
        for step in ("next_query", "previous_query"):
            assert shown_by_pages(address, step, 2) == expected, (address, step)


@pytest.mark.parametrize("sort", ["category", "decision", "-decision", "decided"])
def test_neighbors_follow_the_list_in_every_sort(letters: list[int], sort: str) -> None:
    expected = expected_rows(sort, "")
    walked: list[Any] = []
    at: Any = expected[0]
    while at is not None:
        walked.append(at)
        query = QueryDict(f"list=items&sort={sort}&item={at.item.number}")
        place = place_in_list(at.case_id, query)
        assert place is not None
        assert place.position.number == len(walked)
        assert place.previous == (walked[-2] if len(walked) > 1 else None)
        at = place.following
    assert walked == expected


def test_an_export_keeps_its_sort_and_the_letters_order(letters: list[int], as_casemanager: Client) -> None:
    answer: Any = as_casemanager.post("/items/export/", {"query": "sort=decision", "format": "csv"})
    lines = content_of(answer).decode().splitlines()
    requests = [fact.item.request for fact in expected_rows("decision", "")]
    assert [next(name for name in requests if name in line) for line in lines[1:]] == requests

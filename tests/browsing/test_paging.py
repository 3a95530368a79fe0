"""Keyset paging walks any ordering to its end and back, and visits each row once."""

from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict

from determinations.models import Case, Letter
from determinations.paging.counts import Count, count_up_to
from determinations.paging.keyset import Order, Page, page_of

ORDERS = [
    Order("decision_date", descending=True),
    Order("decision_date"),
    Order("case_number"),
    Order("case_number", descending=True),
    Order("item_count", descending=True, nullable=False),
    Order("item_count", nullable=False),
    Order("outcome", nullable=False),
    Order("category_ids", nullable=False),
    Order("specialties", descending=True, nullable=False),
    Order("due_on"),
    Order("due_on", index_ascends=True),
    Order("due_on", descending=True, index_ascends=True),
]


@pytest.fixture
def cases(db: None) -> list[Case]:
    made = []
    for number in range(23):
        letter = Letter.objects.create(
            sha256=f"{number:064x}",
            size=1,
            media_type="text/plain",
            state="parsed",
            received_at=datetime(2017, 1, 1, tzinfo=UTC),
        )
        made.append(
            Case.objects.create(
                letter=letter,
                case_number=None if number % 4 == 0 else f"CM17-9{number % 7:06}",
                decision_date=None if number % 5 == 0 else date(2017, 1, 1 + number % 3),
                outcome=("upheld", "partly", "overturned")[number % 3],
                item_count=number % 4,
                overturned_count=0,
                category_ids=[number % 3, 40][: number % 4],
                specialties=["Family Practice", "Surgery, “Hand”"][: number % 3],
                due_on=None if number % 6 else date(2017, 2, 1 + number % 5),
                state="parsed",
            )
        )
    return made


def walk(order: Order, step: str, start: str) -> list[list[int]]:
    pages: list[list[int]] = []
    query: str | None = start
    while query is not None:
        page: Page[Case] = page_of(Case.objects.all(), order, QueryDict(query.lstrip("?")), size=4)
        pages.append([case.pk for case in page.rows])
        query = getattr(page, step)
        assert len(pages) < 20
    return pages


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_row_comes_once_in_order_with_nulls_last(order: Order, cases: list[Case]) -> None:
    def rank(case: Case) -> tuple[bool, object, int]:
        value = getattr(case, order.column)
        return (value is None, value, case.pk)

    known = sorted((c for c in cases if getattr(c, order.column) is not None), key=rank, reverse=order.descending)
    unknown = sorted((c.pk for c in cases if getattr(c, order.column) is None), reverse=order.descending)
    walked = [pk for page in walk(order, "next_query", "") for pk in page]
    assert walked == [case.pk for case in known] + unknown


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_walking_back_from_the_end_visits_the_same_rows(order: Order, cases: list[Case]) -> None:
    forth = [pk for page in walk(order, "next_query", "") for pk in page]
    back = [pk for page in reversed(walk(order, "previous_query", "?before=end")) for pk in page]
    assert back == forth


@pytest.mark.parametrize(
    "printed", ["x", "bm90IGpzb24", "W10", "WzEsIDIsIDNd", "%00", "W251bGwsICJ4Il0", "WyJ4IiwgMV0", "WzUsIDFd"]
)
def test_an_invalid_cursor_starts_at_the_top(printed: str, cases: list[Case]) -> None:
    page = page_of(Case.objects.all(), ORDERS[0], QueryDict(f"after={printed}"), size=4)
    assert len(page.rows) == 4
    assert page.previous_query is None


def test_other_parameters_stay_in_the_address(cases: list[Case]) -> None:
    page = page_of(Case.objects.all(), ORDERS[0], QueryDict("sex=female&outcome=upheld&outcome=partly"), size=4)
    assert page.next_query is not None
    assert page.next_query.startswith("?sex=female&outcome=upheld&outcome=partly&after=")


def test_counts_stop_at_their_cap(cases: list[Case]) -> None:
    assert str(count_up_to(Case.objects.all(), cap=10)) == "10+"
    assert str(count_up_to(Case.objects.all(), cap=23)) == "23"
    assert str(Count(1204, capped=False)) == "1,204"

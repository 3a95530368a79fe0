"""A letter with very many items: its pages show them in parts."""

import re
from itertools import pairwise

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from determinations.cases.text_pieces import pieces_of
from determinations.models import Correction, Letter
from determinations.paging.numbered import ITEMS_A_PAGE
from tests.corrections.letters import document, item, problem, stored_letter
from tests.corrections.screen import fields_of, path_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
TOTAL = 2 * ITEMS_A_PAGE + 3


def letter_of(total: int) -> Letter:
    """A synthetic letter of this many items, each with its evidence in the text."""
    lines = [f"Synthetic item {number}: therapy, {number} sessions\n" for number in range(1, total + 1)]
    items, at = [], 0
    for line in lines:
        span = [at, at + len(line) - 1]
        at += len(line)
        items.append(item(line.strip(), spans={"request": span, "disputed": span, "rationale": span}))
    problems = [problem("value_doubtful", f"items/{number}/rationale") for number in range(1, total + 1)]
    return stored_letter(document(*items, problems=problems), text="".join(lines))


@pytest.fixture
def letter() -> Letter:
    return letter_of(TOTAL)


def shown(html: str) -> list[int]:
    """The numbers of the items on a case page."""
    return [int(number) for number in re.findall(r'<section class="item" id="item-(\d+)"', html)]


def test_a_case_page_shows_its_items_in_parts(as_casemanager: Client, letter: Letter) -> None:
    address = reverse("case_detail", args=[letter.pk])
    first = as_casemanager.get(address).content.decode()
    assert shown(first) == list(range(1, ITEMS_A_PAGE + 1))
    assert f"Items 1 to {ITEMS_A_PAGE} of {TOTAL}" in first
    assert 'href="?items=2"' in first
    last = as_casemanager.get(f"{address}?items=3").content.decode()
    assert shown(last) == [TOTAL - 2, TOTAL - 1, TOTAL]
    for query, page in (("items=99", last), ("items=0", first), ("items=²", first), (f"item={TOTAL}", last)):
        assert shown(as_casemanager.get(f"{address}?{query}").content.decode()) == shown(page), query
    evidence = as_casemanager.get(f"{address}?value=items/{TOTAL}/request&show=text").content.decode()
    assert shown(evidence) == shown(last)
    assert 'id="evidence"' in evidence


def test_a_letter_of_usual_size_has_no_pages_of_items(as_casemanager: Client) -> None:
    html = as_casemanager.get(reverse("case_detail", args=[letter_of(3).pk])).content.decode()
    assert shown(html) == [1, 2, 3]
    assert "Pages of items" not in html


def test_items_are_corrected_page_by_page(as_admin: Client, letter: Letter) -> None:
    address = f"{reverse('review_letter', args=[letter.pk])}?items=2"
    fields = fields_of(as_admin.get(address).content.decode())
    number = ITEMS_A_PAGE + 1
    path = path_of(letter.pk, number, "request")
    assert f"value:{path_of(letter.pk, 1, 'request')}" not in fields
    fields[f"value:{path}"] = "Synthetic walker"
    response = as_admin.post(address, {**fields, "then": "stay"})
    assert response.headers["Location"].endswith("?items=2")
    assert {row.field for row in Correction.objects.all()} == {"request", "disputed"}


def test_confirming_the_rest_confirms_only_what_the_page_shows(as_admin: Client, letter: Letter) -> None:
    address = f"{reverse('review_letter', args=[letter.pk])}?items=3"
    html = as_admin.get(address).content.decode()
    assert "Confirm all remaining values on this page" in html
    as_admin.post(address, {**fields_of(html), "confirm_rest": "on"})
    of_items = Correction.objects.exclude(item_key="")
    assert len(set(of_items.values_list("item_key", flat=True))) == 3


def test_an_added_item_is_on_the_page_that_follows(as_admin: Client, letter: Letter) -> None:
    address = reverse("review_letter", args=[letter.pk])
    fields = fields_of(as_admin.get(address).content.decode())
    response = as_admin.post(address, {**fields, "do": "add", "new_request": "Synthetic walker"})
    assert f"Items {2 * ITEMS_A_PAGE + 1} to {TOTAL + 1} of {TOTAL + 1}" in response.content.decode()


SPANS = st.lists(st.tuples(st.integers(-3, 40), st.integers(0, 12)), max_size=12)


@given(SPANS, st.lists(st.integers(0, 45), max_size=4))
def test_pieces_name_exactly_the_values_that_cover_them(raw: list[tuple[int, int]], offsets: list[int]) -> None:
    text = "".join(chr(ord("a") + at % 26) for at in range(40))
    spans = [(f"value{at}", (start, start + length)) for at, (start, length) in enumerate(raw)]
    pages = pieces_of(text, offsets, spans)
    assert "".join(piece.text for page in pages for piece in page) == text
    at = 0
    for piece in (piece for page in pages for piece in page):
        end = at + len(piece.text)
        covering = {path for path, (start, stop) in spans if start <= at and end <= stop}
        assert set(piece.paths) == covering
        assert set(piece.starts) == {path for path, (start, _) in spans if start == at} & covering
        lengths = [stop - start for path in piece.paths for name, (start, stop) in spans if name == path]
        assert all(one >= other for one, other in pairwise(lengths)), "innermost last"
        at = end

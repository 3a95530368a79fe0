"""While letters change, column files answer as PostgreSQL does: items, words, sections, lists, places, counts."""

import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict

from determinations.browsing.selection import parse_selection
from determinations.corrections.actions import correct_field
from determinations.models import Authority, Case, ItemFact, Letter
from determinations.statistics.columns import combinations, keeping, selected
from determinations.statistics.columns.version import Columns
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from tests.corrections.letters import store_reading
from tests.fixtures.people import People
from tests.statistics.by_column import (
    TOLD,
    Compared,
    compare_items,
    compare_lists,
    compare_places,
    every_case,
    of_rail,
)
from tests.statistics.worlds import AUTHORITIES, NOW, random_document, random_event, stored_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

#: Events before each comparison of everything, and after which of them the file is written.
_STAGES = ((0, {0}), (14, set[int]()), (12, {5, 12}), (14, set[int]()))
#: Filters that only a statement tells.
_BY_STATEMENT = (
    "denied_from=2014-01-01", "claims_standing=current", "letter=1,2,3", "several_items=yes",
    "reviewer_edition=odg/pain@2015", "undated=denied&sex=male",
)  # fmt: skip
#: Words and sections of items, and of cases, that the sets tell.
_FOUND = (
    "q=lumbar", "q=MRI", "q=knee+brace", "q=lumbar+or+shoulder", "q=lumbar+-mri", "q=surgery&sex=male",
    "q=injection&decision=upheld", "q=refill&decided_from=2016-06-01", "q=brace+or+refill+or+cervical",
    "q=spine+knee", "reviewer_section=opioid", "claims_section=MRI", "reviewer_section=topical&sex=female",
    "reviewer_section=no+such+section", "claims_section=ther&reviewer_section=a", "q=lumbar&reviewer_section=mri",
    "q=lumbar&rest_of=sex%3Dmale",
)  # fmt: skip
#: Of which PostgreSQL tells some part: words that few requests have, beginnings, phrases, fields.
_BY_POSTGRESQL = (
    "q=neverseen", "q=lumb*", 'q="knee+brace"', "request_words=knee", "q=synthetic", "q=-lumbar", "q=lumbar+neverseen",
)  # fmt: skip
#: Of which the rail counts cases, and in which cases have a place.
_RAILS = (
    "", "sex=male", "category=Pharmaceuticals&decision=upheld", "age=40-49", "state=parsed",
    "decision=upheld&decision=overturned&by_item=yes", "outcome=upheld&outcome=partly",
    "problem=date_order&decision=upheld", "problem=no_rationale&problem=date_order&sex=male",
)  # fmt: skip
_RAILS_OF_FOUND = ("q=lumbar", "q=knee&decision=upheld", "q=mri&problem=date_order", "reviewer_section=opioid")
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


@pytest.fixture
def combined(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, ...]]:
    """The columns that were counted by combinations, which are made at once here."""
    columns_of, own = set[tuple[str, ...]](), combinations.Combinations.rows

    def noted(by: combinations.Combinations, counts: Any, columns: Sequence[str]) -> Any:
        columns_of.add(tuple(columns))
        return own(by, counts, columns)

    monkeypatch.setattr(combinations, "in_background", lambda work: work())
    monkeypatch.setattr(combinations.Combinations, "rows", noted)
    return columns_of


def test_everything_is_told_as_by_postgresql_while_letters_change(
    people: People,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    requested_words: None,
    combined: set[tuple[str, ...]],
) -> None:
    """After each event the rail is compared, since an event that leaves no mark is hidden by the next one."""
    chance = random.Random(41)
    stored_world(chance, 30)
    for stage, (events, written) in enumerate(_STAGES):
        make_undated(people)
        if 0 in written:
            keeping.keep_columns()
        for event in range(1, events + 1):
            random_event(chance, people.admin)
            if event == events:  # items stay, with other words, and no event follows that removes them
                for letter in chance.sample(list(Letter.objects.filter(case__superseded_by=None)), 4):
                    store_reading(letter, random_document(chance, chance.randrange(40)), version="2")
            compare_rail("")
            if event in written:
                merged = keeping.keep_columns(at_once=True)
                assert merged is not None
                assert merged.merged
        with monkeypatch.context() as patched:
            patched.delattr(Columns, "_rows_of")
            for address in (*TOLD, *_FOUND):
                compare_items(address)
        for address in _BY_STATEMENT:
            compare_items(address)
        for address in (*_FOUND, *_BY_POSTGRESQL)[stage % 2 :: 2]:
            compare_lists(address, chance)
        for address in (*_RAILS, *_RAILS_OF_FOUND):
            compare_rail(address)
        for number, address in enumerate(("", *_RAILS_OF_FOUND)):
            compare_places(f"{address}{'&sort=decided' * ((stage + number) % 2)}", chance, monkeypatch)
        compare_counts(chance, monkeypatch, combined)
    assert sum(every_case(QueryDict())["state"].values()) == Case.objects.current().count()


def make_undated(people: People) -> None:
    """Two cases lose their date, and one of them the decision of an item."""
    set_to = partial(correct_field, by=people.admin, now=NOW, reason="misread")
    dated = Case.objects.current().filter(item_count__gt=1).exclude(decision_date=None).order_by("pk")
    undated = list(dated.values_list("pk", flat=True)[:2])
    for pk in undated:
        set_to(pk, "decision_date", None)
    set_to(undated[0], "items/1/decision", None)
    assert ItemFact.objects.filter(decision_date=None, overturned=None).exists()


def compare_rail(address: str) -> None:
    """The rail counts what every case says."""
    assert of_rail(QueryDict(address)) == every_case(QueryDict(address)), address


def compare_counts(chance: random.Random, monkeypatch: pytest.MonkeyPatch, combined: set[tuple[str, ...]]) -> None:
    """No statement of the column engine is asked for; ``Compared`` compares each answer with PostgreSQL's."""
    authorities = list(Authority.objects.filter(key__in=AUTHORITIES[:3]).values_list("pk", flat=True))
    addresses = {"", *chance.sample(TOLD, 6), "undated=decided", "decided_from=2014-06-01&decided_to=2016-01-31"}
    combined.clear()
    with monkeypatch.context() as patched:
        patched.delattr(Columns, "_rows_of")
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

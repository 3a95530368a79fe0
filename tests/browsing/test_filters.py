"""Each filter selects the same letters in lists of items and of cases; chips show and remove each filter."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from django.db import connection
from django.http import QueryDict

from determinations.browsing.facets import count_facets
from determinations.browsing.lists import CASES, ITEMS, ListKind
from determinations.browsing.rail import rail
from determinations.cases.item_marks import item_marks
from determinations.filters import CaseFilter, ItemFilter, chips, filters_only, mistakes
from determinations.models import Authority, Case, ItemFact, Letter, ParsedDocument, Upload, UploadedFile
from determinations.models.dimensions import DIMENSIONS, MARKS, Dimension, Kind, Scope
from determinations.parsing.results import CitationRecord, LetterRecord
from determinations.wording.labels import read_labels

pytestmark = pytest.mark.django_db


def record(number: str | None, items: list[dict[str, Any]], **values: Any) -> dict[str, Any]:
    """A synthetic parsed document with defaults for everything the test does not set."""
    plain: dict[str, Any] = {
        "layout": "cm16",
        "case_number": number,
        "date_assigned": None,
        "date_of_injury": None,
        "decision_date": None,
        "ur_denial_date": None,
        "application_received": None,
        "priority": None,
        "licensure": [],
        "specialties": [],
        "age": None,
        "sex": None,
        "summary": "Synthetic.",
        "problems": [],
        "spans": {},
    }
    return {**plain, **values, "items": [item_record(at + 1, **item) for at, item in enumerate(items)]}


def item_record(number: int, **values: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "number": number,
        "request": "Physical therapy, twelve visits",
        "disputed": "Physical therapy, twelve visits",
        "partly_approved": False,
        "decision": "upheld",
        "category": "Pharmaceuticals",
        "subcategory": "Opioids",
        "category_rule": "none",
        "claims_text": None,
        "reviewer_text": None,
        "claims": [],
        "reviewer": [],
        "rationale": "Synthetic.",
        "spans": {},
    }
    return {**plain, **values}


def citation(authority: str, *sections: str) -> dict[str, Any]:
    return {
        "family": authority.split("/", maxsplit=1)[0],
        "authority": authority,
        "edition": None,
        "sections": list(sections),
        "pages": [],
        "text": "Synthetic",
        "span": [0, 1],
    }


def store(document: dict[str, Any]) -> int:
    from determinations.cases.effective import write_cases

    now = datetime(2026, 1, 1, tzinfo=UTC)
    letter = Letter.objects.create(
        sha256=f"{Letter.objects.count():064x}", size=1, media_type="text/plain", state="parsed", received_at=now
    )
    ParsedDocument.objects.create(
        letter=letter, parser_version="0", parsed_at=now, document=cast(LetterRecord, document)
    )
    write_cases([letter.pk])
    return letter.pk


@pytest.fixture(scope="module")
def two(module_transaction: None) -> tuple[int, int]:
    """Two cases that differ in every filtered value."""
    Authority.objects.get_or_create(key="odg/pain", defaults={"family": "odg", "title": "Pain"})
    first = store(
        record(
            "CM17-9000001",
            [
                {
                    "decision": "overturned",
                    "reviewer": [citation("odg/pain", "Opioids, criteria for use")],
                    "grounds": [{"code": "benefit_shown", "rule": "test", "span": [0, 1]}],
                },
                {"claims": [citation("mtus/low-back")], "category": "Surgery", "subcategory": "Surgery"},
            ],
            decision_date="2017-01-30",
            date_of_injury="2016-01-01",
            ur_denial_date="2016-12-20",
            application_received="2016-12-30",
            priority="standard",
            licensure=["California", "Texas"],
            specialties=["Orthopedic Surgery"],
            age=58,
            sex="female",
            problems=[{"code": "item_cut_at_page", "message": "", "span": None, "path": "items/2/request"}],
        )
    )
    second = store(
        record(
            None,
            [{"partly_approved": True, "request": "Lumbar brace", "disputed": "Lumbar brace"}],
            problems=[{"code": "header_missing", "message": "", "span": None, "path": "case_number"}],
        )
    )
    return first, second


def cases(query: str) -> set[int]:
    return set(CaseFilter(QueryDict(query), queryset=Case.objects.current()).qs.values_list("pk", flat=True))


def items(query: str) -> set[tuple[int, int]]:
    facts = ItemFilter(QueryDict(query), queryset=ItemFact.objects.all()).qs
    return set(facts.values_list("case_id", "item__number"))


# Query, the items of the first case that match, whether the second case matches.
QUERIES = [
    ("", {1, 2}, True),
    ("decided_from=2017-01-30&decided_to=2017-01-30", {1, 2}, False),
    ("decided_from=2017-01-31", set(), False),
    ("injured_from=2015-12-31&injured_to=2016-01-02", {1, 2}, False),
    ("denied_to=2016-12-19", set(), False),
    ("received_from=2016-12-30", {1, 2}, False),
    ("undated=decided", set(), True),
    ("undated=nonsense", set(), False),
    ("outcome=partly", {1, 2}, False),
    ("outcome=partly&outcome=upheld", {1, 2}, True),
    ("decision=overturned", {1}, False),
    ("decision=upheld", {2}, True),
    ("decision=unknown", set(), False),
    ("category=Surgery", {2}, False),
    ("subcategory=Pharmaceuticals/Opioids", {1}, True),
    ("category=Surgery&subcategory=Pharmaceuticals/Opioids", {1, 2}, True),
    ("category=Pharmaceuticals&subcategory=Pharmaceuticals/NSAIDs", set(), False),
    ("region=Lumbar+spine", set(), True),
    ("ground=benefit_shown", {1}, False),
    ("ground=unknown", {2}, True),
    ("reviewer_family=odg", {1}, False),
    ("reviewer_family=none", {2}, True),
    ("claims_family=mtus", {2}, False),
    ("claims_family=none&reviewer_family=none", set(), True),
    ("reviewer_authority=odg/pain", {1}, False),
    ("reviewer_authority=no/such", set(), False),
    ("claims_authority=mtus/low-back", {2}, False),
    ("reviewer_section=criteria", {1}, False),
    ("claims_section=criteria", set(), False),
    ("same_guideline=no", {1, 2}, True),
    ("partly_approved=yes", set(), True),
    ("specialty=Orthopedic+Surgery", {1, 2}, False),
    ("licensure=Texas", {1, 2}, False),
    ("age=50-59", {1, 2}, False),
    ("age=unknown", set(), True),
    ("sex=female", {1, 2}, False),
    ("sex=unknown", set(), True),
    ("priority=standard", {1, 2}, False),
    ("problem=item_cut_at_page", {2}, False),
    ("problem=header_missing", set(), True),
    ("state=needs_review", set(), True),
    ("corrected=no", {1, 2}, True),
    ("q=lumbar+brace", set(), True),
    ("q=brac*", set(), True),
]


@pytest.mark.parametrize(("query", "of_first", "second_too"), QUERIES)
def test_items_and_cases_agree(query: str, of_first: set[int], second_too: bool, two: tuple[int, int]) -> None:
    first, second = two
    assert items(query) == {(first, number) for number in of_first} | ({(second, 1)} if second_too else set())
    assert cases(query) == ({first} if of_first else set()) | ({second} if second_too else set())


def test_filters_of_items_must_hold_for_one_item(two: tuple[int, int]) -> None:
    assert two[0] in cases("decision=overturned&reviewer_authority=odg/pain")
    assert two[0] not in cases("decision=overturned&category=Surgery")


def test_an_upload_finds_its_letters_and_its_duplicates(two: tuple[int, int]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    upload = Upload.objects.create(started_at=now)
    UploadedFile.objects.create(
        upload=upload, name="again.pdf", outcome="duplicate", letter_id=two[1], received_at=now
    )
    assert cases(f"upload={upload.pk}") == {two[1]}
    assert items(f"upload={upload.pk}") == {(two[1], 1)}


FIRST_ITEM = Dimension(
    name="first_item",
    label="First item of the letter",
    kind=Kind.YES_NO,
    scope=Scope.ITEM,
    item_column="first_of_case",
    case_column=MARKS,
    words="yes_no",
    in_rail=True,
    mark=lambda item, _families: ["yes"] if item["number"] == 1 else [],
)


class ItemFilterWithOneMore(ItemFilter):
    dimensions = (*DIMENSIONS, FIRST_ITEM)


class CaseFilterWithOneMore(CaseFilter):
    dimensions = (*DIMENSIONS, FIRST_ITEM)
    item_filter = ItemFilterWithOneMore


def test_a_new_filter_is_one_entry_for_filter_facet_rail_and_marks(two: tuple[int, int]) -> None:
    """The entry above is all that ``ListKind``s with it need."""
    dimensions = ItemFilterWithOneMore.dimensions
    for case in Case.objects.all():
        document = ParsedDocument.objects.get(letter=case.pk).document
        families = {"odg/pain": "odg", "mtus/low-back": "mtus"}
        marks = item_marks(document["items"], families, dimensions)
        assert set(marks) == {*case.said_of_items, "first_item=yes"}
        Case.objects.filter(pk=case.pk).update(said_of_items=marks)
    query = QueryDict("first_item=yes")
    for kind, filter_class, number in ((ITEMS, ItemFilterWithOneMore, 2), (CASES, CaseFilterWithOneMore, 2)):
        listed: ListKind = replace(kind, filter_class=filter_class)
        filterset = listed.filterset(query)
        assert filterset.qs.count() == number
        counted = count_facets(listed, filterset, query)
        assert counted.counts["first_item"]["yes"] == number
        facets = {facet.name: facet for facet in rail(query, read_labels(), counted, dimensions)}
        (yes, *_) = facets["first_item"].options
        assert (yes.label, yes.count, yes.chosen) == ("Yes", number, True)
        assert facets["first_item"].open


def test_dimensions_have_distinct_names_and_columns_that_exist() -> None:
    names = [dimension.name for dimension in DIMENSIONS]
    assert len(names) == len(set(names))
    columns = {field.attname for field in Case._meta.get_fields() if hasattr(field, "attname")}
    for dimension in DIMENSIONS:
        column = dimension.column(of_items=False)
        assert not column or column in columns, dimension.name


@pytest.mark.parametrize("query", ["decided_from=yesterday", "upload=x", "upload=9" + "9" * 30, "decided_to=%00"])
def test_invalid_values_are_reported_and_ignored(query: str, two: tuple[int, int]) -> None:
    filterset = CaseFilter(QueryDict(query), queryset=Case.objects.all())
    assert filterset.qs.count() == 2
    assert mistakes(filterset)


@pytest.mark.parametrize(
    "name", ["decision", "outcome", "sex", "age", "same_guideline", "partly_approved", "several_items"]
)
def test_a_value_that_a_filter_does_not_have_finds_nothing(name: str, two: tuple[int, int]) -> None:
    """Such as a misspelled one: as another value, rows would be listed below the name of this one."""
    store(record("CM17-9000003", [{"decision": None}]))
    assert cases(f"{name}=nonsense") == items(f"{name}=nonsense") == set()
    assert cases("decision=unknown") == {pk for pk, _number in items("decision=unknown")} != set()


def test_chips_show_and_remove_each_filter(two: tuple[int, int]) -> None:
    query = QueryDict("outcome=partly&outcome=upheld&reviewer_authority=odg/pain&sort=-decided&after=x")
    shown = {(chip.label, chip.value): chip.query for chip in chips(query, read_labels())}
    assert shown["Case outcome", "Upheld"] == "?outcome=partly&reviewer_authority=odg%2Fpain&sort=-decided"
    assert ("Reviewer's guideline", read_labels().of("authority", "odg/pain")) in shown
    assert filters_only(query).urlencode() == "outcome=partly&outcome=upheld&reviewer_authority=odg%2Fpain"


def test_dates_are_whole_days(two: tuple[int, int]) -> None:
    assert ItemFact.objects.filter(decision_date=date(2017, 1, 30)).count() == 2


def test_a_rewritten_case_is_found_by_its_new_text(two: tuple[int, int]) -> None:
    """Functions make the index entries of words and sections, which must be renewed with the text."""
    from determinations.cases.effective import write_cases

    parsed = ParsedDocument.objects.get(letter=two[0])
    parsed.document["items"][0]["rationale"] = "Synthetic. Traction."
    parsed.document["items"][0]["reviewer"] = [cast(CitationRecord, citation("odg/pain", "Weaning"))]
    parsed.save()
    write_cases([two[0]])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    for query, found in (
        ("q=traction", {two[0]}),
        ("reviewer_section=wean", {two[0]}),
        ("reviewer_section=criteria", set()),
    ):
        rows = CaseFilter(QueryDict(query), queryset=Case.objects.all()).qs
        assert "case_found_by" in rows.explain()
        assert set(rows.values_list("pk", flat=True)) == found
        assert {case for case, _number in items(query)} == found

"""All spellings of a section count, filter and list as one; letters keep the printed spelling."""

import pytest
from django.db import connection
from django.http import QueryDict

from determinations.browsing.selection import parse_selection
from determinations.filters import ItemFilter
from determinations.models import Authority, Citation, CitationFact, ItemFact, SectionName
from determinations.reference.section_labels import relabel_sections
from determinations.reference.seed import seed_reference_tables
from determinations.statistics.authority_parts import PARTS, count_parts
from determinations.statistics.sql_engine import SqlEngine
from tests.corrections.letters import citation, document, item, stored_letter

pytestmark = pytest.mark.django_db

KEY = "mtus/chronic-pain"


@pytest.fixture
def spelled() -> list[int]:
    """Three letters that cite a section in three spellings; one of them uses two spellings."""
    named = [["Topical Analgesics"], ["topical analgesics", "Topical analgesic"], ["Topical analgesics"]]
    return [
        stored_letter(
            document(item("Cream", reviewer=[citation(KEY, "2016", *names)]), case_number=f"CM16-900001{number}")
        ).pk
        for number, names in enumerate(named)
    ]


def counted() -> dict[tuple[str, str], int]:
    tallies = count_parts(
        SqlEngine(), parse_selection(QueryDict()).selection, Authority.objects.get(key=KEY).pk, PARTS[0]
    )
    return {key: tally.items for key, tally in tallies.items()}


def matching_letters(query: str) -> set[int]:
    return set(ItemFilter(QueryDict(query), queryset=ItemFact.objects.all()).qs.values_list("case_id", flat=True))


def test_spellings_are_counted_once_and_kept_as_printed(spelled: list[int]) -> None:
    assert counted() == {("reviewer", "Topical analgesics"): 3}
    printed = [name for names in Citation.objects.values_list("sections", flat=True) for name in names]
    assert sorted(printed) == ["Topical Analgesics", "Topical analgesic", "Topical analgesics", "topical analgesics"]


@pytest.mark.parametrize(
    "query",
    [
        f"reviewer_cites={KEY}@Topical+analgesics",
        f"reviewer_cites={KEY}@Topical+Analgesics",
        "reviewer_section=topical+anal",
        "reviewer_section=Topical-Analgesics",
    ],
)
def test_any_spelling_finds_all_letters(query: str, spelled: list[int]) -> None:
    assert matching_letters(query) == set(spelled)


def test_another_section_finds_no_letters(spelled: list[int]) -> None:
    assert matching_letters(f"reviewer_cites={KEY}@Physical+therapy") == set()
    assert matching_letters("claims_section=topical") == set()


def test_facts_follow_a_changed_label(spelled: list[int]) -> None:
    SectionName.objects.update(label="An older label")
    CitationFact.objects.update(sections=["An older label"])
    seed_reference_tables()
    assert counted() == {("reviewer", "Topical analgesics"): 3}
    assert set(SectionName.objects.values_list("label", flat=True)) == {"Topical analgesics"}
    assert relabel_sections("default") == 0


def test_names_without_labels_are_labeled(spelled: list[int]) -> None:
    """The state after the migration."""
    SectionName.objects.update(label="")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_citationfact AS fact SET sections = cited.sections FROM determinations_citation cited
            WHERE cited.item_id = fact.fact_id AND cited.side = fact.side AND cited.authority_id = fact.authority_id
            """
        )
    assert relabel_sections("default") == 4
    assert counted() == {("reviewer", "Topical analgesics"): 3}

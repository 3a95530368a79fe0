"""The pages about grounds: tables that equal the plain count, numbers that equal their lists, sentences, exports."""

import random
import re
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from determinations.browsing.selection import parse_selection
from determinations.cases.old_grounds import count_old_grounds
from determinations.corrections.actions import correct_field
from determinations.models import DisputedItem, Letter, ParsedDocument
from determinations.parsing.grounds import GROUNDS
from determinations.statistics.documentation import ELEMENTS, count_elements, speaks_of
from determinations.statistics.ground_questions import QUESTIONS
from determinations.statistics.ground_tables import AXES, ground_table
from determinations.statistics.sql_engine import SqlEngine
from determinations.tasks import renew_grounds
from determinations.wording.labels import read_labels
from tests.corrections.letters import document, item, stored_letter
from tests.fixtures.people import People
from tests.statistics import plain_count as plain
from tests.statistics.test_pages import each_number_equals_its_list
from tests.statistics.worlds import random_query, stored_world

pytestmark = pytest.mark.django_db

TEXT = "Synthetic: no exam finding. Synthetic: the MRI shows a tear. Synthetic: quantity exceeds the limit."
SENTENCES = [match.span() for match in re.finditer(r"Synthetic[^.]*\.", TEXT)]
THERAPY = {"category": "Rehabilitation", "subcategory": "PT/OT"}


def ground(code: str, sentence: int | None = None) -> dict[str, object]:
    return {"code": code, "rule": "test", "span": None if sentence is None else list(SENTENCES[sentence])}


@pytest.fixture
def therapy() -> list[Letter]:
    upheld = [ground("criteria_not_met", 0), ground("exceeds_limits", 2)]
    overturned = [ground("criteria_met", 1)]
    return [
        stored_letter(
            document(
                item(f"{n} visits of therapy", "overturned" if n == 3 else "upheld", **THERAPY,
                     grounds=overturned if n == 3 else upheld),
                case_number=f"CM16-900000{n}",
            ),
            text=TEXT,
        )
        for n in (1, 2, 3)
    ]  # fmt: skip


def test_every_question_has_two_grounds_of_its_own_of_opposite_decisions() -> None:
    codes = [code for question in QUESTIONS for code in (question.upheld, question.overturned)]
    assert len(codes) == len(set(codes))
    for question in QUESTIONS:
        assert GROUNDS[question.upheld].decision == "upheld"
        assert GROUNDS[question.overturned].decision == "overturned"


def test_tables_of_grounds_equal_the_plain_count() -> None:
    chance = random.Random(12)
    stored_world(chance, 40)
    labels, everything = read_labels(), plain.countable_items()
    for query in (QueryDict(), *(random_query(chance) for _ in range(6))):
        items = plain.matching(everything, query)
        for axis in AXES.values():
            table = ground_table(SqlEngine(), axis, parse_selection(query).selection, labels)
            assert (table.total.items, table.total.decided, table.total.overturned) == plain.count(items)
            cells = {
                (row.key, code): (tally.items, tally.decided, tally.overturned)
                for row in table.rows
                for code, tally in row.by_ground.items()
            }

            def keys(item: DisputedItem, axis=axis):
                return {(key, c) for key in axis.statistic.plain(item) for c in (item.grounds or ["unknown"])}

            assert cells == plain.by(items, keys), (query.urlencode(), axis.statistic.key)
            assert {row.key: row.total.items for row in table.rows} == {
                key: counts[0] for key, counts in plain.by(items, axis.statistic.plain).items()
            }


def test_sections_of_all_authorities_equal_those_of_each() -> None:
    stored_world(random.Random(13), 30)
    engine, selection = SqlEngine(), parse_selection(QueryDict()).selection
    counted = {group.raw: group[1:] for group in engine.count_sections(selection)}
    by_authority = {
        (side, authority.id, section): counts
        for authority in read_labels().authorities
        for (side, section), *counts in engine.count_parts(selection, authority.id, "sections")
    }
    assert {key: list(counts) for key, counts in counted.items()} == by_authority


def test_numbers_about_grounds_equal_their_lists(as_supervisor: Client) -> None:
    stored_world(random.Random(14), 25)
    counted: dict[str, int] = {}
    address = reverse("grounds")
    for query in ("", "&decision=upheld", "&sex=male&ground=criteria_met", "&claims_family=mtus"):
        for by in ("category", "reviewer-authority", "claims-family", "time"):
            each_number_equals_its_list(as_supervisor, f"{address}?by={by}{query}", some=12, counted=counted)
        each_number_equals_its_list(as_supervisor, f"{address}?of=overturned{query}", some=12, counted=counted)
    profile = reverse("treatment", args=["Pharmaceuticals", "Opioids"])
    for query in ("", "&claims_family=mtus", "&decision=upheld"):
        each_number_equals_its_list(as_supervisor, f"{profile}?whole=1{query}", some=25, counted=counted)


def test_questions_are_ranked_by_the_lower_end_of_their_interval(as_supervisor: Client) -> None:
    for category, won in (("Surgery", 12), ("Injection", 30)):
        requests = [
            item("Synthetic", "overturned" if n < won else "upheld", category=category, subcategory=category,
                 grounds=[ground("criteria_met" if n < won else "criteria_not_met")])
            for n in range(40)
        ]  # fmt: skip
        if category == "Surgery":
            requests = [{**request, "subcategory": "Other"} for request in requests]
        stored_letter(document(*requests, case_number=None))
    page = as_supervisor.get(reverse("grounds"))
    ranked = [(row.row, row.tally.overturned, row.tally.decided) for row in page.context["overturned_most"]]
    assert ranked == [("Injection", 30, 40), ("Surgery", 12, 40)]
    assert [row.tally.rate for row in page.context["questions"]] == [52.5]


def test_small_rows_are_grayed_out_and_left_out_of_the_ranking(as_supervisor: Client, therapy: list[Letter]) -> None:
    page = as_supervisor.get(reverse("grounds"), {"by": "subcategory"})
    (row,) = page.context["rows"]
    assert (row.items.value, row.enough) == (2, False)
    assert "at least 30 needed" in page.content.decode()
    assert page.context["overturned_most"] == []


def test_sentences_are_one_click_from_their_number(as_supervisor: Client, therapy: list[Letter]) -> None:
    profile = as_supervisor.get(reverse("treatment", args=["Rehabilitation", "PT/OT"]), {"whole": "1"})
    row = next(row for row in profile.context["questions"] if row.question.key == "criteria")
    page = as_supervisor.get(row.sentences_url)
    shown = {decision: [q.sentence for i in items for q in i.quotations] for decision, items in page.context["sides"]}
    exam, tear, _quantity = (TEXT[start:end] for start, end in SENTENCES)
    assert shown == {"upheld": [exam, exam], "overturned": [tear]}
    link = unescape(re.findall(r'href="([^"]*value=[^"]*)">Show in the letter', page.content.decode())[0])
    assert as_supervisor.get(link).context["chosen"] == "items/1/grounds/1"


def test_what_sentences_speak_of_equals_the_sentences_listed(as_supervisor: Client, therapy: list[Letter]) -> None:
    page = as_supervisor.get(reverse("grounds_documentation"))
    rows = {row.count.element.key: row for row in page.context["elements"]}
    assert (rows["tests"].overturned.value, rows["tests"].upheld.value) == (1, 0)
    assert (rows["quantity"].overturned.value, rows["quantity"].upheld.value) == (0, 2)
    for row in rows.values():
        for decision in ("upheld", "overturned"):
            number = getattr(row, decision)
            if number.link:
                listed = dict(as_supervisor.get(number.link).context["sides"])
                assert len(listed[decision]) == number.value


def test_a_corrected_ground_has_no_sentence_of_another(as_supervisor: Client, people: People) -> None:
    letter = stored_letter(
        document(item("Synthetic", grounds=[ground("risk", 0), ground("criteria_not_met", 1)])), text=TEXT
    )
    correct_field(
        letter.pk, "items/1/grounds", ["other", "risk"], by=people.admin, now=timezone.now(), reason="misread"
    )
    ((_decision, items), _overturned) = as_supervisor.get(reverse("ground_sentences")).context["sides"]
    assert [quotation.ground for quotation in items[0].quotations] == ["Risk outweighs benefit"]


def test_sentences_need_the_permission_to_browse(client: Client, people: People, therapy: list[Letter]) -> None:
    client.force_login(people.outsider)
    for name in ("ground_sentences", "grounds_documentation", "treatments", "grounds", "accuracy", "glossary"):
        assert client.get(reverse(name)).status_code == 403, name


def test_a_case_manager_reads_profiles_without_other_statistics(as_casemanager: Client, therapy: list[Letter]) -> None:
    profile = as_casemanager.get(reverse("treatment", args=["Rehabilitation", "PT/OT"]), {"whole": "1"})
    assert profile.status_code == 200
    assert [tab["key"] for tab in profile.context["sections"]] == ["treatments", "accuracy", "glossary"]
    content = profile.content.decode()
    assert reverse("grounds") + "?" not in content
    assert "/citations/authorities/" not in content
    for link in set(re.findall(r'<a [^>]*href="(/(?:statistics|citations)[^"#]*)', content)):
        assert as_casemanager.get(unescape(link)).status_code == 200, link
    assert as_casemanager.get(reverse("grounds")).status_code == 403


@pytest.mark.parametrize("name", ["grounds", "ground_sentences", "grounds_documentation", "cited_sections"])
def test_the_number_of_queries_does_not_grow_with_the_items(
    as_supervisor: Client, therapy: list[Letter], name: str
) -> None:
    as_supervisor.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        as_supervisor.get(reverse(name), {"sex": "female"})
    for n in range(4, 9):
        stored_letter(
            document(item("Therapy", **THERAPY, grounds=[ground("risk", 0)]), case_number=f"CM16-900000{n}"), text=TEXT
        )
    with CaptureQueriesContext(connection) as more:
        as_supervisor.get(reverse(name), {"sex": "female"})
    assert len(more) <= len(few) <= 22


def test_exports_have_the_cells_of_the_table(as_supervisor: Client, therapy: list[Letter]) -> None:
    rows = as_supervisor.get("/statistics/grounds/table.json?by=subcategory").json()["rows"]
    assert [(row["upheld items"], row["Beyond limits"], row["Beyond limits, percent"]) for row in rows] == [
        (2, 2, 100)
    ]
    for format in ("csv", "xlsx"):
        assert as_supervisor.get(f"/statistics/grounds/table.{format}?of=overturned").status_code == 200


def test_letters_with_grounds_of_earlier_rules_are_counted_until_workers_have_read_them_again(
    as_supervisor: Client, therapy: list[Letter]
) -> None:
    ParsedDocument.objects.filter(pk=therapy[0].pk).update(grounds_version=0)
    assert count_old_grounds().number == 1
    said = "1 letter still has the grounds that earlier rules recognized"
    for address in (reverse("grounds"), reverse("treatments"), reverse("statistic", args=["ground"])):
        assert said in as_supervisor.get(address).content.decode(), address
    renew_grounds()
    assert not count_old_grounds()
    assert said not in as_supervisor.get(reverse("grounds")).content.decode()


def test_a_case_says_that_it_was_read_before_grounds(as_casemanager: Client) -> None:
    letter = stored_letter(document(item("Knee MRI")))  # by version 1
    ParsedDocument.objects.filter(pk=letter.pk).update(grounds_version=0)
    content = as_casemanager.get(reverse("case_detail", args=[letter.pk])).content.decode()
    assert "was read before grounds were recognized" in content


def test_elements_count_each_item_once() -> None:
    counts = {
        count.element.key: (count.upheld, count.overturned)
        for count in count_elements([["No exam findings.", "The exam was brief."]], [["Pain relief of half."], []])
    }
    assert counts == {"examination": (1, 0), "pain": (0, 1)}
    assert speaks_of("tests", "The MRI shows a tear.")
    assert not speaks_of("tests", "The knee is stable.")
    assert len({element.key for element in ELEMENTS}) == len(ELEMENTS)

"""Grounds of stored letters are read again when the rules or weights change; nothing else of a letter changes."""

from typing import cast

import pytest

from determinations.cases.old_grounds import letters_with_old_grounds
from determinations.corrections import actions
from determinations.models import DisputedItem, ItemFact, Letter, ParsedDocument
from determinations.parsing import parse_letter
from determinations.parsing.results import LetterRecord, to_record
from determinations.reading.grounds_again import read_grounds_again
from determinations.synthetic import write_letter
from tests.corrections.letters import NOW, stored_letter
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db


def read_by_earlier_rules(**values: object) -> tuple[Letter, LetterRecord]:
    """A stored letter with what the parser reads now, whose stored grounds are those of earlier rules, which found
    none; and what the parser reads now."""
    number = next(n for n in range(100) if sum(bool(i.grounds) for i in parse_letter(write_letter(n).text).items) > 1)
    text = write_letter(number).text
    fresh = to_record(parse_letter(text))
    doubt = {"code": "grounds_not_found", "message": "", "span": None, "path": "items/1/grounds"}
    earlier = {
        **fresh,
        **values,
        "items": [{**item, "grounds": []} for item in fresh["items"]],
        "problems": [*fresh["problems"], doubt],
    }
    letter = stored_letter(earlier, text=text)
    ParsedDocument.objects.filter(pk=letter.pk).update(grounds_version=0)
    return letter, fresh


def stored_codes(letter: Letter) -> dict[int, list[str]]:
    items = DisputedItem.objects.filter(case=letter.pk).order_by("number")
    return {item.number: sorted(item.grounds) for item in items}


def test_grounds_are_read_again_and_a_correction_of_them_stays(people: People) -> None:
    letter, fresh = read_by_earlier_rules(age=7)
    actions.correct_field(letter.pk, "items/2/grounds", ["other"], by=people.admin, now=NOW, reason="misread")
    assert letters_with_old_grounds(10) == [letter.pk]
    assert read_grounds_again(10) == 1
    expected = {item["number"]: sorted(ground["code"] for ground in item["grounds"]) for item in fresh["items"]}
    assert stored_codes(letter) == {**expected, 2: ["other"]}
    facts = [sorted(grounds) for grounds in ItemFact.objects.filter(case=letter.pk).values_list("grounds", flat=True)]
    assert expected[1] in facts
    document = ParsedDocument.objects.get(pk=letter.pk).document
    assert document == cast(LetterRecord, {**fresh, "age": 7}), "grounds and their doubt change, the age does not"
    assert read_grounds_again(10) == 0


def test_an_item_that_would_be_read_otherwise_keeps_its_grounds() -> None:
    letter, fresh = read_by_earlier_rules()
    stored = ParsedDocument.objects.get(pk=letter.pk)
    stored.document["items"][0]["rationale"] = "Another text."
    stored.save()
    assert read_grounds_again(10) == 1
    items = ParsedDocument.objects.get(pk=letter.pk).document["items"]
    assert [item["grounds"] for item in items] == [[], *(item["grounds"] for item in fresh["items"][1:])]


def test_a_letter_without_text_is_done_with_what_it_has() -> None:
    letter, _fresh = read_by_earlier_rules()
    letter.text.delete()
    assert read_grounds_again(10) == 1
    assert set(map(tuple, stored_codes(letter).values())) == {()}
    assert letters_with_old_grounds(10) == []

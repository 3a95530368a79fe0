"""Values belong to the case number: they are on every letter of it, whatever happens to the letters."""

import pytest
from django.core.exceptions import PermissionDenied

from determinations.cases.effective import remove_letters, write_cases
from determinations.cases.office_values import copy_pending
from determinations.corrections import actions
from determinations.models import AuditEvent, Case, CaseValues, ItemFact, OfficeField, OfficeValue
from determinations.office_fields import records
from determinations.office_fields.applying import merge_values, part_values
from determinations.office_fields.records import Submitted, ValuesRefused
from tests.browsing.conftest import NOW, store_texts
from tests.duties.conftest import letter_text
from tests.fixtures.people import People
from tests.office_fields.conftest import ITEMS, Enter, copied, field, number, pending, stored, texts

pytestmark = pytest.mark.django_db


def test_a_value_is_on_the_case_and_its_facts_at_once(enter: Enter) -> None:
    pk = stored(1)
    assert enter(1, employer="Acme, Inc.", claim="WC-1001") == 2
    assert texts(1) == copied(Case.objects.get(pk=pk)) == {"employer": "Acme, Inc.", "claim": "WC-1001"}
    assert [copied(fact) for fact in ItemFact.objects.filter(case=pk)] == [texts(1)] * 2
    event = AuditEvent.objects.get(action="office_values.edited")
    assert event.detail == {
        "case_number": number(1),
        "fields": ["claim", "employer"],
    }  # the values are not in the trail


def test_values_wait_for_a_letter_that_has_not_arrived(enter: Enter) -> None:
    enter(7, employer="Acme")
    assert copied(Case.objects.get(pk=stored(7))) == {"employer": "Acme"}


def test_values_survive_reading_again_copies_amended_letters_and_removal(enter: Enter, people: People) -> None:
    first = stored(1)
    enter(1, employer="Acme", provider="Dr. Synthetic")
    kept = texts(1)
    write_cases([first])
    assert copied(Case.objects.get(pk=first)) == kept
    copy, amended = store_texts(
        [letter_text(1, ITEMS) + "\n\n", letter_text(1, {"Another synthetic brace": "Upheld"})]
    )
    for pk in (first, copy, amended):
        assert copied(Case.objects.get(pk=pk)) == kept
    remove_letters([first, amended])
    assert copied(Case.objects.get(pk=copy)) == kept
    remove_letters([copy])
    assert texts(1) == kept
    assert copied(Case.objects.get(pk=stored(1))) == kept


def test_a_corrected_case_number_brings_the_values_of_that_number(enter: Enter, people: People) -> None:
    pk = stored(1)
    enter(1, employer="Acme")
    enter(2, employer="Globex")
    actions.correct_field(pk, "case_number", number(2), by=people.admin, now=NOW, reason="misread")
    assert copied(Case.objects.get(pk=pk)) == {"employer": "Globex"}
    assert copied(ItemFact.objects.filter(case=pk)[0]) == {"employer": "Globex"}
    actions.correct_field(pk, "case_number", number(3), by=people.admin, now=NOW, reason="misread")
    assert copied(Case.objects.get(pk=pk)) == {}


def test_spellings_are_one_value_and_what_was_typed_is_in_the_history(enter: Enter) -> None:
    enter(1, employer="ACME Inc")
    enter(2, employer="Acme, Inc.")
    assert texts(1) == texts(2) == {"employer": "ACME Inc"}
    assert OfficeValue.objects.count() == 1
    assert records.history_of(number(2), [field("employer")])[0].new == "Acme, Inc."
    assert enter(2, employer="acme inc") == 0


def test_two_users_who_edit_one_value_lose_nothing(enter: Enter, people: People) -> None:
    employer, claim = field("employer"), field("claim")
    enter(1, employer="Acme")
    seen = OfficeValue.objects.get().pk
    fields = [employer, claim]
    enter(1, employer="Globex")
    late = [Submitted(employer.slot, "Initech", seen), Submitted(claim.slot, "WC-1", 0)]
    with pytest.raises(ValuesRefused, match="It is now “Globex”") as refused:
        records.edit_values(number(1), late, fields, by=people.admin, now=NOW)
    assert texts(1) == {"employer": "Globex"}
    now = refused.value.now[employer.slot]
    assert now
    again = [Submitted(employer.slot, "Initech", now.pk), Submitted(claim.slot, "WC-1", 0)]
    assert records.edit_values(number(1), again, fields, by=people.admin, now=NOW) == 2
    assert [(change.old, change.new) for change in records.history_of(number(1), [employer])] == [
        ("Globex", "Initech"), ("Acme", "Globex"), ("", "Acme"),
    ]  # fmt: skip


def test_one_wrong_value_saves_none(enter: Enter, people: People) -> None:
    OfficeField.objects.filter(key="adjuster").update(kind="date")
    with pytest.raises(ValuesRefused) as refused:
        enter(1, employer="Acme", adjuster="yesterday")
    assert list(refused.value.by_slot) == [field("adjuster").slot]
    assert not CaseValues.objects.exists()


def test_editing_needs_the_permission_and_the_role(enter: Enter, people: People) -> None:
    employer = field("employer")
    submitted = [Submitted(employer.slot, "Acme", 0)]
    with pytest.raises(PermissionDenied):
        records.edit_values(number(1), submitted, [employer], by=people.outsider, now=NOW)
    OfficeField.objects.filter(pk=employer.pk).update(edited_by=["admin"])
    employer.refresh_from_db()
    with pytest.raises(ValuesRefused, match="Your role does not edit this field"):
        records.edit_values(number(1), submitted, [employer], by=people.casemanager, now=NOW)
    assert records.edit_values(number(1), submitted, [employer], by=people.admin, now=NOW) == 1


def test_merged_values_count_as_one_and_can_be_parted(enter: Enter) -> None:
    one, other = stored(1), stored(2)
    enter(1, employer="Acme Incorporated")
    enter(2, employer="Acme")
    long, short = OfficeValue.objects.get(printed="Acme Incorporated"), OfficeValue.objects.get(printed="Acme")
    assert merge_values(long, short) == 1
    assert texts(1) == {"employer": "Acme"}
    assert pending() == copy_pending() == 1
    assert {fact.field_2 for fact in ItemFact.objects.all()} == {short.pk}
    assert enter(1, employer="ACME INCORPORATED") == 0  # it is the value that counts already
    write_cases([one])
    assert copied(Case.objects.get(pk=one)) == {"employer": "Acme"}
    part_values(OfficeValue.objects.get(pk=long.pk))
    copy_pending()
    assert copied(Case.objects.get(pk=one)) == {"employer": "Acme Incorporated"}
    assert copied(Case.objects.get(pk=other)) == {"employer": "Acme"}
    assert pending() == 0


def test_a_retired_or_renamed_field_keeps_its_values(enter: Enter) -> None:
    pk = stored(1)
    enter(1, employer="Acme")
    OfficeField.objects.filter(key="employer").update(retired_at=NOW, name="Insured")
    write_cases([pk])
    OfficeField.objects.filter(key="employer").update(retired_at=None)
    assert texts(1) == copied(Case.objects.get(pk=pk)) == {"employer": "Acme"}

"""A case that has no row yet, and lists of numbers in the statements that write many letters."""

from collections.abc import Collection
from typing import cast

import pytest
from django.db import DataError, transaction

from determinations.cases.effective import _new_case
from determinations.models import Case, Letter
from determinations.models.any_of import AnyOf
from tests.corrections.letters import document, item, stored_letter

pytestmark = pytest.mark.django_db


def test_a_new_case_has_the_values_of_one_made_with_all_columns() -> None:
    letter = stored_letter(document(item("Synthetic knee brace")))
    case, whole = _new_case(letter), Case(letter_id=letter.pk, office_set_id=letter.office_set_id)
    for name in ("pk", "letter_id", "case_number", "superseded_by_id", "is_copy", "office_set_id"):
        assert getattr(case, name) == getattr(whole, name), name


def test_letters_are_found_by_lists_of_numbers_and_by_nothing_else() -> None:
    letters = [stored_letter() for _ in range(3)]
    wanted = [letter.pk for letter in letters[:2]]
    assert set(Letter.objects.filter(AnyOf("pk", wanted))) == set(letters[:2])
    assert not Letter.objects.filter(AnyOf("pk", []))
    for wrong in ("1} OR true", "NaN", 2**70):
        with pytest.raises(DataError), transaction.atomic():
            list(Letter.objects.filter(AnyOf("pk", cast(Collection[int], [wrong]))))

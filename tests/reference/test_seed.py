"""The tables of guidelines and categories are there after a migration, and stay as people left them."""

import pytest

from determinations.models import Authority, Category
from determinations.parsing.citations import authorities
from determinations.reference.seed import seed_reference_tables

pytestmark = pytest.mark.django_db


def test_the_tables_are_filled() -> None:
    assert set(Authority.objects.values_list("key", flat=True)) == {entry.key for entry in authorities()}
    assert Category.objects.filter(name="Diagnostic Testing", subcategory="Imaging").exists()


def test_again_adds_what_is_missing_and_keeps_what_people_changed() -> None:
    changed = Authority.objects.get(key="mtus/low-back")
    changed.title = "As an administrator wrote it"
    changed.save()
    Authority.objects.get(key="mtus/knee").delete()
    seed_reference_tables()
    assert Authority.objects.get(key="mtus/low-back").title == "As an administrator wrote it"
    assert Authority.objects.filter(key="mtus/knee").count() == 1

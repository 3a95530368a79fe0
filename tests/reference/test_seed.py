"""Migrations seed the tables of guidelines and categories, and keep changes by staff."""

import pytest

from determinations.models import Authority, Category
from determinations.parsing.citations import authorities
from determinations.reference.seed import seed_reference_tables

pytestmark = pytest.mark.django_db


def test_migrations_seed_the_tables() -> None:
    assert set(Authority.objects.values_list("key", flat=True)) == {entry.key for entry in authorities()}
    assert Category.objects.filter(name="Diagnostic Testing", subcategory="Imaging").exists()


def test_seeding_again_adds_missing_rows_and_keeps_changes() -> None:
    changed = Authority.objects.get(key="mtus/low-back")
    changed.title = "As an administrator wrote it"
    changed.save()
    Authority.objects.get(key="mtus/knee").delete()
    seed_reference_tables()
    assert Authority.objects.get(key="mtus/low-back").title == "As an administrator wrote it"
    assert Authority.objects.filter(key="mtus/knee").count() == 1

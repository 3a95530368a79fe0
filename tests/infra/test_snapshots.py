"""What tests that commit begin with: the rows of the migrations, whatever the test before did to them."""

from collections import Counter

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import F

from determinations.models import Authority, Category, DutyRule, Letter, StatewideFigure
from tests.corrections.letters import document, item, stored_letter
from tests.postgresql.base import MIGRATED
from tests.postgresql.snapshots import restore

_KEPT = (Authority, Category, DutyRule, StatewideFigure)


def _rows() -> dict[str, Counter[tuple[object, ...]]]:
    return {model.__name__: Counter(model._default_manager.values_list()) for model in (*_KEPT, Letter)}


def _deletes_only_what_changed() -> bool:
    """Whether the role of these tests may delete without checks; any other one empties all tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        return bool(cursor.fetchone()[0])


def _writers_of_permissions() -> set[int]:
    """The transactions that wrote the permissions, of which there are most."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT xmin::text::bigint FROM {Permission._meta.db_table}")
        return {transaction for (transaction,) in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_changed_rows_are_as_migrated_again_and_others_are_left_alone() -> None:
    before, written = _rows(), _writers_of_permissions()
    stored_letter(document(item("Knee brace")))
    Authority.objects.filter(pk=Authority.objects.latest("pk").pk).update(title="Another")
    StatewideFigure.objects.filter(pk=StatewideFigure.objects.latest("pk").pk).delete()
    DutyRule.objects.update(by_mail=F("by_mail"))  # the same values, in new rows
    changed = _rows()
    assert all(changed[name] != before[name] for name in ("Authority", "StatewideFigure", "Letter"))
    for _again in range(2):
        with connection.cursor() as cursor:
            restore(cursor, MIGRATED)
        assert _rows() == before
        assert _writers_of_permissions() == written or not _deletes_only_what_changed()

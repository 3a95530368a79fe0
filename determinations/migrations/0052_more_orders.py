"""Lists sort by outcome, category, reviewer, decision and due date; built without holding anybody up."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Q


def _by(column: str, key: str, name: str, *, nullable: bool = False, **more: Q) -> models.Index:
    order = F(column).desc(nulls_last=True) if nullable else F(column).desc()
    return models.Index(order, F(key).desc(), name=name, **more)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("determinations", "0051_due_dates_of_cases")]

    operations = [
        AddIndexConcurrently("case", _by("outcome", "letter", "case_by_outcome")),
        AddIndexConcurrently("case", _by("category_ids", "letter", "case_by_category")),
        AddIndexConcurrently("case", _by("specialties", "letter", "case_by_specialty")),
        AddIndexConcurrently(
            "case", _by("due_on", "letter", "case_by_due_date", nullable=True, condition=Q(due_on__isnull=False))
        ),
        AddIndexConcurrently("itemfact", _by("category", "item", "fact_by_category")),
        AddIndexConcurrently("itemfact", _by("overturned", "item", "fact_by_decision", nullable=True)),
    ]

"""Indexes of current cases alone, from which the home page counts them without reading their rows.

What an interrupted run left of an index goes first, since PostgreSQL keeps an unfinished one.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

_NEW = ("case_current_state", "case_current_outcome", "case_current_added")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("determinations", "0076_damaged_texts_failing_views")]
    operations = [
        *(migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop) for name in _NEW),
        AddIndexConcurrently(
            "case",
            models.Index(
                condition=models.Q(("superseded_by__isnull", True)), fields=["state"], name="case_current_state"
            ),
        ),
        AddIndexConcurrently(
            "case",
            models.Index(
                condition=models.Q(("superseded_by__isnull", True)), fields=["outcome"], name="case_current_outcome"
            ),
        ),
        AddIndexConcurrently(
            "case",
            models.Index(
                condition=models.Q(("added_at__isnull", False), ("superseded_by__isnull", True)),
                fields=["added_at"],
                include=["outcome"],
                name="case_current_added",
            ),
        ),
        RemoveIndexConcurrently("case", "case_added"),
    ]

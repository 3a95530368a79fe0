"""The index of waiting letters holds scans too; built without holding anybody up."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("determinations", "0031_scans")]

    operations = [
        AddIndexConcurrently(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("state__in", ("received", "parsing", "scan_waiting"))),
                fields=["state", "queued_at"],
                name="letter_waiting",
            ),
        ),
        RemoveIndexConcurrently(model_name="letter", name="letter_open"),
    ]

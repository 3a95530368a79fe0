"""A removed letter names the copies on which its corrections stay in force."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("determinations", "0033_unrecognized_source")]

    operations = [
        migrations.AddField(
            model_name="removedletter",
            name="copies",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                db_default=[],
                default=list,
                help_text="letters of which it was a copy, and on which its corrections stay in force",
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="removedletter",
            index=django.contrib.postgres.indexes.GinIndex(fields=["copies"], name="removed_copies"),
        ),
    ]

"""By which form of the rules and the model the grounds of a letter were recognized; stored ones are read again."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("determinations", "0061_opening")]
    operations = [
        migrations.AddField(
            "parseddocument",
            "grounds_version",
            models.SmallIntegerField(
                default=0,
                db_default=0,
                help_text="the form of the rules and weights that recognized the grounds (see reading.grounds_again)",
            ),
        ),
        AddIndexConcurrently("parseddocument", models.Index(fields=["grounds_version"], name="grounds_version")),
    ]

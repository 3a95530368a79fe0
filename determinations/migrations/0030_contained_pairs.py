"""A pair of letters may be one whose text the other contains. Only Django's record of the choices changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("determinations", "0029_plain_english")]
    operations = [
        migrations.AlterField(
            "letterpair",
            "kind",
            models.CharField(
                choices=[
                    ("case_number", "same case number"),
                    ("text", "same text"),
                    ("contained", "text contained in the other"),
                    ("alike", "nearly the same text"),
                ],
                max_length=12,
            ),
        ),
    ]

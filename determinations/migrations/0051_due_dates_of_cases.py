"""The earliest due date of a case's open duties, by which the case list sorts."""

from django.db import migrations, models

_FILL = """
UPDATE determinations_case AS c SET due_on = open.due_on
FROM (
    SELECT letter_id, min(due_on) AS due_on FROM determinations_duty WHERE state = 'open' GROUP BY letter_id
) AS open
WHERE c.letter_id = open.letter_id AND open.due_on IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("determinations", "0050_selected_rows")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="due_on",
            field=models.DateField(
                help_text="the earliest due date of its open duties; only duties.records writes it", null=True
            ),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
    ]

"""A removed letter is known by its place in the text of its file, so that reading the file again does not add it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("determinations", "0026_parts_of_files")]
    operations = [
        migrations.AddField(
            "removedletter",
            "start",
            models.IntegerField(help_text="where the letter began in the text of its file", null=True),
        ),
        migrations.AddField(
            "removedletter",
            "end",
            models.IntegerField(help_text="where the letter ended in the text of its file", null=True),
        ),
    ]

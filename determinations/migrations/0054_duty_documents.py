"""Documents that show how duties were met."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0053_own_pages"),
    ]

    operations = [
        migrations.CreateModel(
            name="DutyDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_number", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("media_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField(help_text="bytes")),
                ("sha256", models.CharField(max_length=64)),
                ("store_name", models.CharField(max_length=40, unique=True)),
                ("by_name", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="duty_documents",
                        to="determinations.letter",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["letter", "item_number"], name="duty_document_of_item")],
            },
        ),
    ]

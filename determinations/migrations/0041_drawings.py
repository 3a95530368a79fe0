"""What is to be drawn from letters' files by workers, and what could not be."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0040_search_vocabulary"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Drawing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("page", "picture of a page"),
                            ("places", "places of values on the pages"),
                            ("count", "number of pages"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("requested_at", models.DateTimeField()),
                (
                    "version",
                    models.PositiveSmallIntegerField(
                        help_text="version of the drawing code that was requested or failed"
                    ),
                ),
                (
                    "failure",
                    models.CharField(
                        blank=True, help_text="why it cannot be drawn, without letter text", max_length=200
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drawings",
                        to="determinations.letter",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("failure", "")), fields=["requested_by", "id"], name="drawing_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("letter", "kind", "number", "digest"), name="drawing_once")
                ],
            },
        ),
    ]

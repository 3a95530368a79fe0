"""The file store that belongs to this database, the last sweep, workers that read no letters, and forms
that arrived after their session had ended."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0038_order_of_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                (
                    "store_id",
                    models.CharField(help_text="also in the file store-id of the letter store", max_length=32),
                ),
                (
                    "swept_at",
                    models.DateTimeField(help_text="when the sweep last finished, by the database's clock", null=True),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="installation_one_row"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StoppedWorker",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                (
                    "seen_at",
                    models.DateTimeField(
                        help_text="when the worker last reported it; an old row is of a worker that ended"
                    ),
                ),
                ("reasons", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="TypedForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(help_text="address of the page, without its query string", max_length=300)),
                ("body", models.TextField(help_text="the form as the browser sent it")),
                ("kept_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("by", "path"), name="typed_form_once")],
            },
        ),
    ]

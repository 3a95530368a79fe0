"""Filters that are too long for an address."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0041_drawings"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredFilter",
            fields=[
                ("key", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("query", models.TextField(help_text="filters, as in the address")),
                ("stored_at", models.DateTimeField()),
            ],
        ),
    ]

"""The words of the letters, for corrections of searches and suggestions; workers fill them."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("determinations", "0039_installation")]
    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("word", models.CharField(db_collation="C", max_length=60, primary_key=True, serialize=False)),
                ("letters", models.PositiveIntegerField(help_text="how many of the letters counted have it")),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(models.F("word"), name="gin_trgm_ops"),
                        name="search_word_parts",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="SearchVocabulary",
            fields=[
                ("id", models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("counted_at", models.DateTimeField()),
                ("last_letter", models.BigIntegerField(help_text="the newest letter then")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="search_vocabulary_one_row")
                ]
            },
        ),
    ]

"""Spellings of one section have one label. Labels and facts are filled when the migrations are through (see seed.py)."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("determinations", "0023_never_emptied")]

    operations = [
        migrations.AddField(
            model_name="sectionname",
            name="label",
            field=models.CharField(
                default="", help_text="see determinations.parsing.citations.spellings", max_length=300
            ),
        ),
        migrations.AddIndex(
            model_name="sectionname",
            index=models.Index(fields=["label"], name="section_name_label"),
        ),
        migrations.AddIndex(
            model_name="sectionname",
            index=GinIndex(OpClass(Upper("label"), name="gin_trgm_ops"), name="section_label_parts"),
        ),
    ]

"""One fact row a citation; the table is made anew, for facts are derived, and the columns read most stand first."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("determinations", "0008_corrections_screens")]
    operations = [
        migrations.DeleteModel("CitationFact"),
        migrations.CreateModel(
            name="CitationFact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="citations",
                        to="determinations.itemfact",
                    ),
                ),
                ("on_date", models.DateField(null=True)),
                (
                    "authority",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="determinations.authority",
                    ),
                ),
                ("decision_year", models.SmallIntegerField(null=True)),
                ("overturned", models.BooleanField(null=True)),
                ("first_of_authority", models.BooleanField(help_text="of this item, side and authority, by edition")),
                (
                    "side",
                    models.CharField(
                        choices=[("claims", "Claims administrator"), ("reviewer", "Reviewer")], max_length=10
                    ),
                ),
                ("edition", models.CharField(max_length=60)),
                (
                    "sections",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), size=None),
                ),
                (
                    "pages",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
            ],
            options={"indexes": [models.Index(fields=["authority", "side"], name="citation_fact_authority")]},
        ),
        migrations.RunSQL(
            "CREATE TRIGGER leave_mark AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON determinations_citationfact "
            "FOR EACH STATEMENT EXECUTE FUNCTION determinations_leave_mark()",
            "DROP TRIGGER leave_mark ON determinations_citationfact",
        ),
    ]

"""A filter reads citations as printed: what changes there can change what a statistic counts."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("determinations", "0021_family_of_cases")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER leave_mark AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON determinations_printedcitation "
            "FOR EACH STATEMENT EXECUTE FUNCTION determinations_leave_mark()",
            "DROP TRIGGER leave_mark ON determinations_printedcitation",
        )
    ]

"""Filters read these tables too: what changes there can change what a statistic counts."""

from django.db import migrations

TABLES = ["case", "citation", "uploadedfile", "itemtext"]


def _trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER leave_mark AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON determinations_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION determinations_leave_mark()",
        f"DROP TRIGGER leave_mark ON determinations_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("determinations", "0010_published_figures")]
    operations = [_trigger(table) for table in TABLES]

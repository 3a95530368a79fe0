"""Search vectors are stored as they are: PostgreSQL's compression makes none of them smaller, and tries each time.

Only rows written from now on are stored so. The statement changes the catalog alone and takes no time.
"""

from django.db import migrations

_TABLES = ("itemtext", "casetext")


def _stored(how: str) -> str:
    return "; ".join(f"ALTER TABLE determinations_{table} ALTER COLUMN search SET STORAGE {how}" for table in _TABLES)


class Migration(migrations.Migration):
    dependencies = [("determinations", "0059_data_set")]
    operations = [migrations.RunSQL(_stored("EXTERNAL"), _stored("EXTENDED"))]

"""Search vectors of usual size stay in their rows, instead of pieces in a table of their own.

Ranking reads a page of 8 kB for each vector then, not four, and writing a letter adds a third of the rows. Only rows
written from now on are stored so. The statements change the catalog alone.
"""

from django.db import migrations

_TABLES = ("itemtext", "casetext")


class Migration(migrations.Migration):
    dependencies = [("determinations", "0074_packed_texts")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE determinations_{table} SET (toast_tuple_target = 4080)",
            f"ALTER TABLE determinations_{table} RESET (toast_tuple_target)",
        )
        for table in _TABLES
    ]

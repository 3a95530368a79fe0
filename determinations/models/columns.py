"""Which column file serves a folder, and which facts changed since it was written.

``statistics.columns`` copies the fact rows to files that a column engine counts. A file is never changed; what
happened after the snapshot it was written from is in ``FactLog``, which triggers fill (see the migration).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class FactLog(models.Model):
    """The items whose facts one statement changed; null: too many to list, or all of them.

    Rows that no column file needs are deleted.
    """

    transaction = models.BigIntegerField(help_text="ID of the transaction, as pg_current_xact_id() gives it")
    items = ArrayField(models.BigIntegerField(), null=True)

    def __str__(self) -> str:
        return f"Changed facts {self.pk}"


class ColumnFile(models.Model):
    """The column file that processes with this folder read; one row for each folder.

    ``name`` is empty until the first file is complete. The file has the facts of every transaction that ``horizon``
    shows as finished, and of no other. The row also keeps the log: entries that the horizon does not show stay.
    """

    folder = models.CharField(max_length=32, primary_key=True, help_text="as in its file folder-id")
    name = models.CharField(max_length=80, blank=True)
    horizon = models.TextField(help_text="the snapshot of the database, as pg_current_snapshot() gives it")
    database = models.CharField(max_length=60, help_text="in which these numbers of transactions mean something")
    layout = models.CharField(max_length=64, help_text="digest of the columns that the file has")
    items = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0, help_text="bytes")
    written_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(help_text="when its keeper last looked for changes")

    def __str__(self) -> str:
        return self.name or f"No column file in {self.folder}"

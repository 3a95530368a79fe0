"""How far each user has written, so that what they read from a replica includes it."""

from django.db import models


class OwnWrite(models.Model):
    """Where in the write-ahead log the last change of a user ends; of user 0: a change that everybody must see.

    A replica that has replayed less does not serve the user. Without a replica in the settings there are no rows.
    """

    user_id = models.BigIntegerField(primary_key=True)
    position = models.CharField(max_length=24, help_text="as pg_current_wal_insert_lsn() gives it")

    def __str__(self) -> str:
        return f"Last change of user {self.pk}"

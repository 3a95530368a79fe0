"""The installation itself: which file store belongs to this database, when the sweep last ran, which workers wait."""

from typing import TypedDict

from django.db import models
from django.db.models.functions import Now

#: Files by purpose (letters, pictures, exports) and by the ID of their key; an empty one: they are not encrypted.
StoreCounts = dict[str, dict[str, int]]


class Installation(models.Model):
    """A single row, written when the letter store is used for the first time."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    store_id = models.CharField(max_length=32, help_text="also in the file store-id of the letter store")
    swept_at = models.DateTimeField(null=True, help_text="when the sweep last finished, by the database's clock")

    class Meta:
        constraints = [models.CheckConstraint(name="installation_one_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "Installation"


class FileKeyInUse(models.Model):
    """A key that stored files are encrypted with, by its ID; recorded before its first use, deleted when no file needs
    it any longer."""

    name = models.CharField(max_length=16, primary_key=True)
    first_used_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class StoreSurvey(models.Model):
    """A single row: how many stored files are encrypted, as last counted."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    counts: "models.JSONField[StoreCounts, StoreCounts]" = models.JSONField(default=dict)
    counted_at = models.DateTimeField(null=True)
    next_folder = models.CharField(max_length=20, blank=True, help_text="where a count in progress goes on")
    counting: "models.JSONField[StoreCounts, StoreCounts]" = models.JSONField(default=dict)

    class Meta:
        constraints = [models.CheckConstraint(name="store_survey_one_row", condition=models.Q(id=1))]
        permissions = [("see_encryption", "Can see what is encrypted")]

    def __str__(self) -> str:
        return "Store survey"


class ObstacleRecord(TypedDict):
    """A reason why a worker reads no letters: its code, what is wrong, and the remedy."""

    code: str
    what: str
    remedy: str


#: The pass that gives items the order of their letter (``cases.item_order``).
ITEM_ORDER = "item_order"


class StoredPass(models.Model):
    """A pass of the workers over cases that an earlier version stored, from the first letter to ``last``."""

    name = models.CharField(max_length=20, primary_key=True)
    reached = models.BigIntegerField(default=0, help_text="the last letter that was looked at")
    last = models.BigIntegerField(help_text="the last letter that the earlier version stored")

    def __str__(self) -> str:
        return self.name


class StoppedWorker(models.Model):
    """A worker that claims no letters, and why. The row is deleted when the worker reads letters again."""

    name = models.CharField(max_length=200, primary_key=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when the worker last reported it; an old row is of a worker that ended")
    reasons: "models.JSONField[list[ObstacleRecord], list[ObstacleRecord]]" = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name

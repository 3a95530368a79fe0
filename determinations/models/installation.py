"""The installation itself: which file store belongs to this database, when the sweep last ran, which workers wait."""

from typing import TypedDict

from django.db import models


class Installation(models.Model):
    """A single row, written when the letter store is used for the first time."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    store_id = models.CharField(max_length=32, help_text="also in the file store-id of the letter store")
    swept_at = models.DateTimeField(null=True, help_text="when the sweep last finished, by the database's clock")

    class Meta:
        constraints = [models.CheckConstraint(name="installation_one_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "Installation"


class ObstacleRecord(TypedDict):
    """A reason why a worker reads no letters: its code, what is wrong, and the remedy."""

    code: str
    what: str
    remedy: str


class StoppedWorker(models.Model):
    """A worker that claims no letters, and why. The row is deleted when the worker reads letters again."""

    name = models.CharField(max_length=200, primary_key=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when the worker last reported it; an old row is of a worker that ended")
    reasons: "models.JSONField[list[ObstacleRecord], list[ObstacleRecord]]" = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name

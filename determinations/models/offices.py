"""Offices (or clients), and the sets of offices that letters belong to."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Office(models.Model):
    """An office or client whose letters can be kept apart from those of others. Never deleted: letters name it."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=80, unique=True)
    active = models.BooleanField(default=True, help_text="offered for uploads and accounts; its letters stay visible")

    class Meta:
        ordering = ["name"]
        permissions = [
            ("manage_offices", "Can manage offices and move letters between them"),
            ("only_masked", "Sees cases without medical narrative only"),
        ]

    def __str__(self) -> str:
        return self.name


class OfficeSet(models.Model):
    """The offices that letters belong to together, sorted. Nearly all letters belong to one office.

    Letters, cases and facts hold the set's number, so that one comparison of small integers decides what an account
    may see (decision 0033). Rows are added, and never changed.
    """

    id = models.SmallAutoField(primary_key=True)
    office_ids = ArrayField(models.SmallIntegerField(), unique=True)

    def __str__(self) -> str:
        return f"Offices {', '.join(map(str, self.office_ids))}"

    @classmethod
    def of(cls, office_ids: Iterable[int]) -> "OfficeSet | None":
        """The set of these offices; None for none."""
        wanted = sorted(set(office_ids))
        return cls.objects.get_or_create(office_ids=wanted)[0] if wanted else None

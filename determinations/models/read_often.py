"""Models of which a page reads many rows, but few of their columns."""

from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models.base import ModelState


class ReadOften(models.Model):
    """A model whose objects are made of their rows directly.

    Django asks for each of a model's columns, of which these have some fifty, whether it was read, and sends two
    signals for each object, which nobody receives: for the rows of a list that took a tenth of the page's time.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(  # type: ignore[override] # the stubs are those of a later Django
        cls, db: str | None, field_names: Collection[str], values: Collection[object]
    ) -> Self:
        """An object with what was read of its row. The other columns are read when they are asked for, as always."""
        read = cls.__new__(cls)
        read.__dict__.update(zip(field_names, values, strict=True))
        read._state = ModelState()
        read._state.adding = False
        read._state.db = db
        return read

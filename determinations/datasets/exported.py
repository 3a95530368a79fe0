"""The data set as an export of a user: requested on a page, written by a worker."""

from collections.abc import MutableSequence
from dataclasses import dataclass
from typing import BinaryIO

from django.http import QueryDict

from determinations.datasets.files import Format
from determinations.datasets.whole import write_zip
from determinations.models import Export


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for; kept as the query of the export."""

    form: Format
    deidentified: bool

    @classmethod
    def of(cls, query: str) -> "Request":
        """Raises ``ValueError`` if the query names no format."""
        asked = QueryDict(query)
        return cls(Format(asked.get("format", "")), asked.get("deidentified") == "yes")

    @property
    def query(self) -> str:
        """The same as a query."""
        return f"format={self.form}&deidentified={'yes' if self.deidentified else 'no'}"

    def __str__(self) -> str:
        return f"{FORMATS[self.form]}, {'de-identified' if self.deidentified else 'with all texts and numbers'}"


FORMATS = {Format.PARQUET: "Parquet", Format.CSV: "CSV", Format.EXCEL: "Excel"}


def write_exported(export: Export, file: BinaryIO, seen: MutableSequence[int]) -> int:
    """Write the data set that was asked for, of what its user may see; returns the number of rows of all tables.

    The letters are noted as exported unless nothing in the file says which they are.
    """
    asked = Request.of(export.query)
    written = write_zip(file, asked.form, deidentified=asked.deidentified)
    seen.extend(written.letters or ())
    return sum(written.rows.values())

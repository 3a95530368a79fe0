"""Identifies what a column file has."""

import hashlib

import duckdb

from determinations.statistics.columns.counted import COLUMNS
from determinations.statistics.columns.layout import FACTS, FORMAT


def layout_digest() -> str:
    """Identifies the columns, those that have sets, and the format that the library writes."""
    tables = " ".join(table.definition for table in FACTS)
    sets = " ".join(f"{column.name} {column.type} {column.values}" for column in COLUMNS)
    return hashlib.sha256(f"{FORMAT} {duckdb.__version__} {tables} {sets}".encode()).hexdigest()[:31]

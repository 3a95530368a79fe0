"""The engine that writes and reads column files, within limits: it loads no extensions and spills to no disk."""

import duckdb
from django.conf import settings

#: Groups of whole numbers with so many bits together are counted without looking them up: blocks of 8 million letters.
_DIRECTLY_GROUPED_BITS = 17


def memory_only() -> duckdb.DuckDBPyConnection:
    """An engine without tables, within the limits of the settings."""
    return _engine(settings.COLUMN_THREADS, settings.COLUMN_MEMORY_MB)


def small_engine() -> duckdb.DuckDBPyConnection:
    """An engine that reads a table once, some rows at a time."""
    return _engine(1, 128)


def _engine(threads: int, megabytes: int) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": f"{megabytes}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "perfect_ht_threshold": _DIRECTLY_GROUPED_BITS,
        }
    )

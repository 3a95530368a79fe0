"""A folder of column files for a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from determinations.statistics.columns import reading


@pytest.fixture
def folder(tmp_path: Path, settings: object) -> Iterator[Path]:
    settings.COLUMNS_DIR = tmp_path / "columns"  # type: ignore[attr-defined]
    settings.COLUMN_LISTS_FROM = 0  # type: ignore[attr-defined]
    reading.process.close()
    yield tmp_path / "columns"
    reading.process.close()

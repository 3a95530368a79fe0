"""A folder of column files for a test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from determinations.statistics.columns import reading


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.COLUMNS_DIR = tmp_path / "columns"
    settings.COLUMN_LISTS_FROM = 0
    reading.process.close()
    yield tmp_path / "columns"
    reading.process.close()

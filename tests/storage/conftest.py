"""A file store of its own."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def own_store(settings: Any, tmp_path: Path) -> None:
    """Letters, pictures and exports in an empty folder: a rotation walks all files."""
    settings.MEDIA_ROOT = tmp_path

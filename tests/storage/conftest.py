"""A file store of its own."""

from pathlib import Path
from typing import Any

import pytest

from tests.backups.conftest import elsewhere
from tests.fixtures.object_storage import new_client, object_storage, own_bucket

__all__ = ["elsewhere", "new_client", "object_storage", "own_bucket", "own_store"]


@pytest.fixture
def own_store(settings: Any, tmp_path: Path) -> None:
    """Letters, pictures and exports in an empty folder: a rotation walks all files."""
    settings.MEDIA_ROOT = tmp_path

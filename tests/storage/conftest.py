"""A file store of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from determinations.intake.store import letter_store


@pytest.fixture
def own_store(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Letters, pictures and exports in an empty folder: a rotation walks all files."""
    settings.MEDIA_ROOT = tmp_path
    with monkeypatch.context() as patched:
        patched.setattr(letter_store(), "_location", str(tmp_path / "letters"))
        _forget_location()
        yield
    _forget_location()


def _forget_location() -> None:
    """Django's storage remembers its folder once it was asked."""
    for name in ("base_location", "location"):
        letter_store().__dict__.pop(name, None)

"""Sources of tests: a watched folder below an allowed root, and looks at it without waiting."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from determinations.arrivals import looking, taking
from determinations.models import ArrivalSource, Office
from tests.fixtures.object_storage import object_storage

__all__ = ["object_storage"]

Look = Callable[[ArrivalSource], ArrivalSource]


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    """The folder below which folders may be watched."""
    root = tmp_path / "root"
    root.mkdir()
    settings.ARRIVAL_ROOTS = [str(root)]
    return root


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files settle at once, that is, with the second look."""
    monkeypatch.setattr(taking, "SETTLED_AFTER", timedelta(0))


def source_of(kind: str, options: dict[str, str], office: Office | None = None, **more: Any) -> ArrivalSource:
    """A source that is due."""
    now = timezone.now()
    more.setdefault("name", f"Synthetic {kind}")
    return ArrivalSource.objects.create(kind=kind, options=options, office=office, created_at=now, due_at=now, **more)


def watch(folder: Path, after: str = "move", **more: Any) -> ArrivalSource:
    """A watched folder."""
    folder.mkdir(exist_ok=True)
    return source_of("folder", {"path": str(folder), "after": after}, **more)


def look(source: ArrivalSource, times: int = 1) -> ArrivalSource:
    """Look at a source; returns its row as it is then."""
    for _ in range(times):
        ArrivalSource.objects.filter(pk=source.pk).update(due_at=timezone.now() - timedelta(seconds=1))
        list(looking.look_at(source.pk, seconds=60))
    source.refresh_from_db()
    return source

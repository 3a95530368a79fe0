"""What tests of reports share: letters to count, and how to read a PDF."""

import random
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from determinations.models import Export
from determinations.tasks import write_export
from tests.fixtures.answers import content_of
from tests.statistics.worlds import stored_world


@pytest.fixture
def letters(db: None) -> None:
    stored_world(random.Random(11), 25)


class Pdf:
    """A PDF with its structure tree."""

    def __init__(self, content: bytes) -> None:
        self.reader = PdfReader(BytesIO(content))
        self.root: Any = self.reader.root_object
        self.text = "\n".join(page.extract_text() for page in self.reader.pages)

    @property
    def standard(self) -> str:
        """What the file says that it conforms to."""
        return str(self.root["/Metadata"].get_object().get_data().decode())

    def elements(self) -> Iterator[tuple[str, Any]]:
        """The structure elements in reading order, with their entries."""
        waiting: list[Any] = [self.root["/StructTreeRoot"].get_object()]
        while waiting:
            element = waiting.pop(0)
            if "/S" in element:
                yield str(element["/S"]), element
            children = resolved(element.get("/K", []))
            inner = map(resolved, children if isinstance(children, list) else [children])
            waiting[:0] = [child for child in inner if isinstance(child, dict)]


def resolved(entry: Any) -> Any:
    """What a reference of a PDF points to."""
    return entry.get_object() if hasattr(entry, "get_object") else entry


def file_of(client: Client, export: Export) -> bytes:
    """The file of an export, written and downloaded."""
    write_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.message) == ("ready", "")
    return content_of(client.get(f"/exports/{export.pk}/file"))

"""Page pictures for tests without a worker: what a page waits for is drawn here, as a worker does it."""

from typing import Any

from django.test import Client

from determinations.cases.page_pictures import VERSION
from determinations.models import Drawing, DrawingKind, Letter
from determinations.reading.drawings import draw_waiting
from tests.browsing.conftest import NOW


def drawn(client: Client, address: str) -> Any:
    """The response of an address once everything that it waits for is drawn."""
    response: Any = client.get(address)
    if response.status_code == 202:
        assert not draw_waiting(seconds=60)
        response = client.get(address)
    return response


def draw_all(letter: Letter) -> Letter:
    """Draw all pages of a letter and find the places of its values."""
    _draw(letter, [(DrawingKind.COUNT, 0)])
    letter.refresh_from_db(fields=["pages"])
    pages = [(DrawingKind.PAGE, number + 1) for number in range(letter.pages or 0)]
    _draw(letter, [(DrawingKind.PLACES, 0), *pages])
    return letter


def _draw(letter: Letter, wanted: list[tuple[DrawingKind, int]]) -> None:
    Drawing.objects.bulk_create(
        Drawing(letter=letter, kind=kind, number=number, requested_at=NOW, version=VERSION) for kind, number in wanted
    )
    assert not draw_waiting(seconds=60)

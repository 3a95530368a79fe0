"""Page pictures that a worker draws appear in an open page by themselves."""

from typing import Any

import pytest
from playwright.sync_api import expect

from determinations.models import Drawing
from determinations.synthetic import write_letter
from determinations.synthetic.pdf import letter_pdf
from tests.cases.test_letter_pages import store_pdf
from tests.fixtures.people import People
from tests.fixtures.worker import Worker


@pytest.mark.django_db(transaction=True)
def test_a_page_and_its_evidence_appear_once_a_worker_has_drawn_them(
    worker: Worker, sign_in: Any, people: People, settings: Any
) -> None:
    letter = store_pdf(letter_pdf(write_letter(3, 6)))
    page = sign_in(people.casemanager)
    page.goto(f"/cases/{letter.pk}/")
    image = page.locator(".letter-page[data-page='1'] img")
    expect(image).to_have_js_property("naturalWidth", 1224)
    page.locator(".letter-page[data-page='1'] .box").first.wait_for()
    assert not page.locator(".letter-page[data-page='1'] .picture-waits").is_visible()
    assert not Drawing.objects.exists()
    assert "again=" in image.get_attribute("src")

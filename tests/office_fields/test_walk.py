"""A table of claims is imported, corrected on a case and counted by employer, in a real browser."""

from typing import Any

import pytest

from determinations.cases.office_values import copy_pending
from determinations.models import OfficeImport
from determinations.office_fields import imports
from tests.accessibility import faults_of
from tests.browsing.conftest import NOW
from tests.fixtures.people import People
from tests.office_fields.conftest import as_excel, number, stored


@pytest.fixture
def letters(transactional_db: None) -> list[int]:
    """Three letters."""
    return [stored(serial) for serial in (1, 2, 3)]


def step() -> None:
    """What a worker does with the newest import."""
    imports.work_on(OfficeImport.objects.latest("pk").pk, now=NOW)
    copy_pending()


def test_a_supervisor_imports_claims_and_counts_by_employer(letters: list[int], sign_in: Any, people: People) -> None:
    table = as_excel(
        ("IMR Case #", "Insured", "Claim No."),
        (number(1), "Acme, Inc.", "WC-1"),
        (number(2), "ACME INC", "=1+1"),
        (number(3), "ACME INC", "WC-3"),
        (number(8), "Globex", "WC-8"),
    )
    page = sign_in(people.supervisor)
    page.goto("/fields/imports/")
    assert faults_of(page) == []
    page.set_input_files("#file", {"name": "claims.xlsx", "mimeType": "application/zip", "buffer": table})
    page.get_by_role("button", name="Upload and preview").click()
    page.get_by_text("The table is being read.").wait_for()
    step()
    page.get_by_text("Apply 3 rows, without 1 with errors").wait_for()
    assert "The cell holds a formula" in page.locator("tbody").inner_text()
    assert faults_of(page) == []
    page.get_by_role("link", name="3 new").click()
    page.wait_for_url("**?*new*")
    page.get_by_text("no letter yet").wait_for()
    page.wait_for_load_state()
    page.get_by_role("button", name="Apply 3 rows").press("Enter")
    page.get_by_text("The table is being applied.").wait_for()
    step()
    page.get_by_text("of 3 case numbers written").wait_for()
    page.goto(f"/cases/{letters[0]}/")
    page.get_by_role("link", name="Edit office fields").click()
    page.get_by_role("combobox", name="Client").fill("Example Mutual")
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_text("Saved.").wait_for()
    assert "Example Mutual" in page.locator("#office-fields").inner_text()
    page.goto("/statistics/breakdowns/office-employer/")
    page.get_by_role("row", name="Acme, Inc.").get_by_role("link").first.click()
    page.wait_for_url("**/items/?field_2=Acme*")
    assert page.locator("tbody tr").count() == 4
    for address in ("/fields/imports/", f"/fields/imports/{OfficeImport.objects.latest('pk').pk}/"):
        page.goto(address)
        assert faults_of(page) == []

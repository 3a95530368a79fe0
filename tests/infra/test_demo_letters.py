"""The demo's made-up values, without the demo: they are for its own letters."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from determinations.intake.receiving import receive_files
from determinations.models import Case, CaseValues, Letter, Receipt
from determinations.reading.ingest import ingest_letters
from imrsite.local.demo_letters import NOTE, bring_letters
from tests.fixtures.people import People
from tests.letters_made import letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def test_letters_that_users_upload_meanwhile_get_no_made_up_values(people: People) -> None:
    """Two letters of the demo and two of a user, by turns."""
    recent = f"{timezone.localdate() - timedelta(days=20):%m/%d/%Y}"  # old letters have no duties
    for number in range(4):
        text = letter_text(number, decision="Overturned").replace("01/30/2017", recent)
        file = ContentFile(text.encode(), name="letter.txt")
        receive_files(by=people.casemanager, files=[file], note="" if number % 2 else NOTE)
    ingest_letters(list(Letter.objects.values_list("pk", flat=True)))
    cases = list(Case.objects.order_by("pk"))
    assert len({case.case_number for case in cases}) == 4
    list(bring_letters(2))
    numbers = set(CaseValues.objects.values_list("case_number", flat=True))
    assert numbers == {cases[0].case_number, cases[2].case_number}
    assert list(Receipt.objects.values_list("letter_id", flat=True)) == [cases[2].pk]

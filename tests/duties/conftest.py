"""Synthetic letters that were issued shortly before they were uploaded."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from determinations.duties import actions as duty_actions
from determinations.models import Duty, Letter, Service
from tests.browsing.conftest import NOW, store_texts
from tests.fixtures.people import People

#: The day on which the letters of these tests are uploaded, and the day before, on which they were issued.
UPLOADED = date(2026, 3, 4)
ISSUED = date(2026, 3, 3)

_LETTER = """\
Case Number: CM26-{number:07d}
Date Assigned: 01/09/2026
Date of Injury: 11/06/2025
Decision Date: {issued:%m/%d/%Y}
UR Denial Date: 12/20/2025
Priority: Standard
Application Received: 12/28/2025
HOW THE IMR FINAL DETERMINATION WAS MADE
MAXIMUS Federal Services sent the complete case file to an expert reviewer. This letter is synthetic.
The Expert Reviewer has the following credentials:
State(s) of Licensure: California
Certification(s)/Specialty: Orthopedic Surgery
CLINICAL CASE SUMMARY
The expert reviewer developed the following clinical case summary based on a review of the case
file, including all medical records:
This synthetic worker is a 58 year old female who sustained an injury on 11-06-2025.
IMR ISSUES, DECISIONS AND RATIONALES
The Final Determination was based on decisions for the disputed items/services set forth below:
"""
_ITEM = """\
{request}: {decision}
Claims Administrator guideline: Decision based on MTUS Low Back Complaints 2004.
MAXIMUS guideline: Decision based on MTUS Chronic Pain Medical Treatment 2016.
Decision rationale: The guideline was weighed for this synthetic request of {request}. Therefore, the requested
treatment {conclusion} medically necessary.
"""

Store = Callable[..., int]
ITEMS = {"Twelve physical therapy sessions": "Overturned", "One synthetic knee brace": "Upheld"}


def letter_text(number: int, items: dict[str, str], issued: date = ISSUED) -> str:
    """A letter with these requests and decisions."""
    return _LETTER.format(number=number, issued=issued) + "".join(
        _ITEM.format(request=request, decision=decision, conclusion="is not" if decision == "Upheld" else "is")
        for request, decision in items.items()
    )


@pytest.fixture
def store(db: None) -> Store:
    """``store(number, {request: decision}, issued=day)`` stores a letter as the worker does; returns its ID."""

    def store(number: int, items: dict[str, str], issued: date = ISSUED) -> int:
        (pk,) = store_texts([letter_text(number, items, issued)])
        return pk

    return store


def duties_of(letter_id: int) -> QuerySet[Duty]:
    return Duty.objects.filter(letter=letter_id).order_by("item_number")


def uploaded_days_ago(letter_id: int, days: int) -> None:
    """Move the upload of a letter before that of the others."""
    Letter.objects.filter(pk=letter_id).update(received_at=NOW - timedelta(days=days))


def received(store: Store, people: People, number: int, days_ago: int) -> Duty:
    """The duty of a letter that was received so many days before today, on which it was issued, too."""
    day = timezone.localdate() - timedelta(days=days_ago)
    pk = store(number, ITEMS, issued=day)
    Letter.objects.filter(pk=pk).update(received_at=timezone.now() - timedelta(days=days_ago))
    duty_actions.enter_receipt([pk], day, Service.MAIL, by=people.casemanager, now=timezone.now())
    return duties_of(pk)[0]

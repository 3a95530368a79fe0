"""Synthetic determination letters for tests of uploading and reading: the layout is real, nothing else is."""

from typing import Any

from tests.extraction.files import pdf

THERAPY = "Twelve physical therapy sessions"

_HEADER = """\
Case Number: CM17-{number:07d}
Date Assigned: 01/09/2017
Date of Injury: 11/06/2015
Decision Date: 01/30/2017
UR Denial Date: 12/20/2016
Priority: Standard
Application Received: 12/28/2016
"""

_BODY = """\
HOW THE IMR FINAL DETERMINATION WAS MADE
MAXIMUS Federal Services sent the complete case file to an expert reviewer. This letter is synthetic.
The Expert Reviewer has the following credentials:
State(s) of Licensure: California
Certification(s)/Specialty: Orthopedic Surgery
CLINICAL CASE SUMMARY
The expert reviewer developed the following clinical case summary based on a review of the case
file, including all medical records:
This synthetic worker is a 58 year old female who sustained an injury on 11-06-2015.
IMR ISSUES, DECISIONS AND RATIONALES
The Final Determination was based on decisions for the disputed items/services set forth below:
{item}: {decision}
Claims Administrator guideline: Decision based on MTUS Low Back Complaints 2004.
MAXIMUS guideline: Decision based on MTUS Chronic Pain Medical Treatment 2016.
Decision rationale: In this synthetic case there is no documentation of red flags, and conservative
care has failed. Therefore, the requested treatment {conclusion} medically necessary.
"""


def letter_text(number: int, *, item: str = THERAPY, decision: str = "Upheld", header: bool = True) -> str:
    """The text of a letter with one disputed item; ``number`` makes it another case."""
    conclusion = "is not" if decision == "Upheld" else "is"
    body = _BODY.format(item=item, decision=decision, conclusion=conclusion)
    return (_HEADER.format(number=number) if header else "") + body


def letter_pdf(number: int, **details: Any) -> bytes:
    """The same letter as a PDF of one page."""
    return pdf(letter_text(number, **details))

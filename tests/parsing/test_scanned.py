"""Fixed phrases that a scan blurred are corrected; ordinary words and guideline names are left alone."""

import pytest

from determinations.parsing.scanned import RecognizedRow, corrections


def corrected(*rows: str) -> list[str]:
    words = [row.split() for row in rows]
    found = sorted(corrections([RecognizedRow(tuple(row)) for row in words]), reverse=True)
    for correction in found:
        words[correction.row][correction.start : correction.end] = correction.words
    return [" ".join(row) for row in words]


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("MAXlMUS guideline; Decision based on MTUS Knee", "MAXIMUS guideline: Decision based on MTUS Knee"),
        ("Decision rationa1e: The guideline", "Decision rationale: The guideline"),
        ("Claims Administratorguideline: Decision", "Claims Administrator guideline: Decision"),
        ("Twelve visits; Upheld", "Twelve visits: Upheld"),
        ("Twelve visits: UpheId", "Twelve visits: Upheld"),
        ("Twelve visits: Overtumed", "Twelve visits: Overturned"),
        ("Overtumed", "Overturned"),
        ("Decision bascd on MTUS Knee Complaints", "Decision based on MTUS Knee Complaints"),
        ("2004, Scction(s): Special Studies", "2004, Section(s): Special Studies"),
        ("2004, Scction(s); Special Studies", "2004, Section(s): Special Studies"),
        ("CLINlCAL CASE SUMMARY", "CLINICAL CASE SUMMARY"),
        ("an injury on 0l/1O/2016, treated", "an injury on 01/10/2016, treated"),
        ("through 1 1/22/2016. The", "through 11/22/2016. The"),
        ("for | week", "for 1 week"),
        ("lidocaine lpercent and lcc, Scc", "lidocaine 1percent and 1cc, 5cc"),
        ("the Official Disability Guidelines (ONG), Low Back", "the Official Disability Guidelines (ODG), Low Back"),
        ("Official Disability Guidelines (ODG).", "Official Disability Guidelines (ODG)."),
        ("'The patient", "The patient"),
        ("injury. \u2018he worker and \u2018I'he", "injury. The worker and The"),
        ("Complaints 2004. Section(s): Initial Care", "Complaints 2004, Section(s): Initial Care"),
        ("Guidelines (ONG) Forearm", "Guidelines (ODG) Forearm"),
        ("the Ciaims Administrator, The remaining", "the Claims Administrator. The remaining"),
        ("300my/g and 0,025%, 7-L0 days, the Sth digit", "300mg/g and 0.025%, 7-10 days, the 5th digit"),
        ("Synthetin 10mg/Iml, 5mcg/lml", "Synthetin 10mg/1ml, 5mcg/1ml"),
        ("Smy for [0 days (c.g., at LI-2)", "5mg for 10 days (e.g., at L1-2)"),
        ("of Chroni¢ pain", "of Chronic pain"),
        ("file, including all mcdical records:", "file, including all medical records:"),
    ],
)
def test_what_carries_the_structure_is_corrected(read: str, right: str) -> None:
    assert corrected(read) == [right]


@pytest.mark.parametrize(
    "row",
    [
        "MAXIMUS Federal Services sent the complete case file to an expert reviewer.",
        "Decision rationale: The decision was upheld earlier.",
        "The decision of the claims administrator is upheld",
        "Pain Suffering and the Restoration of Function Chapter",
        "10 to 12 visits over 6-8 weeks",
        "as [1] and [12] show, vitamin c.",
        "for 90 days [1-3, 28, 34] The",
        "Section 3 of the guidelines",
        "the section(s) on pain",
        "an MRI of the C5-6 level, 10/325mg",
        "Ill effects in 1 case",
        "The expert reviewer developed the following clinical case summary based on a review of the",
        "The Final Determination was based on decisions for the disputed items/services set forth",
        "the 'tapering' of opioids",
        "Official Disability Guidelines (ODG), Low Back (MRI)",
        "Disability Guidelines and the Shoulder Chapter",
    ],
)
def test_ordinary_rows_stay_as_they_are(row: str) -> None:
    assert corrected(row) == [row]


def test_the_header_block_is_corrected_above_the_first_heading_only() -> None:
    heading = "HOW THE IMR FINAL DETERMINATION WAS MADE"
    assert corrected(
        "Case Numbcr: CMl7-O012 345",
        "Date Assigncd: 02/O9/2017 Datc of Injury: 0l/10/2016",
        "UR Denial Date: 11/03/2016",
        heading,
        "Datc of Injury",
    ) == [
        "Case Number: CM17-0012345",
        "Date Assigned: 02/09/2017 Date of Injury: 01/10/2016",
        "UR Denial Date: 11/03/2016",
        heading,
        "Datc of Injury",
    ]


def test_what_is_printed_right_is_not_reported() -> None:
    rows = ["HOW THE IMR FINAL DETERMINATION WAS MADE", "MAXIMUS guideline: Decision based on MTUS Knee", "X: Upheld"]
    assert list(corrections([RecognizedRow(tuple(row.split())) for row in rows])) == []

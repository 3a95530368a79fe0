"""One label for all spellings of a section. The names are written for these tests (synthetic)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from determinations.parsing.citations import section_label
from determinations.parsing.citations.printed_names import data

SPELLINGS: list[list[str]] = data("spellings")["same"]


@pytest.mark.parametrize(
    ("printed", "label"),
    [
        ("Topical Analgesics", "Topical analgesics"),
        ("topical analgesics", "Topical analgesics"),
        ("Electrodiagnostic", "Electrodiagnostic testing"),
        ("Electro-diagnostic testing", "Electrodiagnostic testing"),
        ("Intial Care", "Initial care"),
        ("Surgical Consideration", "Surgical considerations"),
        ("Follow up", "Follow-up"),
        ("Epidural Steroid Injection (ESI)", "Epidural steroid injections (ESIs)"),
        ("NSAIDs, GI symptoms and cardiovascular risk", "NSAIDs, GI symptoms & cardiovascular risk"),
        ("Unheard-of Remedies (UR)", "Unheard-of remedies (UR)"),
        ("3.3.1 Opioids for Chronic Pain: Screening", "3.3.1 Opioids for Chronic Pain: Screening"),
        ("De Quervain's  Syndrome", "De Quervain's syndrome"),
    ],
)
def test_spellings_of_one_section_have_one_label(printed: str, label: str) -> None:
    assert section_label(printed) == label


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Opioids for Acute Pain", "Opioids for Subacute Pain"),
        ("Appendix A", "Appendix D"),
        ("Table 12-5", "Table 12-8"),
        ("Physical therapy", "Physical therapy guidelines"),
        ("Epidural steroid injections", "Epidural steroid injections, diagnostic"),
        ("Lateral Epicondylitis", "Medial Epicondylitis"),
        ("Fusion, anterior cervical", "Fusion, posterior cervical"),
    ],
)
def test_names_of_two_sections_keep_two_labels(first: str, second: str) -> None:
    assert section_label(first) != section_label(second)


def test_every_spelling_of_the_data_has_the_label_that_leads_its_list() -> None:
    assert {name: section_label(name) for names in SPELLINGS for name in names} == {
        name: names[0] for names in SPELLINGS for name in names
    }


def test_a_label_is_its_own_label() -> None:
    names = {name for entry in data("sections").values() for name in entry["names"]}
    assert [label for label in map(section_label, names) if section_label(label) != label] == []


@given(name=st.text(max_size=80))
def test_any_name_has_a_label_that_is_its_own(name: str) -> None:
    label = section_label(name)
    assert bool(label) == bool(name.split())
    assert section_label(label) == label

"""Words that a scan misread by the shape of their letters are read as what they look like, or doubted."""

import pytest

from determinations.parsing.misread_words import misreadings, word_counts
from determinations.parsing.scanned import RecognizedRow


def reread(row: str, *, letter: str = "") -> str:
    """The row with misread words corrected and doubtful ones marked."""
    words = row.split()
    counts = word_counts([RecognizedRow(tuple(letter.split())), RecognizedRow(tuple(words))])
    for misreading in misreadings([RecognizedRow(tuple(words))], counts):
        words[misreading.at] = misreading.word or f"?{words[misreading.at]}"
    return " ".join(words)


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("the paticnt has ncck pain,", "the patient has neck pain,"),
        ("duc to medigal records", "due to medical records"),
        ("tor an injury, singe then", "for an injury, since then"),
        ("clectrodiagnostic ostconccrosis", "electrodiagnostic osteonecrosis"),
        ("Trcatinent of pain", "Treatment of pain"),
        ("Chronig pain of the Jumbar spine", "Chronic pain of the lumbar spine"),
        ("Ilygiene, Murbiprofen", "Hygiene, Flurbiprofen"),
        ("fusion at 1.5-S1 and LS-S1, L4-LS", "fusion at L5-S1 and L5-S1, L4-L5"),
        ("M'TUS and O'TX", "MTUS and O'TX"),
        ("the ACOLM guidelines", "the ACOEM guidelines"),
        ("thomboid pain", "rhomboid pain"),
    ],
)
def test_a_word_that_no_list_knows_is_read_as_the_one_word_it_looks_like(read: str, right: str) -> None:
    assert reread(read) == right


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("the atthe itis", "the ?atthe ?itis"),
        ("level 1.5 of the spine", "level ?1.5 of the spine"),
        ("in LO visits, IO/10 pain", "in ?LO visits, ?IO/10 pain"),
        ("an MRL was done", "an ?MRL was done"),
        ("a walrant was", "a ?walrant was"),
        ("the (eatment of", "the ?(eatment of"),
    ],
)
def test_a_word_that_is_close_to_others_is_doubtful(read: str, right: str) -> None:
    assert reread(read, letter="MRI MRI MRI") == right


def test_a_level_of_the_spine_is_read_where_the_letter_names_others() -> None:
    assert reread("at the LS level, LS spine", letter="L4 and S1") == "at the L5 level, LS spine"
    assert reread("the LS level") == "the LS level"


@pytest.mark.parametrize(
    "row",
    [
        "The injured worker had lumbar radiculopathy, and acupuncture was not certified.",
        "Naproxen 550mg #60, Kadian, Norco 10/325mg, pages 15-51, 11-23-2016",
        "Mr. Qwortz saw Dr. Vlynk's colleague at www.example.com",
        "EMG/NCV of the C5-6, L4-5 and L5-S1 levels (ODG), H2 blocker",
        "a 3-month follow-up, x-rays, 25% and 1.25 mg",
    ],
)
def test_ordinary_rows_and_names_stay_as_they_are(row: str) -> None:
    assert reread(row) == row


def test_the_words_of_the_letter_decide_between_two_that_a_word_looks_like() -> None:
    assert reread("the clhow", letter="elbow elbow") == "the elbow"
    assert reread("an DOL of", letter="DOI DOI") == "an ?DOL of"


def test_a_page_of_gibberish_is_only_doubtful() -> None:
    words = [f"{'xcq' * 3}{letter}" for letter in "abcdefghij"] * 20
    found = list(misreadings([RecognizedRow(tuple(words))], {}))
    assert len(found) > 100
    assert all(misreading.word is None for misreading in found)

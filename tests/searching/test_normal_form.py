"""The normal form of text: what is written in several ways is the same, and what differs stays different."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from determinations.searching.matches import Searched
from determinations.searching.normal_form import slots_of, slots_without_places
from determinations.searching.pieces import PREFIXES
from determinations.searching.query import read_query
from determinations.searching.read_text import Beginnings, ReadText
from determinations.searching.singular import shorter_singulars, singular


def form(text: str) -> list[str]:
    """What phrases compare: the key of each slot, levels of the spine by their own lexeme."""
    return [next((x for x in slot.lexemes if x.startswith("=") and "/" in x), slot.key) for slot in slots_of(text)]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("EMG/NCS", ["=emg", "=ncv"]),
        ("hydrocodone/APAP 10/325mg #60", ["=hydrocodone", "=acetaminophen", "10", "325", "mg", "60"]),
        ("not medically necessary", ["not", "medically", "necessary"]),
        ("“lumbar” spine’s", ["lumbar", "spine"]),
        ("Lidoderm® patch™", ["=lidocaine", "patch"]),
        ("7.50 mg, 1,200 units, .5%", ["7.5", "mg", "1200", "unit", "0.5", "percent"]),
        ("8 CCR §9792.24.2", ["8", "ccr", "9792.24.2"]),
        ("isn't, cannot", ["is", "not", "can", "not"]),
        ("naïve café", ["naive", "cafe"]),
        ("ﬁrst ﬂuoroscopy", ["first", "fluoroscopy"]),
        ("lum\u00adbar", ["lumbar"]),
        ("pre- operative", ["preoperative"]),
        ("vitamin C-500", ["vitamin", "c", "500"]),
        ("", []),
        ("--- / ***", []),
    ],
)
def test_text_becomes_slots(text: str, keys: list[str]) -> None:
    assert form(text) == keys


@pytest.mark.parametrize(
    "alike",
    [
        ["L4-5", "L4/5", "L4-L5", "L4/L5", "L4–5", "L4 - L5", "L-4/5", "L4L5", "l4-5", "L4- L5"],
        ["L5-S1", "L5/S1", "L5 / S1", "L5–S1"],
        ["C4-5", "C4-C5", "C4/5", "C-4/C-5"],
        ["T12-L1", "T12/L1"],
    ],
)
def test_a_level_of_the_spine_is_one_however_it_is_written(alike: list[str]) -> None:
    assert {form(text)[-1] for text in alike} == {form(alike[0])[-1]}
    assert all(len(form(text)) == 2 for text in alike)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("L3-4-5", {"=l3/l4", "=l4/l5"}),
        ("L3-L4, L4-L5 and L5-S1", {"=l3/l4", "=l4/l5", "=l5/s1"}),
        ("L3-S1", {"=l3/s1"}),
        ("L5-4", set()),
        ("L4, 5 visits", set()),
        ("C5 10 mg", set()),
        ("L4-10", set()),
        ("C4-5 T12-L1", {"=c4/c5", "=t12/l1"}),
    ],
)
def test_levels_are_recognized_in_a_row_and_only_where_they_are(text: str, levels: set[str]) -> None:
    found = {lexeme for slot in slots_of(text) for lexeme in slot.lexemes if lexeme.startswith("=") and "/" in lexeme}
    assert found == levels


@pytest.mark.parametrize(
    "alike",
    [
        ["5mg", "5 mg", "5-mg", "5 milligrams", "5.0mg", "05 mg"],
        ["10/325", "10 / 325", "10-325"],
        ["H-wave", "H wave", "Hwave", "h–wave"],
        ["non-steroidal", "nonsteroidal", "Non- steroidal"],
        ["T.E.N.S.", "TENS", "transcutaneous electrical nerve stimulation"],
        ["norco", "Norco®", "hydrocodone", "Vicodin", "Lortab's"],
        ["epidural steroid injections", "ESIs", "ESI", "epidural steroid injection"],
        ["LESI", "lumbar epidural steroid injection", "lumbar ESI"],
        ["PT", "physical therapy", "physiotherapy"],
        ["X-rays", "x ray", "radiographs"],
        ["follow-up", "follow up", "followup"],
        ["injection", "injections"],
        ["50%", "50 percent"],
        ["and", "&"],
        ["2x6", "2 x 6", "2×6"],
    ],
)
def test_what_is_written_in_several_ways_is_one(alike: list[str]) -> None:
    assert {tuple(form(text)) for text in alike} == {tuple(form(alike[0]))}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("is medically necessary", "not medically necessary"),
        ("medication", "medical"),
        ("severe", "several"),
        ("L4-5", "L5-S1"),
        ("Pt. reports", "PT reports"),
        ("ten", "TENS"),
        ("0.5", "5"),
        ("oxycodone", "oxymorphone"),
        ("celecoxib", "Vioxx"),
    ],
)
def test_what_differs_stays_different(text: str, other: str) -> None:
    assert form(text) != form(other)


def test_an_abbreviation_implies_its_words_and_the_terms_within() -> None:
    (slot,) = slots_of("LESI")
    assert {"=lesi", "=esi", "lumbar", "epidural", "injection"} <= set(slot.lexemes)


def test_small_letters_count_as_an_abbreviation_only_when_typed() -> None:
    assert slots_of("pt")[0].key == "pt"
    assert slots_of("pt", typed=True)[0].key == "=pt"


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("therapies", "therapy"),
        ("injections", "injection"),
        ("diagnoses", "diagnosis"),
        ("headaches", "headache"),
        ("approaches", "approach"),
        ("braces", "brace"),
        ("doses", "dose"),
        ("sizes", "size"),
        ("boxes", "box"),
        ("vertebrae", "vertebra"),
        ("arthritis", "arthritis"),
        ("thrombus", "thrombus"),
        ("illness", "illness"),
        ("gas", "gas"),
        ("l5s", "l5s"),
    ],
)
def test_singular_and_plural_are_one(plural: str, one: str) -> None:
    assert singular(plural) == one
    assert singular(one) == one


def test_a_beginning_longer_than_the_singular_finds_it() -> None:
    assert shorter_singulars("therapie") == ["therapy"]
    assert shorter_singulars("lumb") == []


@given(st.text(max_size=200))
def test_places_point_into_the_text_and_lexemes_need_no_escaping(text: str) -> None:
    slots = slots_of(text)
    assert all(0 <= slot.start < slot.end <= len(text) for slot in slots)
    assert all(a.start <= b.start for a, b in pairwise(slots))
    assert not any(sign in lexeme for slot in slots for lexeme in slot.lexemes for sign in "'\\ :*|&!()~<>")
    assert all(slot.key and len(lexeme.encode()) < 1_000 for slot in slots for lexeme in slot.lexemes)


@given(st.text(alphabet="LCTS0123456789-/ .,'ptPT®", max_size=60))
def test_the_same_text_gives_the_same_slots_with_signs_around_it(text: str) -> None:
    assert [slot.key for slot in slots_of(text)] == [slot.key for slot in slots_of(f"  {text}\n\n")]


TEXTS = [
    "A urine drug testing panel, UDS, was asked for; MRI of L4-5 and EMG/NCV of both legs.",
    "Non-steroidal drugs such as Norco 10/325mg were not medically necessary.",
    "Continuous positive airway pressure and home health aides.",
    "Anti- inflammatory " + "x" * 90,
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('"drug testing"', [1, 0, 0, 0]), ("UDS", [1, 0, 0, 0]), ("L4/L5", [1, 0, 0, 0]),
        ("electromyography", [1, 0, 0, 0]), ("nonsteroidal", [0, 1, 0, 0]), ("hydrocodone", [0, 1, 0, 0]),
        ('"not medically necessary"', [0, 1, 0, 0]), ('"medically not"', [0, 0, 0, 0]), ("air*", [0, 0, 1, 0]),
        ('"airway pressure"', [0, 0, 1, 0]), ("drug aide", [1, 1, 1, 0]), ("antiinflammatory", [0, 0, 0, 1]),
        (f"{'x' * 60}*", [0, 0, 0, 1]), ('"a urine drug"', [1, 0, 0, 0]), ('"testing panel"', [1, 0, 0, 0]),
        ('"drug testing panel"', [1, 0, 0, 0]), ('"of both legs"', [1, 0, 0, 0]),
        ('"steroidal drugs such"', [0, 1, 0, 0]), ('"airway pressure and home health"', [0, 0, 1, 0]),
        ('"pressure airway"', [0, 0, 0, 0]), ('"urine drug panel of"', [0, 0, 0, 0]),
    ],
)  # fmt: skip
def test_a_text_is_marked_wherever_it_shows_part_of_a_search(typed: str, found: list[int]) -> None:
    searched = Searched(read_query(typed))
    assert [searched.find(text, "rationale").parts for text in TEXTS] == found


#: Words with which terms, levels and compounds begin or go on, and signs.
PARTS = "urine drug physical therapy pre- operative non-steroidal - L4 L4- /5 EMG emg".split()


@given(st.lists(st.sampled_from([*" ".join(TEXTS).split(), *PARTS])))
def test_slots_are_the_same_with_and_without_their_places(pieces: list[str]) -> None:
    text = " ".join(pieces)
    slots, read = slots_of(text), ReadText(text)
    placed = [(slot.words, slot.key, slot.lexemes) for slot in slots]
    assert placed == [(slot.words, slot.key, slot.lexemes) for slot in slots_without_places(text)]
    assert [slot.lexemes for slot in slots] == [(s,) if isinstance(s, str) else s.lexemes for s in read.slots]
    assert [(slot.start, slot.end) for slot in slots] == [read.place(at) for at in range(len(slots))]


@given(st.lists(st.sampled_from([*" ".join(TEXTS).split(), *PARTS])))
def test_no_text_is_left_unread_that_has_a_slot_with_a_lexeme(pieces: list[str]) -> None:
    is_read_for_each_lexeme(" ".join(pieces))


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_no_compound_is_left_unread_however_its_singular_begins(prefix: str) -> None:
    """What a line end leaves of a word may join into a plural that is shorter than the prefix: multi- es, "multy"."""
    for word in ("es", "s", "ies", "series", "xes", "ches", "diagnoses", "esis", "injections"):
        for between in ("-", "- ", "-\n"):
            is_read_for_each_lexeme(f"{prefix}{between}{word}")


def is_read_for_each_lexeme(text: str) -> None:
    for lexeme in {lexeme for slot in slots_of(text) for lexeme in slot.lexemes}:
        assert Beginnings([lexeme]).any_in(text), lexeme
        for length in range(2, len(lexeme) + 1):
            assert Beginnings((), [lexeme[:length]]).any_in(text), lexeme[:length]


@pytest.mark.parametrize("lexemes", [["zebra"], ["=l4/l5"], ["=emg"], ["nonsteroidal"], ["physical", "therapy"]])
def test_texts_without_any_of_the_words_need_not_be_read(lexemes: list[str]) -> None:
    assert not Beginnings(lexemes).any_in("The requested home exercise program at L-shaped desks (5) is pre-arranged.")

"""Guideline sentences and the citations read from them. The sentences are written for these tests (synthetic)."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from determinations.parsing.citations import Authority, authorities, normalized_form, read_guideline
from determinations.parsing.citations.printed_names import closest_title, data, name_pattern
from determinations.parsing.citations.sections import split_names

OUTSIDE = (
    "The Expert Reviewer based their decision on recommendation(s) outside of the MTUS Guidelines.  "
    "Decision based on Non-MTUS Citation "
)


def read(sentence, **options):
    return read_guideline(sentence, 0, len(sentence), **options)


def cited(sentence):
    """The citations as plain tuples; sections and pages follow only where there are any."""
    return [
        tuple(value for value in (c.authority, c.edition, list(c.sections), list(c.pages)) if value or value is None)
        for c in read(sentence).citations
    ]


# Body of "Decision based on MTUS ...": what is cited.
MTUS = {
    "Shoulder Complaints 2004.": [("mtus/shoulder", "2004")],
    "Knee Complaints 2004, Section(s): Special Studies, Summary.": [
        ("mtus/knee", "2004", ["Special Studies", "Summary"])
    ],
    "Forearm, Wrist, and Hand Complaints 2004, and Elbow Complaints 2007, Section(s): Initial Care.": [
        ("mtus/forearm-wrist-hand", "2004"),
        ("mtus/elbow", "2007", ["Initial Care"]),
    ],
    "Chronic Pain Medical Treatment 2016, Section(s): Opioids, dosing, TENS, chronic pain, NSAIDs.": [
        ("mtus/chronic-pain", "2016", ["Opioids, dosing", "TENS, chronic pain", "NSAIDs"])
    ],
    "Chronic Pain Medical Treatment 2016 Guidelines, Section(s): Yoga.": [("mtus/chronic-pain", "2016", ["Yoga"])],
    "Opioid Treatment 2016, Section(s): 3.1 Opioids for Subacute Pain: When, How, 4.2 Tapering Opioids: Methods.": [
        ("mtus/opioids", "2016", ["3.1 Opioids for Subacute Pain: When, How", "4.2 Tapering Opioids: Methods"])
    ],
    "General Approaches 2004, Section(s): Initial Approaches to Treatment, and Low Back Complaints 2004.": [
        ("mtus/general-approaches", "2004", ["Initial Approaches to Treatment"]),
        ("mtus/low-back", "2004"),
    ],
    "Postsurgical Treatment 2009, Section(s): Hip, Pelvis and Thigh, Knee.": [
        ("mtus/postsurgical", "2009", ["Hip, Pelvis and Thigh", "Knee"])
    ],
    "Elbow Complaints 2007, Section(s): 21, Initial Care.": [("mtus/elbow", "2007", ["Initial Care"], ["21"])],
    "Acupuncture Treatment 2007.": [("mtus/acupuncture", "2007")],
    "Stress-Related Conditions 2004, Section(s): Initial Assessment.": [
        ("mtus/stress", "2004", ["Initial Assessment"])
    ],
    "General Approaches 2004, Section(s): Independent Medical Examinations and Consultations.": [
        ("mtus/general-approaches", "2004", ["Independent Medical Examinations and Consultations"])
    ],
    "Ankle and Foot Complaints 2004, Section(s): Sandal Wear, Special Studies, Beach Walks.": [
        ("mtus/ankle-foot", "2004", ["Sandal Wear", "Special Studies", "Beach Walks"])
    ],
    "Opioid Treatment 2016, Section(s): 3.3.4 Sandal Wear, Harbour Walks: Tides, Introduction.": [
        ("mtus/opioids", "2016", ["3.3.4 Sandal Wear, Harbour Walks: Tides", "Introduction"])
    ],
    "Chronic Pain Medical Treatment 2016, Section(s): Sunburn, treatment, 2. Opioids for Subacute Pain.": [
        ("mtus/chronic-pain", "2016", ["Sunburn, treatment", "2. Opioids for Subacute Pain"])
    ],
    # The form of 2014 and 2015.
    "Chronic Pain Treatment Guidelines Yoga Page(s): 126; Hypnosis Page(s): p11, Section 9792.24.2.": [
        ("mtus/chronic-pain", None, ["Yoga", "Hypnosis"], ["126", "11"])
    ],
    "Postsurgical Treatment Guidelines (Knee) Page(s): 24.": [("mtus/postsurgical", None, ["Knee"], ["24"])],
    "ACOEM Practice Guidelines, Chapter 12 (Low Back Complaints) (2004), Page(s): 304.": [
        ("mtus/low-back", "2004", ["304"])
    ],
    "Chronic Pain Treatment Guidelines Opioids, on-going management, pages 78-80.": [
        ("mtus/chronic-pain", None, ["Opioids, on-going management"], ["78-80"])
    ],
    "Chronic Pain Treatment Guidelines Opioids, Weaning of Medications, Page(s): 74, 124.": [
        ("mtus/chronic-pain", None, ["Opioids", "Weaning of Medications"], ["74", "124"])
    ],
    "ACOEM Chapter 15 Stress Related Conditions Page(s): Chp 15 pg 401.": [("mtus/stress", None, ["401"])],
    "ACOEM Chapter 15 Stress Related Conditions Page(s): 397B, 400-402.": [("mtus/stress", None, ["397B", "400-402"])],
    "ACOEM Chapter 9 Shoulder Complaints, Chronic Pain Treatment Guidelines Physical Medicine Page(s): 98-99.": [
        ("mtus/shoulder", None),
        ("mtus/chronic-pain", None, ["Physical Medicine"], ["98-99"]),
    ],
    "Chronic Pain Treatment Guidelines Opioids, criteria for use Page(s): 76-80, Chronic Pain Treatment Guidelines "
    "Weaning of Medications Page(s): 124.": [
        (
            "mtus/chronic-pain",
            None,
            ["Opioids, criteria for use", "Weaning of Medications"],
            ["76-80", "124"],
        )
    ],
    "General Approaches ACOEM Chapter 3 Initial Approaches to Treatment Page(s): 48.": [
        ("mtus/general-approaches", None, ["Initial Approaches to Treatment"], ["48"])
    ],
    "ACOEM Chapter 12 Page(s): 303.": [("mtus/low-back", None, ["303"])],
    "Chronic Pain Treatment Guidelines 8 C.C.R. 9792.20 - 9792.26 (Effective July 18, 2009) Page(s): 98 of 127.": [
        ("mtus/chronic-pain", None, ["98"])
    ],
    "Chronic Pain Treatment Guidelines Part Two, Yoga; see also ODG Yoga. Page 126.": [
        ("mtus/chronic-pain", None, ["Yoga"], ["126"]),
        ("odg/unspecified", None, ["Yoga"]),
    ],
    # Misprints.
    "ACEOM Chapter 12 Low Back Compliants Page(s): 303.": [("mtus/low-back", None, ["303"])],
    "Sholder Complaints 2004.": [("mtus/shoulder", "2004")],
    # The guidelines of December 2017.
    "Shoulder Disorders 2016, and Hand, Wrist, and Forearm Disorders 2016.": [
        ("mtus/shoulder", "2016"),
        ("mtus/forearm-wrist-hand", "2016"),
    ],
}


@pytest.mark.parametrize("body", MTUS)
def test_mtus_statement_is_read(body):
    assert cited("Decision based on MTUS " + body) == MTUS[body]
    assert read("Decision based on MTUS " + body).problems == ()


ODG_TWICE = "Decision based on Non-MTUS Citation ODG Low Back, Bed rest. Decision based on Non-MTUS Citation ODG."


def test_statement_that_comes_again_depends_on_what_was_cited_before_it():
    alone = "Decision based on Non-MTUS Citation ODG."
    low_back = [("odg/low-back", None, ["Bed rest"])]
    for _ in range(2):
        assert cited(alone) == [("odg/unspecified", None)]
        assert cited(ODG_TWICE) == low_back  # the bare words say nothing more


def test_statement_that_comes_again_has_its_own_place():
    statement = "Decision based on MTUS Shoulder Complaints 2004"
    for before in (
        "",
        "Decision based on Non-MTUS Citation Drugs.com. ",
        "Decision based on MTUS Knee Complaints 2004. ",
    ):
        sentence = before + statement + "."
        place = read(sentence).citations[-1].span
        assert sentence[place.start : place.end] == "Shoulder Complaints 2004"


# Body of "Decision based on Non-MTUS Citation ...".
NON_MTUS = {
    "Official Disability Guidelines (ODG).": [("odg/unspecified", None)],
    "Official Disability Guidelines (ODG), Knee & Leg (updated 10/01/16) Chapter, Canes.": [
        ("odg/knee-leg", None, ["Canes"])
    ],
    "Official Disability Guidelines - Shoulder (Acute & Chronic), Steroid injections.": [
        ("odg/shoulder", None, ["Steroid injections"])
    ],
    "OGD, Low Back, Lumbar & Thoracic (Acute & Chronic): Bed rest.": [("odg/low-back", None, ["Bed rest"])],
    "Official Disability Guideline Low Back (Thoracic and Lumbar, Acute and Chronic) Chapter, Bed rest.": [
        ("odg/low-back", None, ["Bed rest"])
    ],
    "ODG Neck and Upper Back, Collars (cervical).": [("odg/neck-upper-back", None, ["Collars (cervical)"])],
    "(ODG) MRI ankle.": [("odg/ankle-foot", None, ["MRI"])],
    "Official Disability Guidelines, Cervical Physical Therapy Guidelines.": [
        ("odg/neck-upper-back", None, ["Physical Therapy Guidelines"])
    ],
    "ODG hip and pelvis chapter, Sandal rash section.": [("odg/hip-pelvis", None, ["Sandal rash"])],
    "ACOEM ACOEM Practice Guidelines, 3rd ed., Shoulder Disorders.": [("acoem/shoulder", "3rd ed.")],
    "ODG, Ankle chapter (Online) for cold packs.": [("odg/ankle-foot", None, ["cold packs"])],
    "ODG Preface/Physical therapy.": [("odg/unspecified", None, ["Preface", "Physical therapy"])],
    "Official Disability Guidelines, low back pain.": [("odg/low-back", None)],
    "Official Disability Guidelines (ODG), Low Back & Neck Chapters.": [
        ("odg/low-back", None),
        ("odg/neck-upper-back", None),
    ],
    "ODG (www.odg-twc.com), Head.": [("odg/head", None)],
    "MTUS is silent on this.  ODG Head Chapter.": [("odg/head", None)],
    "ODG Hip & Pelvis, Braces; http://www.example.org/a- page, accessed 1/2/2017, Medicare manual.": [
        ("odg/hip-pelvis", None, ["Braces"]),
        ("other/example", None, ["http://www.example.org/a- page, accessed 1/2/2017"]),
        ("other/medicare", None, ["Medicare manual"]),
    ],
    "Official Disability Guidelines, Elbow Chapter, Hand Chapter, Splints.": [
        ("odg/elbow", None, ["Splints"]),
        ("odg/forearm-wrist-hand", None, ["Splints"]),
    ],
    "Official Disability Guidelines (ODG), Work Loss Data Institute (14th Annual Edition), 2016, Head Chapter.": [
        ("odg/head", "2016")
    ],
    "Knee (Canes).": [("odg/knee-leg", None, ["Canes"])],
    "ODG, Diabetes (Type 1, 2, and Gestational) Chapter, Exercise.": [("odg/diabetes", None, ["Exercise"])],
    "ODG (Web-based version), Fitness for Duty Chapter: Guidelines for performing an FCE.": [
        ("odg/fitness-for-duty", None, ["Guidelines for performing an FCE"])
    ],
    "ODG, Ankle & Foot Chapter, Sandal straps and Orthotic devices.": [
        ("odg/ankle-foot", None, ["Sandal straps", "Orthotic devices"])
    ],
    "UpToDate, Docusate: Drug information, and Drugs.com, Colace.": [
        ("other/uptodate", None, ["UpToDate, Docusate: Drug information"]),
        ("other/drugs-com", None, ["Drugs.com, Colace"]),
    ],
    "Reed A, et al. Harbour work. Spine J 2009;9(1):1-9, and Moss B, et al. Ropes. J Hand Surg 2011;3(2):11-19.": [
        ("other/journal", "2009", ["Reed A, et al. Harbour work. Spine J 2009;9(1):1-9"]),
        ("other/journal", "2011", ["Moss B, et al. Ropes. J Hand Surg 2011;3(2):11-19"]),
    ],
    "California Labor Code 4600, ACOEM Guidelines, Chapter 12, pg 308, http://www.example.org/a.": [
        ("other/statute", None, ["California Labor Code 4600"]),
        ("acoem/low-back", None, ["308"]),
        ("other/example", None, ["http://www.example.org/a"]),
    ],
    "ODG, FDA, Drugs.com.": [
        ("odg/unspecified", None),
        ("other/fda", None, ["FDA"]),
        ("other/drugs-com", None, ["Drugs.com"]),
    ],
    "UpToDate, Mosby's Drug Consult.": [
        ("other/uptodate", None, ["UpToDate"]),
        ("other/textbook", None, ["Mosby's Drug Consult"]),
    ],
    "Knee.Drugs.com.": [("other/drugs-com", None, ["Knee.Drugs.com"])],
    "Knee.Drugs.com, ODG Low Back Chapter, MRI.": [
        ("other/drugs-com", None, ["Knee.Drugs.com"]),
        ("odg/low-back", None, ["MRI"]),
    ],
    "Shoulder.Medscape.com.": [("other/medscape", None, ["Shoulder.Medscape.com"])],
    "InterQual criteria, 2016.": [("other/interqual", None, ["InterQual criteria, 2016"])],
    "ODG Chapter Mental Illness and Stress, Topic: Hypnosis.": [("odg/mental-stress", None, ["Hypnosis"])],
    "Official Disability Guidelines (ODG) Pain, Hypnosis and Other Medical Treatment Guidelines UpToDate.": [
        ("odg/pain", None, ["Hypnosis"]),
        ("other/uptodate", None, ["UpToDate"]),
    ],
    "ACOEM Practice Guidelines, 3rd ed., Shoulder Disorders, pg. 12.": [("acoem/shoulder", "3rd ed.", ["12"])],
    "ACOEM Guidelines, Chapter 7, Independent Medical Examinations and Consultations, page 127.": [
        ("acoem/independent-medical-examinations", None, ["127"])
    ],
}


@pytest.mark.parametrize("body", NON_MTUS)
def test_non_mtus_statement_is_read(body):
    reading = read(OUTSIDE + body)
    assert cited(OUTSIDE + body) == NON_MTUS[body]
    assert reading.outside_mtus
    assert reading.problems == ()


def test_both_statements_of_a_sentence_are_read_in_order():
    sentence = "Decision based on MTUS Knee Complaints 2004.  Decision based on Non-MTUS Citation ODG, Knee."
    assert cited(sentence) == [("mtus/knee", "2004"), ("odg/knee-leg", None)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The Claims Administrator did not cite any medical evidence for its decision.",
        "The Expert Reviewer did not cite any medical evidence for its decision.",
        "The Claims Administrator did not cite any evidence-based guidelines for their decision",
        "No medical evidence was cited by the Claims Administrator.",
    ],
)
def test_a_sentence_that_cites_nothing_says_so_and_raises_no_problem(sentence):
    reading = read(sentence)
    assert reading.cites_nothing
    assert reading.citations == reading.problems == ()


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Decision based on MTUS Toothache Manners 2004.", "unknown_authority"),
        ("Decision based on MTUS Citation Official Disability Guidelines (ODG), Knee.", "citation_unread"),
        ("Decision based on Non-MTUS Citation ODG, Low Back harbour Chapter, Canes.", "unknown_authority"),
        ("Decision based on Non-MTUS Citation ODG, Knee, Canes; and Harbour's Sandal Medicine.", "citation_unread"),
        ("Decision based on Non-MTUS Citation ODG, Knee, Canes, Guide to Harbours, 2015.", "citation_unread"),
        ("Decision based on Non-MTUS Citation Harbour Notes, and ACOEM, Knee Disorders.", "citation_unread"),
        (
            "Decision based on Non-MTUS Citation ACOEM, Knee Disorders, Reed A, et al. 2009;4(1):2-3.",
            "citation_unread",
        ),
        ("Decision based on MTUS Knee Complaints 2004, and Toothache Manners 2004.", "unknown_authority"),
        ("Decision based on MTUS ACOEM Chapter 9 Knee Complaints Page(s): 340.", "chapter_mismatch"),
        ("Words nobody expected. Decision based on MTUS Knee Complaints 2004.", "citation_unread"),
        ("Decision based on Non-MTUS Citation .", "citation_unread"),
        ("Something else altogether", "citation_unread"),
        ("Decision based on MTSU Knee Complaints 2004.", "citation_unread"),
        ("Decision based on MTUS Knee Complaints 2044.", "citation_unread"),
        ("Decision based on MTUS Knee Complaints, Chronic pain Sandal Wear.", "citation_unread"),
        ("Decision based on MTUS Knee Complaints 2004, Section(s): Sandal Wear, Beach Walks.", "citation_unread"),
        (OUTSIDE + "Textbook of Sandals; Handbook of Ropes.", "citation_unread"),
        (OUTSIDE + "ODG, Kneee Chapetr Two, Canes.", "citation_unread"),
        (OUTSIDE + "ODG, Toothache Chapter.", "unknown_authority"),
        (OUTSIDE + "The Harbour Guidelines, 2nd version.", "unknown_authority"),
        (OUTSIDE + "Rumours at the harbour.", "unknown_authority"),
        (
            "Decision based on MTUS Knee Complaints 2004, Section(s): Walks, Neck (Acute & Chronic).",
            "unknown_authority",
        ),
        (OUTSIDE + "Textbook of Sandals; Knee & Leg Chapter, Canes.", "citation_unread"),
        (OUTSIDE + "Cochrane Reviews of Sandals, Shoulder (Acute & Chronic), Canes.", "citation_unread"),
    ],
)
def test_what_is_not_understood_is_a_problem(sentence, code):
    assert code in {problem.code for problem in read(sentence).problems}


def test_chapter_number_that_disagrees_leaves_the_title_in_force():
    assert cited("Decision based on MTUS ACOEM Chapter 9 Knee Complaints.") == [("mtus/knee", None)]


def test_raw_text_with_line_breaks_reads_as_one_line_and_spans_point_into_it():
    source = (
        "x\n\nDecision based on MTUS Low Back\n\nComplaints 2004, Section(s): Follow-\nup Visits. \n\nDecision: no"
    )
    reading = read_guideline(source, 3, source.index("Decision: no"))
    (citation,) = reading.citations
    assert (citation.authority, citation.edition, citation.sections) == (
        "mtus/low-back",
        "2004",
        ("Follow-up Visits",),
    )
    printed = source[citation.span.start : citation.span.end]
    assert printed.startswith("Low Back\n\nComplaints 2004")
    assert printed.endswith("up Visits")


def test_an_alias_names_a_source_that_the_data_do_not_know():
    sentence = OUTSIDE + "Rumours at the harbour."
    reading = read(sentence, aliases={normalized_form("Rumours at the Harbour"): "other/uptodate"})
    assert [citation.authority for citation in reading.citations] == ["other/uptodate"]
    assert reading.problems == ()


def test_an_alias_of_a_title_holds_for_every_year_of_it():
    reading = read("Decision based on MTUS Toothache Manners 2004.", aliases={"toothache manners": "mtus/eye"})
    assert [(citation.authority, citation.edition) for citation in reading.citations] == [("mtus/eye", "2004")]
    assert reading.problems == ()


def test_an_alias_never_overrides_what_is_known():
    reading = read("Decision based on MTUS Knee Complaints 2004.", aliases={"knee complaints 2004": "other/uptodate"})
    assert [citation.authority for citation in reading.citations] == ["mtus/knee"]


def _sentence(entry: Authority, example: str) -> str:
    return ("Decision based on MTUS " if entry.family == "mtus" else OUTSIDE) + example + "."


EXAMPLES = [(entry, example) for entry in authorities() for example in entry.examples]


def test_each_example_resolves_to_its_own_authority_alone():
    readings = [(example, read(_sentence(entry, example))) for entry, example in EXAMPLES]
    assert [(example, [citation.authority for citation in reading.citations]) for example, reading in readings] == [
        (example, [entry.key]) for entry, example in EXAMPLES
    ]
    assert [example for example, reading in readings if reading.problems] == []


@pytest.mark.parametrize("entry", [a for a in authorities() if a.family in {"mtus", "odg"}], ids=lambda a: a.key)
def test_each_printed_name_resolves_to_its_own_authority(entry):
    for name in entry.printed_as:
        assert re.fullmatch(name_pattern(name), name)
        printed = f"{name} 2016" if entry.family == "mtus" else f"Official Disability Guidelines (ODG), {name} Chapter"
        assert [citation.authority for citation in read(_sentence(entry, printed)).citations] == [entry.key], name


def test_data_files_are_consistent():
    keys = [entry.key for entry in authorities()]
    assert len(keys) == len(set(keys))
    assert all(entry.key.startswith(entry.family + "/") for entry in authorities())
    assert all(entry.get("names_of", "mtus/low-back") in keys for entry in data("authorities")["authority"])
    for names in data("sections").values():
        for name in names["names"]:
            known = {normalized_form(name)}
            assert [piece.text for piece in split_names(name, known)] == [name]


@pytest.mark.parametrize(
    ("misprint", "key"),
    [
        ("Chronic Pian Medical Treatment", "mtus/chronic-pain"),
        ("Low Complaints", "mtus/low-back"),  # nearer to "Elbow Complaints" by its letters
        ("Back Complaints", None),
        ("Toothache Manners", None),
    ],
)
def test_a_misspelt_title_goes_to_the_nearest_name_only_when_it_is_near(misprint, key):
    assert closest_title(misprint) == key


VOCABULARY = (
    "Decision|based|on|MTUS|Non-MTUS|Citation|ODG|Official Disability Guidelines|(ODG)|ACOEM|Chapter|12|Knee"
    "|Complaints|2004|,|.|;|:|(|)|-|&|Section(s):|Page(s):|12-13|and|Pain|Leg|Low|Back|see also|Opioids, dosing"
    "|did not cite any|http://www.example.org|Drugs.com|UpToDate|\n|\n\n| |The|Expert|Reviewer|Toothache|3.3.9"
)


@pytest.mark.parametrize("piece", ["A, b, ", "Knee, Foo bar, ", "12, ", "( ", "and ", "a-", "Low Back ", "http://"])
def test_a_damaged_sentence_of_any_length_is_a_problem_and_not_a_stall(piece):
    sentence = "Decision based on MTUS Knee Complaints 2004, Section(s): " + piece * 20_000
    reading = read(sentence)
    assert reading.citations[0].authority == "mtus/knee"
    assert "citation_unread" in {problem.code for problem in reading.problems}


WORDS = st.sampled_from(VOCABULARY.split("|"))
#: Words, each with what parts it from the next; a space may be missing, as in ``Knee.Drugs.com``.
OPENINGS = st.sampled_from(("", "Decision based on MTUS ", "Decision based on Non-MTUS Citation "))
PARTED = st.lists(st.tuples(WORDS, st.sampled_from((" ", " ", ". ", ".", ",", ", "))).map("".join), max_size=40)


@example("Decision based on MTUS")
@example("Decision based on MTUS (((")
@example("Decision based on Non-MTUS Citation (")
@example("Decision based on Non-MTUS Citation ODG")
@given(st.tuples(OPENINGS, PARTED.map("".join)).map("".join) | st.text(max_size=200))
def test_any_text_gives_a_reading_whose_spans_lie_within_it(text):
    source = f"before {text} after"
    start, end = 7, 7 + len(text)
    reading = read_guideline(source, start, end)
    for span in [citation.span for citation in reading.citations] + [p.span for p in reading.problems if p.span]:
        assert start <= span.start < span.end <= end
    assert all(citation.authority.partition("/")[0] == citation.family for citation in reading.citations)
    assert len({(c.authority, c.edition) for c in reading.citations}) == len(reading.citations)


# Written without a look at the code that reads them.
SENTENCES = Path(__file__).with_name("guideline_sentences.txt")


def test_sections_and_pages_of_varied_sentences_are_read() -> None:
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()[1:]
    read, expected = {}, {}
    for line in lines:
        printed, *citations = line.split(" || ")
        sentence = f"Decision based on {printed}."
        reading = read_guideline(sentence, 0, len(sentence))
        read[printed] = sorted(
            (citation.authority, *sorted([*citation.sections, *citation.pages]))
            for citation in reading.citations
            if citation.family != "other"
        )
        named = [citation.split(" > ") for citation in citations]
        expected[printed] = sorted((authority, *sorted(parts)) for authority, *parts in named)
    assert len(lines) > 150
    assert read == expected

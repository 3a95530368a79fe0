"""Treatment categories: rules and their examples, drug names, parts of the body, accuracy on real letters."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from determinations.parsing.categories import (
    CATEGORIES,
    DRUGS,
    REGIONS,
    body_region,
    body_regions,
    categorize,
    rule_book,
)
from determinations.parsing.categories.rules import read_drugs, read_medicine_names
from determinations.parsing.pipeline import parse_letter
from determinations.synthetic import write_letters

EXPECTED = Path(__file__).resolve().parents[3] / "shared" / "letters" / "expected"

REQUESTS = Path(__file__).with_name("requests.csv")

RULES = rule_book().rules
EXAMPLES = [(rule.id, example) for rule in RULES for example in rule.examples]


def test_every_example_comes_out_at_its_own_rule() -> None:
    assert [(categorize(example).rule, example) for _rule, example in EXAMPLES] == EXAMPLES


def test_every_rule_has_an_example_and_an_id_of_its_own() -> None:
    assert all(rule.examples for rule in RULES)
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_rules_name_only_known_categories_and_leave_none_out() -> None:
    named = {(rule.category, rule.subcategory) for rule in RULES}
    known = {(category.name, name) for category in CATEGORIES.values() for name in category.subcategories}
    assert named == known


def test_every_category_says_what_belongs_there_and_where_the_state_counts_it() -> None:
    for category in CATEGORIES.values():
        assert category.description
        assert category.dwc_category
        assert all(category.subcategories.values())


def test_nothing_that_fits_is_said_to_be_so() -> None:
    assert categorize("Zzyzx") == ("Other", "Other", "none")
    assert categorize("") == ("Other", "Other", "none")


@given(text=st.text(max_size=300))
def test_any_text_belongs_somewhere(text: str) -> None:
    found = categorize(text)
    assert found.subcategory in CATEGORIES[found.category].subcategories


@given(words=st.lists(st.sampled_from(" ".join(example for _, example in EXAMPLES).split()), max_size=25))
def test_any_jumble_of_medical_words_belongs_somewhere(words: list[str]) -> None:
    found = categorize(" ".join(words))
    assert found.subcategory in CATEGORIES[found.category].subcategories
    assert body_regions(" ".join(words)) is not None


def test_every_drug_class_is_a_subcategory() -> None:
    assert {drug.drug_class for drug in DRUGS.values()} <= set(CATEGORIES["Pharmaceuticals"].subcategories)
    assert read_drugs() == DRUGS


# Names that a dose makes no plainer: words of English, forms of a drug, names of equipment.
UNLIKE_A_TABLET = {"Topical Analgesics", "Viscosupplementation", "Other Drugs"}


TABLETS = [drug for drug in DRUGS.values() if drug.drug_class not in UNLIKE_A_TABLET]
OTHERS = [drug for drug in DRUGS.values() if drug.drug_class == "Other Drugs"]


def test_a_tablet_of_a_listed_drug_belongs_to_its_class() -> None:
    found = {drug.name: categorize(f"{drug.name.title()} tablets #30")[:2] for drug in TABLETS}
    assert found == {drug.name: ("Pharmaceuticals", drug.drug_class) for drug in TABLETS}


def test_every_other_listed_drug_is_a_pharmaceutical() -> None:
    assert [drug.name for drug in OTHERS if categorize(f"{drug.name} #30").category != "Pharmaceuticals"] == []


@pytest.mark.parametrize(
    ("request_text", "category", "subcategory"),
    [
        ("Norco 10/325mg #90", "Pharmaceuticals", "Opioids"),
        ("Oxycodne 10mg #60", "Pharmaceuticals", "Opioids"),
        ("Diclofenac 1.5% solution, topical", "Pharmaceuticals", "Topical Analgesics"),
        ("Diclofenac sodium ER 100mg #30", "Pharmaceuticals", "NSAIDs"),
        ("Baclofen 2%, Gabapentin 6% in cream base 180gm", "Pharmaceuticals", "Topical Compounds"),
        ("Physical therapy after right knee arthroscopy, 12 visits", "Rehabilitation", "PT/OT"),
        ("Right knee arthroscopy", "Surgery", "Arthroscopic"),
        ("Associated surgical service: Crutches", "DMEPOS", "DME"),
        ("Associated surgical service: Nerve block", "Surgery", "Adjunct Surgical Services"),
        ("Pre-operative labs: CBC", "Surgery", "Adjunct Surgical Services"),
        ("CBC", "Diagnostic Testing", "Lab & Pathology"),
        ("Chest x-ray", "Diagnostic Testing", "Imaging"),
        ("Manipulation under anesthesia, left shoulder", "Surgery", "Non-arthroscopic"),
        ("Spinal manipulation, 6 visits", "Rehabilitation", "Chiropractic"),
        ("Lidocaine injection to the left wrist", "Injection", "Injection"),
        ("Consultation with a psychiatrist", "Psych Services", "Evaluation & Management"),
        ("Consultation with a neurologist", "Evaluation & Management", "Medical Specialties"),
        ("Voltaren 1% topical gel, two tubes", "Pharmaceuticals", "Topical Analgesics"),
        ("Ketoprofen 10%/Tramadol 5% in Mediderm base", "Pharmaceuticals", "Topical Compounds"),
        ("Ten visits of therapy, left wrist", "Rehabilitation", "PT/OT"),
        ("Ice packs therapy times 4", "Rehabilitation", "Other Therapies"),
        ("Knee sleeve", "DMEPOS", "Prosthetics/Orthotics"),
        ("Consultation with a spine surgeon", "Surgery", "Surgical Consult"),
        ("Electrical stimulation, 6 visits", "Rehabilitation", "Other Therapies"),
        ("Electrical stimulation unit, purchase", "DMEPOS", "Electrical Stimulation"),
        ("CT scan of the knee with reconstruction", "Diagnostic Testing", "Imaging"),
        ("Gastric emptying study", "Diagnostic Testing", "Other Diagnostic Tests"),
        ("Ambulatory blood pressure monitoring, 24 hours", "Diagnostic Testing", "Other Diagnostic Tests"),
        ("Vitamin D 2,000 units", "Pharmaceuticals", "Other Drugs"),
        ("Surgical dressings", "DMEPOS", "Supplies"),
        ("Accupuncture twice a week", "Rehabilitation", "Acupuncture"),
    ],
)
def test_what_words_mean_depends_on_the_words_beside_them(request_text: str, category: str, subcategory: str) -> None:
    assert categorize(request_text)[:2] == (category, subcategory)


def test_requests_written_from_the_definitions_alone_are_put_where_the_definitions_say() -> None:
    """The lines of ``requests.csv`` are synthetic: they were written before the rules that read them."""
    rows = list(csv.DictReader(REQUESTS.read_text(encoding="utf-8").splitlines()))
    read = {row["request"]: categorize(row["request"])[:2] for row in rows}
    assert read == {row["request"]: (row["category"], row["subcategory"]) for row in rows}
    assert set(read.values()) == {
        (name, sub) for name, category in CATEGORIES.items() for sub in category.subcategories
    }


def test_a_medicine_known_by_name_alone_is_a_pharmaceutical() -> None:
    names = read_medicine_names()
    assert len(names) > 500
    assert [name for name in names if categorize(f"{name} #30").category != "Pharmaceuticals"] == []
    assert not names & {drug.name for drug in DRUGS.values()}


@pytest.mark.parametrize(
    ("request_text", "category", "subcategory"),
    [
        ("Podiatry consultation for custom orthotics", "Evaluation & Management", "Medical Specialties"),
        ("Custom orthotics", "DMEPOS", "Prosthetics/Orthotics"),
        ("Consultation with a spine surgeon regarding fusion", "Surgery", "Surgical Consult"),
        ("Acupuncture with electrical stimulation, 4 visits", "Rehabilitation", "Acupuncture"),
        ("Electrical stimulation, 4 visits", "Rehabilitation", "Other Therapies"),
        ("Physical therapy for work conditioning", "Rehabilitation", "PT/OT"),
        ("Work conditioning", "Programs", "Programs"),
    ],
)
def test_what_is_named_first_counts_and_not_what_it_is_for_or_comes_with(
    request_text: str, category: str, subcategory: str
) -> None:
    assert categorize(request_text)[:2] == (category, subcategory)


@pytest.mark.parametrize("request_text", ["Heat 2x6", "Heat 2 x 6"])
def test_a_number_of_times_a_week_and_weeks_is_a_course_of_treatment(request_text: str) -> None:
    assert categorize(request_text).rule == "modality-in-clinic"
    assert categorize("Heat").rule != "modality-in-clinic"


@pytest.mark.parametrize(
    ("request_text", "region"),
    [
        ("MRI of the lumbar spine without contrast", "Lumbar spine"),
        ("MRI of the neck and left hand", "Cervical spine"),
        ("EMG of the bilateral lower extremities", "Lower extremity"),
        ("Right L4-5 epidural steroid injection", "Lumbar spine"),
        ("C5-6 facet block", "Cervical spine"),
        ("Physical therapy, upper back", "Thoracic spine"),
        ("Synvisc, left knee", "Knee"),
        ("Spinal cord stimulator trial", "Spine"),
        ("Norco 10/325mg #90", None),
    ],
)
def test_the_part_of_the_body_named_first_counts(request_text: str, region: str | None) -> None:
    assert body_region(request_text) == region


def test_every_part_of_the_body_is_given_once() -> None:
    regions = body_regions("MRI of the left shoulder, right shoulder and cervical spine")
    assert regions == ("Shoulder", "Cervical spine")
    assert set(body_regions("hip and knee")) < set(REGIONS)


@pytest.mark.skipif(not EXPECTED.is_dir(), reason="the real letters are not here")
def test_real_letters_are_put_into_the_right_categories(capsys: pytest.CaptureFixture[str]) -> None:
    items = [item for path in sorted(EXPECTED.glob("*.json")) for item in json.loads(path.read_text())["items"]]
    found = [categorize(item["disputed"]) for item in items]
    right = [
        (f.category == i["category"], f[:2] == (i["category"], i["subcategory"]))
        for f, i in zip(found, items, strict=True)
    ]
    category, subcategory = (sum(share) / len(items) for share in zip(*right, strict=True))
    with capsys.disabled():
        print(f"\n{len(items)} items: category {category:.4f}, subcategory {subcategory:.4f}")
    assert category >= 0.96
    assert subcategory >= 0.93


def test_a_letter_about_nothing_known_says_so() -> None:
    letter = next(write_letters(1, seed=1))
    request = letter.expected["items"][0]["disputed"]
    parsed = parse_letter(letter.text.replace(request, "Zzyzx"))
    assert "category_unknown" in {problem.code for problem in parsed.problems}
    assert "category_unknown" not in {problem.code for problem in parse_letter(letter.text).problems}

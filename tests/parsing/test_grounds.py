"""Grounds of decisions: each rule with its examples, many wordings of each ground, guidelines that are only quoted."""

import csv
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from determinations.parsing import parse_letter
from determinations.parsing.categories import CATEGORIES, categorize
from determinations.parsing.grounds import GROUNDS, Rule, Subject, grounds_by_rules, read_grounds, rule_book
from determinations.parsing.grounds.matching import PatternTable, Places, Written, follow
from determinations.parsing.grounds.sentences import LONGEST, split_sentences
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import Decision, Ground
from determinations.parsing.spans import fold, fold_text
from determinations.synthetic import write_letter, write_letters
from tests.fixtures import LETTERS

WORDINGS = list(
    csv.DictReader(
        (Path(__file__).parent / "grounds_sentences.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"
    )
)
RULES = rule_book().rules
IMAGING = "Diagnostic Testing/Imaging"
#: Synthetic: written for this test in the manner of review organizations, with the grounds that a reader sees in each.
RATIONALES = list(
    csv.DictReader(
        (Path(__file__).parent / "synthetic_rationales.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"
    )
)


def codes(text: str, category: str = IMAGING, request: str = "", decision: Decision = "upheld") -> list[str]:
    """The grounds that a rationale gives for an item of a ``category/subcategory``."""
    name, _, subcategory = category.partition("/")
    return [ground.code for ground in read_grounds(fold(text), Subject(request, name, subcategory, decision))]


def codes_by_rules(text: str, category: str = IMAGING, request: str = "") -> list[str]:
    """What the rules alone find for an upheld item."""
    name, _, subcategory = category.partition("/")
    statements = grounds_by_rules(fold(text).text, Subject(request, name, subcategory, "upheld"))
    return [statement.code for statement in statements]


def category_for(rule: Rule) -> str:
    """A category in which the rule counts."""
    usual = (*rule.only_in, IMAGING, "Rehabilitation/PT/OT")
    return next(category for category in usual if {category, category.split("/")[0]}.isdisjoint(rule.not_in))


def decision_of(code: str) -> Decision:
    return GROUNDS[code].decision or "upheld"


def test_every_example_gives_the_ground_of_its_rule_alone() -> None:
    read = {(rule.id, example): _read_example(rule, example) for rule in RULES for example in rule.examples}
    assert {key: {ground.code for ground in grounds} for key, grounds in read.items()} == {
        (rule.id, example): {rule.code} for rule in RULES for example in rule.examples
    }
    rules_of = {code: {rule.id for rule in RULES if rule.code == code} for code in GROUNDS}
    by_others = {
        (rule.id, example)
        for rule in RULES
        for example in rule.examples
        if not {ground.rule for ground in read[rule.id, example]} <= rules_of[rule.code]
    }
    assert by_others == set()


def _read_example(rule: Rule, example: str) -> tuple[Ground, ...]:
    name, _, subcategory = category_for(rule).partition("/")
    subject = Subject(example, name, subcategory, decision_of(rule.code))
    return read_grounds(fold(example), subject)


@pytest.mark.parametrize(
    ("rule", "example"), [pytest.param(r, e, id=f"{r.id}: {e[:40]}") for r in RULES for e in r.counter_examples]
)
def test_no_counter_example_gives_the_ground_of_its_rule(rule: Rule, example: str) -> None:
    assert rule.code not in codes(example, category_for(rule), example, decision_of(rule.code))


def test_every_rule_has_an_example_an_id_of_its_own_and_known_categories() -> None:
    assert all(rule.examples for rule in RULES)
    assert len({rule.id for rule in RULES}) == len(RULES)
    known = {f"{category.name}/{name}" for category in CATEGORIES.values() for name in category.subcategories}
    assert {name for rule in RULES for name in (*rule.only_in, *rule.not_in)} <= known | CATEGORIES.keys()


def test_every_pattern_names_known_words_and_compiles() -> None:
    """Patterns are compiled when a sentence first needs one: a mistake in one would surface only then."""
    book = rule_book()
    of_rules = [pattern for rule in book.rules for pattern in (*rule.patterns, *rule.unless)]
    of_voices = [pattern for patterns in book.voices.values() for pattern in patterns]
    for pattern in (*of_rules, *of_voices):
        assert book.vocabulary.compile(pattern).groups == 0


def test_a_pattern_followed_by_its_steps_fits_what_the_compiled_one_fits() -> None:
    """And a table tries every pattern that fits."""
    vocabulary = rule_book().vocabulary
    sentences = [example for rule in RULES for example in rule.examples[:1]]
    sentences = [*sentences, *(f"{first[:40]}; {second}" for first, second in pairwise(sentences)), ""][::4]
    patterns = sorted({pattern for rule in RULES for pattern in (*rule.patterns, *rule.unless)})
    table = PatternTable(vocabulary, [[pattern] for pattern in patterns])
    written = [Written(vocabulary.write(sentence)) for sentence in sentences]
    texts = [sentence.text() for sentence in written]
    places = [Places(text) for text in texts]
    fitting: list[set[int]] = [set() for _ in texts]
    for number, pattern in enumerate(patterns):
        steps, search = vocabulary.steps(pattern), vocabulary.compile(pattern).search
        expected = [search(text) is not None for text in texts]
        assert [follow(steps, place) for place in places] == expected, pattern
        for place, fits in enumerate(expected):
            fitting[place] |= {number} if fits else set()
    found = [table.groups_of(table.possible(sentence), sentence) for sentence in written]
    assert found == [sorted(numbers) for numbers in fitting]
    assert sum(map(len, fitting)) > len(texts)


def test_a_pattern_that_is_tried_often_still_fits_the_same() -> None:
    vocabulary = rule_book().vocabulary
    table = PatternTable(vocabulary, [["no .. evidence"]])
    sentences = [
        "There is no good evidence.",
        "The evidence is not there; no.",
        "No X-ray; evidence is lacking.",
    ] * 100
    written = [Written(vocabulary.write(text)) for text in sentences]
    found = [table.first_group(table.possible(sentence), sentence) for sentence in written]
    assert found == [0, None, None] * 100


def test_every_ground_but_other_has_a_rule_and_several_wordings() -> None:
    assert {rule.code for rule in RULES} == GROUNDS.keys() - {"other"}
    wordings = Counter(row["ground"] for row in WORDINGS)
    assert wordings.keys() >= {code for code, kind in GROUNDS.items() if kind.decision == "upheld"}
    assert min(wordings[code] for code, kind in GROUNDS.items() if kind.decision == "upheld") >= 3


def test_a_ground_is_recognized_however_it_is_worded() -> None:
    expected = {row["sentence"]: [row["ground"]] for row in WORDINGS}
    read = {
        row["sentence"]: codes(row["sentence"], row["category"], row["request"], decision_of(row["ground"]))
        for row in WORDINGS
    }
    assert len(read) == len(WORDINGS)
    assert read == expected


def test_a_whole_rationale_gives_the_grounds_that_a_reader_sees_in_it() -> None:
    keys = [(row["request"], row["rationale"]) for row in RATIONALES]
    assert len(set(keys)) == len(RATIONALES)
    read = [_codes_of_rationale(row) for row in RATIONALES]
    assert dict(zip(keys, read, strict=True)) == {
        key: row["grounds"].split() for key, row in zip(keys, RATIONALES, strict=True)
    }


def _codes_of_rationale(row: dict[str, str]) -> list[str]:
    assignment = categorize(row["request"])
    decision: Decision = "overturned" if row["decision"] == "overturned" else "upheld"
    category = f"{assignment.category}/{assignment.subcategory}"
    return sorted(codes(row["rationale"], category, row["request"], decision))


@pytest.mark.parametrize(
    "sentence",
    [
        "The guidelines state that a scan may be considered when simpler care has failed and red flags are present.",
        "MTUS recommends up to ten visits over two months for strains of this kind.",
        "Patients should be reassessed after six visits to see if the patient is improving.",
        "According to the guidelines, opioids should be stopped if there is no gain in function.",
        "Further injections should be based on documented relief of at least half the pain.",
        "A topical anesthetic may be recommended for nerve pain after first-line drugs were tried.",
        "Patients who are at risk of stomach bleeding may take a protective drug.",
        "Acupuncture is an option if medication is not tolerated.",
        "Surgery is considered when symptoms are severe and conservative treatment has failed.",
        "In most patients the effect fades with time, and long use may lead to dependence.",
        "A trial at home may be considered if conservative measures were not sufficient.",
        "Medical equipment is recommended if there is a medical need.",
        "Reliance on scans alone may carry a risk of false conclusions.",
        "ODG recommends a first course of 6 visits, and more with evidence of functional improvement.",
        "There is limited evidence that supports the use of this procedure in randomized trials.",
        "Per the MTUS, tests of this kind are not needed unless there is no response to four weeks of care.",
    ],
)
def test_what_a_guideline_says_in_general_is_no_ground(sentence: str) -> None:
    assert codes(sentence) == []


def test_a_guideline_that_is_quoted_first_does_not_hide_what_is_applied_after_it() -> None:
    text = (
        "MTUS states that imaging is warranted when red flags are present and conservative care has failed. "
        "In this case, the injured worker has low back pain. "
        "There is no documentation of a neurological deficit. "
        "As such, the request is not medically necessary."
    )
    (ground,) = read_grounds(fold(text), Subject("MRI", "Diagnostic Testing", "Imaging", "upheld"))
    assert ground.code == "criteria_not_met"
    assert text[slice(*ground.span)] == "There is no documentation of a neurological deficit."


def test_an_item_can_have_several_grounds_in_the_order_of_their_sentences() -> None:
    text = (
        "In this case, there is no documentation of functional improvement from the earlier visits. "
        "The request does not specify the body part. The 24 visits exceed the guideline recommendation."
    )
    assert codes(text, "Rehabilitation/PT/OT") == ["no_benefit_shown", "not_documented", "exceeds_limits"]


def test_only_grounds_of_the_items_own_decision_count() -> None:
    text = "In this case, conservative treatment has failed. There is no documentation of red flags."
    assert codes(text) == ["criteria_not_met"]
    assert codes(text, decision="overturned") == ["first_line_failed"]


def test_a_weak_sign_counts_only_where_nothing_plain_is_said() -> None:
    weak = "There were no exceptional factors noted."
    assert codes_by_rules(weak, "Rehabilitation/PT/OT") == ["exceeds_limits"]
    plain = f"In this case, there is no documentation of functional improvement from prior visits. {weak}"
    assert codes_by_rules(plain, "Rehabilitation/PT/OT") == ["no_benefit_shown"]


def test_a_rationale_without_a_known_ground_is_a_doubt() -> None:
    letter = next(write_letters(1, seed=1))
    rationale = letter.expected["items"][0]["rationale"]
    assert rationale
    text = letter.text
    sentences = [sentence.text for sentence in split_sentences(rationale)]
    start = text.index("Decision rationale:")
    for word in {word for sentence in sentences for word in sentence.split() if len(word) > 3}:
        text = text[:start] + text[start:].replace(f" {word} ", " zzz ")
    parsed = parse_letter(text)
    doubts = [problem.path for problem in parsed.problems if problem.code == "grounds_not_found"]
    assert doubts == [f"items/{item.number}/grounds" for item in parsed.items if not item.grounds]
    assert doubts
    assert PROBLEMS["grounds_not_found"].severity == "doubt"


@given(number=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_every_ground_stands_in_a_sentence_of_the_rationale(number: int) -> None:
    text = write_letter(number).text
    for item in parse_letter(text).items:
        for ground in item.grounds:
            assert GROUNDS[ground.code].decision == item.decision
            assert "".join(fold_text(text[slice(*ground.span)]).split()) in "".join((item.rationale or "").split())


@given(text=st.text(alphabet=st.sampled_from("aAbn .?!\"')(\u201d1"), max_size=3000))
@settings(max_examples=60, deadline=None)
def test_sentences_hold_every_word_of_a_text_once(text: str) -> None:
    line = " ".join(text.split())
    sentences = split_sentences(line)
    assert all(line[sentence.start : sentence.end] == sentence.text for sentence in sentences)
    assert all(0 < len(sentence.text) <= LONGEST for sentence in sentences)
    assert "".join(sentence.text for sentence in sentences).replace(" ", "") == line.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Seen by Dr. Q. Example in May. He agreed.", 2),
        ("The dose was 2.5 mg. It rose.", 2),
        ('He said "no." Then he left.', 2),
        ("Drugs, e.g. Naproxen, were tried.", 1),
        ("It took approx. Ten visits (approx. Twelve were asked for).", 1),
        ("", 0),
        ("word " * 1000, 5),
    ],
)
def test_sentences_end_where_they_end(text: str, count: int) -> None:
    assert len(split_sentences(text)) == count


@pytest.mark.parametrize("text", ["no documentation " * 20_000, "A. " * 100_000, "x" * 300_000])
def test_a_text_beyond_all_measure_is_read_at_both_ends(text: str) -> None:
    ending = " It is so. In this case, there is no documentation of red flags."
    grounds = read_grounds(fold(text + ending), Subject("MRI", "Diagnostic Testing", "Imaging", "upheld"))
    assert "criteria_not_met" in {ground.code for ground in grounds}


LABELS = LETTERS / "grounds.json"


@pytest.mark.skipif(not LABELS.is_file(), reason="the real letters are not here")
def test_grounds_of_real_letters(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    labels = json.loads(LABELS.read_text(encoding="utf-8"))
    for key, grounds in labels.items():
        stem, number = key.split("#")
        record = json.loads((LETTERS / "expected" / f"{stem}.json").read_text(encoding="utf-8"))
        item = record["items"][int(number) - 1]
        category = f"{item['category']}/{item['subcategory']}"
        found = set(codes(item["rationale"], category, item["disputed"], item["decision"]))
        right = {ground["code"] for ground in grounds}
        counts.update(hit=len(found & right), extra=len(found - right), missed=len(right - found))
        counts["exact"] += found == right
    score = 2 * counts["hit"] / (2 * counts["hit"] + counts["extra"] + counts["missed"])
    exact = counts["exact"] / len(labels)
    with capsys.disabled():
        print(f"\n{len(labels)} items: micro-F1 of grounds {score:.4f}, exact sets {exact:.4f}")
    assert score >= 0.90
    assert exact >= 0.75

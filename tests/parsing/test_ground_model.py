"""The trained model of grounds: it completes the rules, explains itself, and is made again from the lessons here."""

from math import sqrt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from determinations.management.accuracy_run import measure_rationales
from determinations.management.ground_phrases import read_phrases
from determinations.management.ground_training import digest, read_lessons
from determinations.parsing.grounds import GROUNDS, Subject, grounds_by_rules, read_grounds
from determinations.parsing.grounds import likely as likely_module
from determinations.parsing.grounds.features import context_features, sentence_features
from determinations.parsing.grounds.likely import Likely, Statement, completed
from determinations.parsing.grounds.model import (
    IMPOSSIBLE,
    LEARNED,
    NORM,
    OF_DECISION,
    ZERO,
    GroundModel,
    ground_model,
    source_of_model,
)
from determinations.parsing.grounds.read import Rationale
from determinations.parsing.grounds.sentences import LONGEST, Sentence, split_sentences
from determinations.parsing.results import Decision
from determinations.parsing.spans import fold

TESTS = Path(__file__).parent.parent
LESSONS = [
    TESTS / "accuracy" / "ground_lessons.tsv",
    TESTS / "parsing" / "grounds_sentences.tsv",
    TESTS / "parsing" / "synthetic_rationales.tsv",
    TESTS / "accuracy" / "marked_rationales.tsv",
    TESTS / "accuracy" / "ground_grammar.toml",
]
SUBJECT = Subject("Knee brace", "DMEPOS", "Orthotics", "upheld")


def test_the_weights_are_those_of_the_lessons() -> None:
    """After a change of the lessons, ``manage.py train_grounds`` with these files writes the weights again."""
    assert source_of_model() == digest(LESSONS)


def test_the_lessons_name_grounds_that_exist_and_hold_no_unseen_rationale() -> None:
    lessons = read_lessons(LESSONS)
    assert {ground for lesson in lessons for ground in lesson.grounds} <= GROUNDS.keys()
    measured = [(TESTS / "accuracy" / f"{name}_rationales.tsv").read_text("utf-8") for name in ("earlier", "unseen")]
    assert [
        lesson.text for lesson in lessons if lesson.grounds and any(lesson.text in table for table in measured)
    ] == []


def test_rationales_no_rule_was_written_for_are_read_better_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    path = TESTS / "accuracy" / "earlier_rationales.tsv"
    with_model = measure_rationales(path)
    monkeypatch.setattr("determinations.parsing.grounds.read.completed", lambda by_rules, _likely: by_rules.values())
    by_rules = measure_rationales(path)
    assert (with_model.overall.f1 or 0) > (by_rules.overall.f1 or 0) + 5
    assert with_model.exact > by_rules.exact


def test_a_wording_that_no_rule_knows_is_found_and_explained_by_its_sentence_and_words() -> None:
    text = "The brace is blue. Nobody gave the simple sleeve a chance."
    assert grounds_by_rules(text, SUBJECT) == ()
    ground = next(ground for ground in read_grounds(fold(text), SUBJECT) if ground.code == "first_line_not_tried")
    assert text[ground.span.start : ground.span.end].startswith("Nobody gave")
    assert ground.rule.startswith("learned: ")


def test_a_sentence_without_known_words_states_nothing() -> None:
    assert read_grounds(fold("Zzz qqq xxx."), SUBJECT) == ()
    assert read_grounds(fold(""), SUBJECT) == ()


@pytest.fixture
def fixed_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likely_module, "_words", lambda _code, _sentence: "learned: words")


@pytest.mark.usefixtures("fixed_words")
def test_rules_and_model_complete_each_other() -> None:
    first, second = Sentence("First.", 0, 6), Sentence("Second.", 7, 14)
    rule = {"criteria_not_met": Statement("criteria_not_met", "no-findings", second)}
    sure, likely, quoted, hopeless = (
        {"risk": Likely(chance, first, is_quoted)}
        for chance, is_quoted in ((0.96, False), (0.5, False), (0.5, True), (0.1, False))
    )
    assert [s.code for s in completed(rule, sure)] == ["risk", "criteria_not_met"]
    assert [s.code for s in completed(rule, likely)] == ["criteria_not_met"]
    assert [s.code for s in completed({}, likely)] == ["risk"]
    limits = {"exceeds_limits": Likely(0.94, first)}
    assert [s.code for s in completed(rule, limits)] == ["criteria_not_met"], "limits need more"
    assert [s.code for s in completed({}, limits)] == ["exceeds_limits"]
    assert list(completed({}, quoted)) == []
    assert list(completed({}, hopeless)) == []


def test_a_rule_counts_where_the_model_thinks_its_ground_possible_or_if_nothing_else_is_found() -> None:
    text = "The tea is cold. It is unclear why this brace is needed."
    statements = grounds_by_rules(text, SUBJECT)
    assert [statement.code for statement in statements] == ["not_documented"]
    sentences, codes = [statement.sentence for statement in statements], ["not_documented"]
    assert list(Rationale(sentences, SUBJECT, [codes]).statements()) == codes
    assert list(Rationale(sentences, SUBJECT, [["risk"]]).statements()) == []
    nowhere = "Nowhere in zzz qqq xxx yyy kkk is a reason vvv www ttt sss rrr bbb ccc."
    assert ground_model().scorer(("DMEPOS", "Orthotics"), "upheld").scores(nowhere) == ()
    assert [ground.code for ground in read_grounds(fold(nowhere), SUBJECT)] == ["not_documented"]


def test_the_longest_sentence_does_not_overflow_its_fields() -> None:
    row = bytes([255] * len(LEARNED))
    words = [f"{n:b}".replace("0", "o").replace("1", "n") for n in range(900)]
    model = GroundModel(0.01, [0.0] * len(LEARNED), dict.fromkeys(words, row))
    sentence = " ".join(words[::2])
    assert len(sentence) > 3 * LONGEST
    scores = model.scorer(("", ""), "upheld").scores(sentence)
    assert [place for place, _score in scores] == list(range(len(OF_DECISION["upheld"])))
    assert len({round(score, 9) for _place, score in scores}) == 1
    assert scores[0][1] > 4


@pytest.mark.parametrize("decision", OF_DECISION)
def test_a_sentence_is_scored_without_writing_its_features_and_comes_to_the_same(decision: Decision) -> None:
    """And every ground that is left out has a score that makes it impossible."""
    model, item = ground_model(), ("DMEPOS", "Orthotics")
    weights, context = model._weights, [name for name in context_features(*item) if name in model._weights]
    scorer = model.scorer(item, decision)
    sentences = {sentence.text for lesson in read_lessons(LESSONS[2:3]) for sentence in split_sentences(lesson.text)}
    assert len(sentences) > 500
    possible = 0
    for sentence in [
        *sentences,
        "No pain, no gain; don't, doesn\u2019t 5/10 pain pain.",
        "",
        "\u2019n't",
        "Non-drug.",
    ]:
        known = [name for name in sentence_features(sentence) if name in weights]
        expected = []
        if known and len(known) >= 0.75 * len(sentence.split()):
            factor = model._step * NORM / sqrt(len(known) + len(context))
            for place, ground in enumerate(OF_DECISION[decision]):
                total = sum(weights[name][ground] - ZERO for name in [*known, *context])
                score = model._biases[ground] + factor * total
                expected += [(place, pytest.approx(score))] if score > IMPOSSIBLE else []
        assert list(scorer.scores(sentence)) == expected, sentence
        possible += len(expected)
    assert 0 < possible < 5 * len(sentences)


def test_a_grammar_makes_the_same_sentences_each_time_and_joins_some(tmp_path: Path) -> None:
    path = tmp_path / "grammar.toml"
    path.write_text(
        '[words]\nthing = ["cup", "[tea|coffee] pot"]\nbefore = ["Today,"]\nafter = ["here"]\nbetween = [" and "]\n'
        '[[lesson]]\ngrounds = "risk"\nabout = ["Tea"]\ntimes = 9\n'
        'texts = ["the <thing> is [hot|cold].", "<thing> fell."]\n'
    )
    phrases = read_phrases(path)
    assert phrases == read_phrases(path)
    assert {phrase.grounds for phrase in phrases} == {("risk",)}
    assert not [phrase.text for phrase in phrases if set(phrase.text) & set("<>[]|") or not phrase.text[0].isupper()]
    assert [phrase.text for phrase in phrases if " and " in phrase.text]
    path.write_text(path.read_text().replace("<thing> fell", "<unknown> fell"))
    with pytest.raises(KeyError, match="unknown"):
        read_phrases(path)


def test_grounds_stand_after_the_sentences_of_a_marked_rationale_that_state_them(tmp_path: Path) -> None:
    path = tmp_path / "marked.tsv"
    path.write_text(
        "decision\trequest\tmarked\nupheld\tBrace\tHe fell. It is unsafe. {risk} It was tried. {not_medical} Denied.\n"
    )
    lessons = [lesson for lesson in read_lessons([path]) if lesson.request == "Brace"]
    assert [(lesson.text, set(lesson.grounds)) for lesson in lessons if lesson.decision == "upheld"] == [
        ("He fell.", set()), ("It is unsafe.", {"risk"}), ("It was tried.", {"not_medical"}), ("Denied.", set()),
    ]  # fmt: skip


def test_the_command_trains_on_tables_and_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lessons = tmp_path / "lessons.tsv"
    lessons.write_text("grounds\trequest\ttext\nrisk\tBrace\tThis is [far|much] too dangerous.\n-\t\tIt is blue.\n")
    target = tmp_path / "model.txt"
    call_command("train_grounds", lessons, to=target)
    assert "written to model.txt" in capsys.readouterr().out
    source, step, biases, *rows = target.read_text(encoding="utf-8").splitlines()
    assert source == f"source\t{digest([lessons])}"
    assert float(step.split("\t")[1]) > 0
    assert len(biases.split("\t")[1].split()) == len(LEARNED)
    assert any(row.startswith("danger") for row in rows)
    lessons.write_text("grounds\trequest\ttext\nbad_luck\tBrace\tIt rained.\n")
    with pytest.raises(CommandError, match="bad_luck"):
        call_command("train_grounds", lessons, to=target)


def test_the_model_knows_every_ground_of_a_decision() -> None:
    assert [GROUNDS[code].decision for code in LEARNED] == ["upheld"] * 11 + ["overturned"] * 8
    assert ground_model().strongest("There was no relief of pain.", "no_benefit_shown")

"""The trained model of grounds: it completes the rules, explains itself, and is made again from the lessons here."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from determinations.management.accuracy_run import measure_rationales
from determinations.management.ground_phrases import read_phrases
from determinations.management.ground_training import digest, read_lessons
from determinations.parsing.grounds import GROUNDS, Subject, grounds_by_rules, read_grounds
from determinations.parsing.grounds import likely as likely_module
from determinations.parsing.grounds.features import sentence_features, words_of
from determinations.parsing.grounds.likely import Likely, Statement, completed
from determinations.parsing.grounds.model import LEARNED, OF_DECISION, GroundModel, ground_model, source_of_model
from determinations.parsing.grounds.sentences import LONGEST, Sentence, split_sentences
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
    text = "The brace is blue. A drugstore sleeve should be tried first."
    assert grounds_by_rules(text, SUBJECT) == ()
    ground = next(ground for ground in read_grounds(fold(text), SUBJECT) if ground.code == "first_line_not_tried")
    assert text[ground.span.start : ground.span.end].startswith("A drugstore sleeve")
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
    possible = {"criteria_not_met": Likely(0.0, second)}
    assert [s.code for s in completed(rule, sure | possible)] == ["risk", "criteria_not_met"]
    assert [s.code for s in completed(rule, likely | possible)] == ["criteria_not_met"]
    assert [s.code for s in completed({}, likely)] == ["risk"]
    limits = {"exceeds_limits": Likely(0.94, first)}
    assert [s.code for s in completed(rule, limits | possible)] == ["criteria_not_met"], "limits need more"
    assert [s.code for s in completed({}, limits)] == ["exceeds_limits"]
    assert list(completed({}, quoted)) == []
    assert list(completed({}, hopeless)) == []
    assert [s.code for s in completed(rule, {})] == ["criteria_not_met"], "the only ground is kept"
    assert [s.code for s in completed(rule, likely)] == ["risk"], "less is needed beside what is denied"
    other = {"other": Statement("other", "outside", second)}
    assert [s.code for s in completed(other, likely)] == ["other"], "a ground that the model does not know"
    met = {"criteria_met": Statement("criteria_met", "meets", second)}
    assert [s.code for s in completed(met, {})] == ["criteria_met"]


def test_the_longest_sentence_does_not_overflow_its_fields() -> None:
    row = bytes([255] * len(LEARNED))
    words = [f"{n:b}".replace("0", "o").replace("1", "n") for n in range(900)]
    model = GroundModel(0.01, [0.0] * len(LEARNED), dict.fromkeys(words, row))
    sentence = " ".join(words[::2])
    assert len(sentence) > 3 * LONGEST
    scores = model.scores(sentence, ("", ""), "upheld")
    assert len(scores) == len(OF_DECISION["upheld"])
    assert len({round(score, 9) for score in scores}) == 1
    assert scores[0] > 4


def test_a_sentence_is_summed_up_without_writing_its_features_and_comes_to_the_same() -> None:
    model = ground_model()
    sentences = {sentence.text for lesson in read_lessons(LESSONS[2:3]) for sentence in split_sentences(lesson.text)}
    assert len(sentences) > 500
    for sentence in [*sentences, "No pain, no gain; don't, doesn\u2019t 5/10 pain pain.", "", "\u2019n't"]:
        weights = [model._weights[name] for name in sentence_features(sentence) if name in model._weights]
        are_enough = len(weights) >= len(words_of(sentence))
        assert model._sum_of(sentence) == (sum(weights) if are_enough else 0), sentence


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

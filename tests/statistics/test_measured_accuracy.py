"""Accuracy: the command measures labeled letters, the page shows its figures beside those of the office."""

import json
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.corrections import actions
from determinations.management.accuracy_run import measure_letters, measure_rationales
from determinations.parsing import PARSER_VERSION
from determinations.statistics import measured_accuracy
from determinations.statistics.measured_accuracy import GroundScore, read_runs
from tests.corrections import single_changes
from tests.corrections.letters import document, item, stored_letter
from tests.fixtures.people import People

SYNTHETIC = Path(__file__).parent.parent / "letters"


@pytest.fixture
def labeled(tmp_path: Path) -> Path:
    """Three synthetic letters with their right values."""
    (tmp_path / "text").mkdir()
    (tmp_path / "expected").mkdir()
    for path in SYNTHETIC.glob("*.txt"):
        shutil.copy(path, tmp_path / "text")
        shutil.copy(path.with_suffix(".json"), tmp_path / "expected")
    return tmp_path


def change(folder: Path, stem: str, **values: object) -> None:
    path = folder / "expected" / f"{stem}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_every_labeled_value_counts_once_by_field_and_layout(labeled: Path) -> None:
    measured = measure_letters(labeled)
    records = [json.loads(path.read_text()) for path in (labeled / "expected").glob("*.json")]
    assert (measured.letters, measured.whole) == (3, 3)
    assert measured.items == sum(len(record["items"]) for record in records)
    ages = [score for score in measured.fields if score.field == "age"]
    assert sum(score.labeled for score in ages) == sum("age" in record for record in records)
    assert all(score.right == score.labeled for score in measured.fields)


def test_wrong_values_and_letters_that_are_missing_lower_the_figures(labeled: Path) -> None:
    change(labeled, "synthetic_header", age=7)
    (labeled / "text" / "synthetic_no_header.txt").unlink()
    measured = measure_letters(labeled)
    ages = {score.layout: (score.right, score.labeled) for score in measured.fields if score.field == "age"}
    assert ages.pop("") == (0, 1)
    assert sum(right for right, _labeled in ages.values()) == sum(labeled for _right, labeled in ages.values()) - 1
    assert measured.whole == 1


def test_grounds_are_scored_by_code(tmp_path: Path) -> None:
    table = tmp_path / "rationales.tsv"
    table.write_text(
        "grounds\tdecision\trequest\trationale\n"
        "criteria_not_met\tupheld\tMRI\tIn this case there is no evidence of a neurological deficit.\n"
        "risk not_documented\tupheld\tBrace\tThe request does not specify the duration of use.\n"
        "risk\tupheld\tBrace\tSynthetic.\n"
    )
    measured = measure_rationales(table)
    assert (measured.items, measured.exact, measured.seen) == (3, 1, False)
    assert {score.code: (score.hit, score.extra, score.missed) for score in measured.scores} == {
        "criteria_not_met": (1, 0, 0),
        "not_documented": (1, 0, 0),
        "risk": (0, 0, 2),
    }
    assert measured.overall == GroundScore("", 2, 0, 2)
    assert (measured.overall.precision, measured.overall.recall) == (100, 50)


def test_the_command_keeps_one_run_for_each_parser_version(labeled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = labeled / "figures.json"
    (labeled / "grounds.json").write_text(json.dumps({"synthetic_header#1": [{"code": "other"}]}))
    for _ in range(2):
        call_command("measure_accuracy", labeled, write=True, to=kept)
    (run,) = read_runs(kept)
    assert (run.parser_version, run.letters, run.whole) == (PARSER_VERSION, 3, 3)
    assert [part.items for part in run.grounds] == [1]
    assert "3 of 3 letters right in every value" in capsys.readouterr().out
    kept.write_text(kept.read_text().replace(f'"{PARSER_VERSION}"', '"1.0.0"'))
    call_command("measure_accuracy", labeled, write=True, to=kept)
    assert [run.parser_version for run in read_runs(kept)] == [PARSER_VERSION, "1.0.0"]
    text = kept.read_text()
    assert "synthetic_header" not in text  # figures only: no name and no text of a letter


@pytest.mark.parametrize("folder", ["", "expected"])
def test_a_folder_without_right_values_is_refused(tmp_path: Path, folder: str) -> None:
    if folder:
        (tmp_path / folder).mkdir()
    with pytest.raises(CommandError, match="expected"):
        call_command("measure_accuracy", tmp_path)


def test_the_figures_that_ship_are_of_labeled_letters_and_of_rationales_kept_for_measurement() -> None:
    newest = read_runs()[0]
    assert newest.letters == 94
    assert newest.total.labeled > 3_000
    assert [part.seen for part in newest.grounds] == [True, False]


@pytest.mark.django_db
def test_the_page_shows_measured_figures_beside_those_of_the_office(client: Client, people: People) -> None:
    letters = [stored_letter(document(item("Knee MRI"), case_number=f"CM16-900000{n}", age=44)) for n in range(3)]
    who = {"by": people.admin, "now": timezone.now()}
    actions.correct_field(letters[0].pk, "age", 45, reason="misread", **who)
    for letter in letters[1:]:
        single_changes.confirm_value(letter.pk, "age", **who)
    client.force_login(people.admin)
    page = client.get(reverse("accuracy"))
    row = next(row for row in page.context["rows"] if row.field == "age")
    assert (row.confirmed, row.corrected) == (2, 1)
    assert (row.measured.right, row.measured.of) == (94, 94)
    assert len(row.by_layout) == len(page.context["layouts"])
    content = page.content.decode()
    assert "2 of 3" in content
    assert "is-few" in content  # three values are too few for a share
    assert content.count("and no threshold was chosen by them") == 1
    for name, count in (("confirm", 2), ("set", 1)):
        history = client.get(reverse("correction_history"), {"field": "age", "operation": name, "state": "in_force"})
        assert str(history.context["count"]) == str(count)


@pytest.mark.django_db
def test_the_page_says_so_where_nothing_was_measured(
    as_casemanager: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = tmp_path / "figures.json"
    empty.write_text('{"runs": []}')
    monkeypatch.setattr(measured_accuracy.read_runs, "__defaults__", (empty,))
    content = as_casemanager.get(reverse("accuracy")).content.decode()
    assert "Nothing was measured yet." in content

"""``parse_letters`` and ``explain_letter``, on synthetic letters; neither may touch a database."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from determinations.synthetic import letter_pdf, write_letter
from tests.extraction.files import archive
from tests.extraction.messages import compound_file, mail, outlook
from tests.parsing.letters import FOLDER, NAMES


def run(*args: Any, **options: Any) -> str:
    out = io.StringIO()
    call_command(*map(str, args), stdout=out, **options)
    return out.getvalue()


def records(*args: Any, **options: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("parse_letters", *args, **options).splitlines()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_gives_one_record_a_letter_in_order(jobs: int) -> None:
    found = records(FOLDER, jobs=jobs)
    assert [record["file"] for record in found] == [f"{name}.txt" for name in NAMES]
    assert all(record["layout"] == "determination" and record["items"] for record in found)


def test_a_pdf_is_read_too(tmp_path: Path) -> None:
    letter = write_letter(0)
    (tmp_path / "a.pdf").write_bytes(letter_pdf(letter))
    (found,) = records(tmp_path)
    assert found["case_number"] == letter.expected["case_number"]


def test_letters_inside_messages_and_archives_are_read_and_named(tmp_path: Path) -> None:
    letters = [write_letter(number) for number in range(3)]
    message = mail({"one.pdf": letter_pdf(letters[0]), "note.doc": compound_file({"WordDocument": b"x"})})
    (tmp_path / "a.eml").write_bytes(message)
    (tmp_path / "b.zip").write_bytes(archive({"c.msg": outlook({"two.pdf": letter_pdf(letters[1])})}))
    (tmp_path / "d.rtf").write_bytes(b"{\\rtf1 " + letters[2].text.replace("\n", "\\par\n").encode("cp1252") + b"}")
    (tmp_path / "~$d.docx").write_bytes(b"x")
    found = records(tmp_path)
    assert [record["file"] for record in found] == ["a.eml/one.pdf", "a.eml/note.doc", "b.zip/c.msg/two.pdf", "d.rtf"]
    numbers = [letters[0], None, *letters[1:]]
    assert [r["case_number"] for r in found] == [each and each.expected["case_number"] for each in numbers]


def test_bad_files_give_records_with_their_reason_and_never_stop_the_run(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 broken")
    (tmp_path / "b.txt").write_bytes(b"")
    (tmp_path / "c.txt").write_text("A shopping list: bread, milk and a newspaper for the morning.")
    (tmp_path / "d.txt").write_text((FOLDER / f"{NAMES[0]}.txt").read_text())
    found = records(tmp_path / "missing.txt", tmp_path)
    assert [(r["file"], r["layout"], [p["code"] for p in r["problems"]]) for r in found] == [
        ("missing.txt", None, ["file_unreadable"]),
        ("a.pdf", None, ["file_unreadable"]),
        ("b.txt", None, ["file_unreadable"]),
        ("c.txt", None, ["not_a_determination"]),
        ("d.txt", "determination", []),
    ]


def test_a_folder_without_letters_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no letter"):
        run("parse_letters", tmp_path)


def test_a_run_against_an_earlier_one_lists_gains_and_losses(tmp_path: Path) -> None:
    earlier = records(FOLDER)
    assert run("parse_letters", FOLDER, against=_written(tmp_path, earlier)).strip() == "0 gains, 0 losses, 0 changes"
    earlier[0]["age"], earlier[0]["items"][0]["decision"] = 99, "upheld"
    earlier[1]["file"] = "gone.txt"
    said = run("parse_letters", FOLDER, against=_written(tmp_path, earlier), expected=FOLDER)
    assert "  gain  age\n      before 99\n      after  51\n" in said
    assert f"{NAMES[1]}.txt: not in the earlier run" in said
    assert "gone.txt: not in this run" in said
    assert said.endswith("2 gains, 0 losses, 0 changes\n")


def _written(folder: Path, found: list[dict[str, Any]]) -> Path:
    path = folder / "earlier.ndjson"
    path.write_text("".join(json.dumps(record) + "\n" for record in found))
    return path


def test_the_benchmark_prints_letters_per_second() -> None:
    said = run("parse_letters", FOLDER, benchmark=True, seconds=0.05)
    assert f"{len(NAMES)} letters" in said
    assert "letters/s" in said


def test_a_letter_is_explained_with_its_evidence_and_problems() -> None:
    said = run("explain_letter", FOLDER / "synthetic_page_edges.txt")
    assert "layout: determination, 2014 to 2017" in said
    assert "'CM16-9900002'" in said
    assert "item 3" in said
    assert "item_cut_at_page (note) items/1/request" in said


def test_a_file_that_cannot_be_read_is_not_explained(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.pdf"):
        run("explain_letter", tmp_path / "missing.pdf")

"""Records of benchmarks, and what a later one says about an earlier one."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from determinations.management.benchmark_records import FOLDER, Record, new_record, read_record

pytestmark = pytest.mark.django_db


def record(**figures: float) -> Record:
    made = new_record("pages", unit="ms", letters=200_000, at=datetime(2026, 11, 29, 4, 0, tzinfo=UTC))
    for line, figure in figures.items():
        made.add(line, p95=figure)
    return made


def compared(old: Path, new: Path, **options: object) -> str:
    said = StringIO()
    call_command("compare_benchmarks", old, new, stdout=said, **options)
    return said.getvalue()


def test_a_record_is_kept_with_date_machine_commit_and_size(tmp_path: Path) -> None:
    written = record(cases=20.04).write(tmp_path / "new")

    assert written.name == "2026-11-29-pages-200000.json"
    assert "load" in read_record(written).machine
    assert read_record(written).lines == {"cases": {"p95": 20.0}}


def test_what_became_slower_is_named_worst_first(tmp_path: Path) -> None:
    old = record(cases=20, items=30, home=10, gone=1).write(tmp_path / "old")
    new = record(cases=50, items=90, home=9, added=1).write(tmp_path / "new")
    said = compared(old, new)

    assert said.index("items") < said.index("cases  ")
    assert "3.00x" in said
    assert "home  " not in said
    assert "home  " in compared(old, new, all=True)
    assert "2 of 3 figures are 1.3 times slower or more; the median ratio is 2.50." in said
    assert "In only one of the records: added, gone." in said
    with pytest.raises(CommandError, match="slower"):
        compared(old, new, fail=True)


def test_a_rate_is_slower_if_it_falls(tmp_path: Path) -> None:
    paths = []
    for name, rate in (("old", 300.0), ("new", 100.0)):
        made = new_record("ingest", unit="per second", letters=10, at=datetime(2026, 11, 29, tzinfo=UTC))
        made.add("text, end to end", letters=rate)
        paths.append(made.write(tmp_path / name))

    assert "3.00x" in compared(paths[0], paths[1])
    assert "0 of 1" in compared(paths[1], paths[0])
    with pytest.raises(CommandError, match="ingest cannot be compared with pages"):
        compared(paths[0], record(cases=1).write(tmp_path / "pages"))


def test_another_file_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("[1]")
    with pytest.raises(CommandError, match="holds no record"):
        compared(tmp_path / "other.json", tmp_path / "other.json")


def test_all_records_of_the_repository_can_be_read() -> None:
    assert [read_record(path) for path in FOLDER.glob("*.json")]

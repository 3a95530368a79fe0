"""The rules that tools can check: style, types, and which module may import which."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from imrsite.local.code_rules import Tool, run_together

ROOT = Path(__file__).resolve().parent.parent.parent
#: Lines below ``determinations`` that may name ``Any``, imports and signatures of frameworks included.
MOST_LINES_WITH_ANY = 120


@pytest.mark.slow
def test_the_code_follows_its_rules() -> None:
    """The whole of ``check_code``, in one run: mypy takes longer than everything else together."""
    printed = StringIO()
    try:
        call_command("check_code", stdout=printed)
    except CommandError:
        pytest.fail(printed.getvalue())


def test_a_broken_rule_is_reported_with_what_the_tool_printed() -> None:
    passes, fails = Tool("passes", ("-c", "print('fine')")), Tool("fails", ("-c", "raise SystemExit('unused import')"))
    outcomes = list(run_together([passes, fails]))
    assert [(outcome.tool, outcome.passed) for outcome in outcomes] == [(passes, True), (fails, False)]
    assert outcomes[1].output == "unused import\n"


def test_fix_code_repairs_what_ruff_can_and_names_the_rest(tmp_path: Path) -> None:
    file, printed = tmp_path / "module.py", StringIO()
    file.write_text("import os\nx = { 'a':1 }\n")
    call_command("fix_code", str(file), stdout=printed)
    assert file.read_text() == 'x = {"a": 1}\n'
    file.write_text("undefined_name()\n")
    with pytest.raises(CommandError, match="need a developer"):
        call_command("fix_code", str(file), stdout=printed)
    assert "undefined_name" in printed.getvalue()


def _application_files() -> list[Path]:
    return [path for path in (ROOT / "determinations").rglob("*.py") if "migrations" not in path.parts]


def test_few_lines_give_up_on_types() -> None:
    """``Any`` is for what frameworks leave open; a value of our own has a type that mypy checks."""
    any_type = re.compile(r"\bAny\b")
    lines = [line for path in _application_files() for line in path.read_text(encoding="utf-8").splitlines()]
    named = [line for line in lines if any_type.search(line)]
    assert 0 < len(named) <= MOST_LINES_WITH_ANY


def test_records_are_typed() -> None:
    """No module names a dictionary of anything as a record: ``parsing.results`` has the types."""
    untyped = re.compile(r"^\w+(: TypeAlias)? = (dict|Mapping)\[str, (Any|object)\]$", re.MULTILINE)
    assert [path.name for path in _application_files() if untyped.search(path.read_text(encoding="utf-8"))] == []

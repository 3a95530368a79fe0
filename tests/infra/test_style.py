"""The rules that tools can check: style, types, and which module may import which."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from imrsite.local.code_rules import Tool, run_together


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

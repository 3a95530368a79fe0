"""What `manage.py test` does before pytest runs."""

from pathlib import Path

import pytest

from imrsite.local.testing import are_compiled, compile_tests


def test_bytecode_of_all_tests_is_kept_before_four_processes_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new checkout has none; a folder that cannot be collected costs the others nothing."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # quicker, and none is needed for this
    tests = tmp_path / "tests"
    for name, text in [("one", "def test_one():\n    assert 1\n"), ("two", "import no_such_module\n")]:
        (tests / name).mkdir(parents=True)
        (tests / name / f"test_{name}.py").write_text(text)
    (tests / "conftest.py").write_text("")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    assert not are_compiled(tests)
    compile_tests(tests)
    assert are_compiled(tests)
    assert are_compiled(tests / "one")

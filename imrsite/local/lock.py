"""Pins every package with its hashes. Run it after a change in pyproject.toml; needs uv.

The files name no index: whatever index pip is set up for is asked. They hold for Linux on x86-64 and ARM alike.
"""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PRODUCTION, DEMO, TEST = (
    HERE / "deploy" / "requirements.txt",
    HERE / "requirements.txt",
    HERE / "requirements-test.txt",
)
UV = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
# What the wheels of the embedded services need for their own Python parts, which imrsite leaves alone.
UNUSED = ["fasteners", "platformdirs", "psutil", "valkey"]
PLAIN = ["--no-annotate", "--no-header", "--no-build"]


def lock(target: Path, *options: str) -> None:
    """Write ``target``, keeping the versions it has where they still fit."""
    project = str(HERE.parent / "pyproject.toml")
    subprocess.run([*UV, *PLAIN, *options, "--output-file", str(target), project], check=True)


if __name__ == "__main__":
    lock(DEMO, "--extra", "embedded", *(f"--no-emit-package={name}" for name in UNUSED))
    lock(PRODUCTION, "--constraints", str(DEMO))
    lock(TEST, "--extra", "embedded", "--extra", "test", "--constraints", str(DEMO))

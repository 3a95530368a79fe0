"""Pins every package with its hashes. Run it after changing pyproject.toml; needs uv.

The files name no index, so pip uses whichever it is configured for. They are valid for Linux on x86-64 and ARM.
"""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PRODUCTION, DEMO, TEST = (
    HERE / "deploy" / "requirements.txt",
    HERE / "requirements.txt",
    HERE / "requirements-test.txt",
)
UV = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
# Dependencies of the Python parts of the embedded-service wheels, which imrsite does not use.
UNUSED = ["fasteners", "platformdirs", "psutil", "valkey"]
PLAIN = ["--no-annotate", "--no-header", "--no-build"]


def lock(target: Path, *options: str) -> None:
    """Write ``target``, keeping its current versions where they still fit."""
    project = str(HERE.parent / "pyproject.toml")
    subprocess.run([*UV, *PLAIN, *options, "--output-file", str(target), project], check=True)


if __name__ == "__main__":
    lock(DEMO, "--extra", "embedded", *(f"--no-emit-package={name}" for name in UNUSED))
    lock(
        PRODUCTION, "--extra", "backup", "--constraints", str(DEMO), *(f"--no-emit-package={name}" for name in UNUSED)
    )
    lock(TEST, "--extra", "embedded", "--extra", "test", "--constraints", str(DEMO))

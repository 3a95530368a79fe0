"""Creates `.venv` beside manage.py with every package pinned by hash, and continues inside it. Standard library only.

An active virtual environment, ``IMRSITE_NO_BOOTSTRAP=1`` and a Python that already has Django are left alone. A marker
file is written into `.venv` last: an environment without it was interrupted and is created again; one whose marker
names an older requirements file is updated. Every failure is reported in one sentence with its remedy.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, NoReturn

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MARK = VENV / "imrsite.json"
LOG = VENV / "install.log"
NEWER_PIP = ROOT / "imrsite" / "requirements-pip.txt"
NEEDED_BYTES = 600_000_000
NEEDED = ("django", "celery", "psycopg")
DEVELOPER_COMMANDS = {"test", "check_code", "fix_code", "audit_dependencies", "help_pictures"}


class SetUpFailed(Exception):
    """Why the environment could not be created: one sentence with the remedy."""


def enter_environment(argv: Sequence[str]) -> None:
    """Return if Django can be imported; otherwise create or repair `.venv` and run the same command inside it."""
    inside = Path(sys.prefix) == VENV
    if os.environ.get("IMRSITE_NO_BOOTSTRAP", "") not in {"", "0"}:
        return _require_packages("IMRSITE_NO_BOOTSTRAP is set")
    if sys.prefix != sys.base_prefix and not inside:
        return _require_packages(f"the virtual environment {sys.prefix} is active")
    if not inside and _has_packages():
        return None
    requirements = _requirements(argv)
    try:
        if _is_current(requirements):
            _keep_bytecode_here()
            if inside:
                return None
        else:
            with _only_one():
                if not _is_current(requirements):
                    _make(requirements)
            _keep_bytecode_here()
    except SetUpFailed as error:
        _give_up(str(error))
    except KeyboardInterrupt:
        _give_up("Setup was stopped; the next start begins it again.", status=130)
    except OSError as error:
        _give_up(_say_os_error(error))
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *argv])


def _keep_bytecode_here() -> None:
    """In `.venv`, unless it is another user's: bytecode that lies beside its files would not be read any more."""
    if os.access(VENV, os.W_OK):
        keep_bytecode(VENV / "bytecode")


def keep_bytecode(folder: Path) -> None:
    """If Python is told to write no bytecode, make this process and its children keep it in ``folder``.

    Without it, each process compiles a thousand files again, which takes two seconds.
    """
    if not sys.dont_write_bytecode:
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(folder)
    sys.dont_write_bytecode = False


def _requirements(argv: Sequence[str]) -> Path:
    """The tests and the tools that check the code need more packages than the other commands."""
    name = "requirements-test.txt" if set(argv[1:2]) & DEVELOPER_COMMANDS else "requirements.txt"
    return ROOT / "imrsite" / name


def _has_packages() -> bool:
    return all(find_spec(name) for name in NEEDED)


def _require_packages(because: str) -> None:
    if not _has_packages():
        _give_up(
            f"{because[0].upper()}{because[1:]} but lacks imrsite's packages: install them there with "
            "'pip install -r imrsite/requirements.txt', or leave it and start again."
        )


def _give_up(sentence: str, status: int = 1) -> NoReturn:
    print(f"imrsite: {sentence}", file=sys.stderr)
    sys.exit(status)


def _mark() -> dict[str, str]:
    try:
        mark = json.loads(MARK.read_text())
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) else {}


def _fingerprint(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def _is_current(requirements: Path) -> bool:
    return _is_sound() and _mark().get(requirements.name) == _fingerprint(requirements)


def _is_sound() -> bool:
    """Whether `.venv` was completed and its Python still exists."""
    return bool(_mark()) and os.access(PYTHON, os.X_OK)


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Lock the checkout while its environment is created; a second start waits for the first."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("imrsite: another process is setting up .venv; waiting for it.", file=sys.stderr)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _make(requirements: Path) -> None:
    mark = _mark() if _is_sound() else {}
    if not os.access(VENV if mark else ROOT, os.W_OK):
        raise SetUpFailed(_not_writable(VENV if mark else ROOT))
    if shutil.disk_usage(ROOT).free < NEEDED_BYTES:
        raise SetUpFailed(_disk_full())
    packages = _packages(requirements)
    print(
        f"imrsite: setting up .venv with {len(packages)} packages. This happens once and takes a while.",
        file=sys.stderr,
    )
    if mark:
        MARK.unlink()
    else:
        _create()
    _install(packages)
    MARK.write_text(json.dumps({**mark, requirements.name: _fingerprint(requirements)}))


def _create() -> None:
    """Create an empty environment, without pip: installing pip takes longer than everything else."""
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import venv
    except ImportError:
        raise SetUpFailed(_no_venv()) from None
    venv.EnvBuilder(symlinks=True, with_pip=False, clear=True).create(VENV)


def _packages(requirements: Path) -> list[str]:
    """The pinned packages, each with its hashes; every line that is not indented starts one."""
    packages: list[str] = []
    for line in requirements.read_text().splitlines(keepends=True):
        if line.startswith((" ", "\t")):
            packages[-1] += line
        elif line.strip() and not line.startswith("#"):
            packages.append(line)
    return packages


def _install(packages: list[str]) -> None:
    """Install with one pip per core, each with its share: most of the time is spent reading and unpacking."""
    shares = min(os.cpu_count() or 1, 4, len(packages) // 10 + 1)
    with tempfile.TemporaryDirectory(dir=VENV) as folder, LOG.open("wb") as log:
        pip = _newer_pip(Path(folder), log) or pip_of(PYTHON)
        commands = []
        for share in range(shares):
            part = Path(folder, f"{share}.txt")
            part.write_text("".join(packages[share::shares]))
            commands.append([*pip, *_INSTALL, "--requirement", str(part)])
        began = log.tell()
        if not _run_all(commands, log):
            raise SetUpFailed(_explain(LOG.read_bytes()[began:].decode(errors="replace")))


def _run_all(commands: list[list[str]], log: BinaryIO) -> bool:
    """Run commands side by side; whether all ended well. None is left running."""
    running = []
    try:
        for command in commands:
            running.append(_start(command, log))
        return not any([process.wait() for process in running])
    finally:
        for process in running:
            process.kill()
            process.wait()


_INSTALL = [
    "install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile", "--no-input",
    "--disable-pip-version-check", "--no-warn-script-location", "--quiet",
]  # fmt: skip


def _start(command: list[str], log: BinaryIO) -> subprocess.Popen[bytes]:
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"PIP_TARGET", "PIP_PREFIX", "PIP_USER"}},
        "PIP_RETRIES": os.environ.get("PIP_RETRIES", "3"),
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
    }
    return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


def _newer_pip(folder: Path, log: BinaryIO) -> list[str] | None:
    """How to run the pinned pip, put into ``folder``, if Python's own is older than 24; none if it cannot be had.

    An older one compares each file of a package's page with each of a thousand tags of this machine, which takes half
    of the time of setting up. If something else is wrong, the old pip reports it when it installs the packages.
    """
    bundled = _bundled_pip()
    if bundled is None or int(bundled.name.split("-")[1].split(".")[0]) >= 24 or not NEWER_PIP.exists():
        return None
    place = ["--target", str(folder / "pip")]
    command = [*_run_from(PYTHON, bundled), *_INSTALL, "--retries", "1", *place, "--requirement", str(NEWER_PIP)]
    return _run_from(PYTHON, folder / "pip") if _run_all([command], log) else None


def pip_of(python: Path) -> list[str]:
    """How to run pip for an environment: from the wheel bundled with Python, or the pip of this Python."""
    if bundled := _bundled_pip():
        return _run_from(python, bundled)
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(python)]
    raise SetUpFailed(_no_venv())


def _bundled_pip() -> Path | None:
    """The wheel bundled with Python."""
    folders = [Path(folder) for folder in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if folder]
    if (ensurepip := find_spec("ensurepip")) and ensurepip.origin:
        folders.append(Path(ensurepip.origin).parent / "_bundled")
    wheels = (wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"), reverse=True))
    return next(wheels, None)


def _run_from(python: Path, place: Path) -> list[str]:
    """How to run the pip in a wheel or folder."""
    return [str(python), "-I", str(ROOT / "imrsite" / "local" / "run_pip.py"), str(place)]


# Messages for what fails


def _no_venv() -> str:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return (
        "This Python cannot create virtual environments: on Debian or Ubuntu run "
        f"'apt install python3-venv' (or python{version}-venv) as root, then start again."
    )


def _disk_full() -> str:
    return f"The disk of {ROOT} is full: free {NEEDED_BYTES // 1_000_000} MB, then start again."


def _not_writable(folder: Path) -> str:
    return (
        f"{folder} cannot be written: make it writable, or activate your own virtual environment "
        "with imrsite/requirements.txt installed, then start again."
    )


def _say_os_error(error: OSError) -> str:
    import errno

    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _disk_full()
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return _not_writable(Path(error.filename) if error.filename else ROOT)
    return f"Setting up .venv failed ({error.strerror or error}): remove {VENV} and start again."


_NO_NETWORK = (
    "NewConnectionError", "NameResolutionError", "name resolution", "Connection refused", "Network is unreachable",
    "timed out", "ProxyError", "SSLError", "ConnectionReset", "Max retries exceeded",
)  # fmt: skip


def _explain(said: str) -> str:
    """What pip's output means, in one sentence."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return _disk_full()
    if "DO NOT MATCH THE HASHES" in said:
        return "A package is not the one that was pinned: run 'pip cache purge', check pip's index, then start again."
    if any(sign in said for sign in _NO_NETWORK):
        return (
            "The packages could not be downloaded, as no package index answered: connect this machine to the network, "
            f"or configure pip for the index it may use, then start again (details: {LOG})."
        )
    if "No matching distribution" in said:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return (
            f"There are no ready packages for Python {version} on {os.uname().machine}: use Python 3.11 or newer "
            f"on Linux with glibc, x86-64 or ARM (details: {LOG})."
        )
    errors = [line.strip() for line in said.splitlines() if line.startswith("ERROR")]
    last = errors[-1] if errors else "no reason given"
    return f"pip could not install the packages ({last}): see {LOG}, then start again."

"""`manage.py` creates its own environment: real pip, real virtual environments, tiny packages from a folder."""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from imrsite.local.bootstrap import pip_of
from tests.fixtures import ROOT

pytestmark = pytest.mark.slow

BASE_PYTHON = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
MANAGEMENT = "import sys\ndef execute_from_command_line(argv): print('inside', sys.prefix, *argv[1:])\n"
FILES = {
    "django": {
        "django/__init__.py": "",
        "django/core/__init__.py": "",
        "django/core/exceptions.py": "class ImproperlyConfigured(Exception): pass\n",
        "django/core/management.py": MANAGEMENT,
    },
    "celery": {"celery/__init__.py": ""},
    "psycopg": {"psycopg/__init__.py": ""},
}
Start = Callable[..., subprocess.CompletedProcess[str]]
#: Has :func:`start` run manage.py with the packed pip, as users do.
_AS_IT_IS = "manage.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a folder with spaces, whose requirements are three tiny packages."""
    checkout, wheels = tmp_path / "a check out", tmp_path / "wheels"
    (checkout / "imrsite" / "local").mkdir(parents=True)
    wheels.mkdir()
    shutil.copy(ROOT / "manage.py", checkout)
    for name in ("__init__.py", "local/__init__.py", "local/bootstrap.py", "local/run_pip.py"):
        shutil.copy(ROOT / "imrsite" / name, checkout / "imrsite" / name)
    _require(checkout, [_wheel(wheels, name) for name in FILES])
    return checkout


@pytest.fixture(scope="module")
def unpacked_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Python's own pip, unpacked: it keeps its bytecode, which takes most of a start of pip to make."""
    wheel = Path(pip_of(BASE_PYTHON)[-1])
    folder = tmp_path_factory.mktemp("pip")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / wheel.name)
    return folder


def _with_pip_in(folder: Path) -> str:
    """A program that is manage.py, where Python's own wheels are in this folder."""
    return (
        "import runpy, sys, sysconfig; sys.argv = ['manage.py', *sys.argv[1:]]; sys.path.insert(0, '');"
        f"sysconfig.get_config_vars()['WHEEL_PKG_DIR'] = {str(folder)!r};"
        "runpy.run_path('manage.py', run_name='__main__')"
    )


@pytest.fixture
def start(checkout: Path, tmp_path: Path, unpacked_pip: Path) -> Start:
    """Run a command of the checkout with a Python that has no Django; without a network."""

    def start(
        *words: str, prefix: tuple[str, ...] = (), python: Path = BASE_PYTHON, program: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """``program``: run instead of ``manage.py`` with pip unpacked."""
        unwanted = ("IMRSITE_", "VIRTUAL_ENV", "PIP_", "DJANGO_", "PYTHON")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}
        environment |= {"HOME": str(tmp_path)} | variables
        # Without its site folder the Python has no packages of its own, such as a Django of this machine.
        site = ["-S"] if python == BASE_PYTHON else []
        how = ["manage.py"] if program == _AS_IT_IS else ["-c", program or _with_pip_in(unpacked_pip)]
        command = [*prefix, str(python), *site, *how, *words]
        return subprocess.run(
            command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return start


def _wheel(folder: Path, name: str, version: str = "1.0", content: dict[str, str] | None = None) -> str:
    """Write a wheel and return its requirement line with its hash."""
    info = f"{name}-{version}.dist-info"
    files = {
        **(content or FILES[name]),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(member, text)
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _require(checkout: Path, lines: list[str]) -> None:
    (checkout / "imrsite" / "requirements.txt").write_text("".join(lines))


@contextmanager
def _index(folder: Path) -> Iterator[str]:
    """The address of an index of these wheels, with other versions whose address no pip can read."""

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").split("/")[-1]
            wheels = [] if name.endswith(".whl") else sorted(folder.glob(f"{name}-*.whl"))
            files = [_file(f"/files/{wheel.name}", wheel.read_bytes()) for wheel in wheels]
            other = _file(f"http://[/{name}-3.0-py3-none-any.whl", b"")
            page = json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": [other, *files]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.end_headers()
            self.wfile.write((folder / name).read_bytes() if name.endswith(".whl") else page)

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Index) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/wheels/"
        server.shutdown()


def _file(url: str, content: bytes) -> dict[str, object]:
    return {"filename": url.split("/")[-1], "url": url, "hashes": {"sha256": hashlib.sha256(content).hexdigest()}}


def _says(result: subprocess.CompletedProcess[str], words: str) -> None:
    """It failed, with one sentence that contains these words."""
    assert result.returncode == 1
    sentence = result.stderr.strip().splitlines()[-1]
    assert sentence.startswith("imrsite")
    assert words in sentence
    assert "Traceback" not in result.stderr


def test_the_environment_is_created_once_and_repaired(checkout: Path, start: Start, tmp_path: Path) -> None:
    first = start("check", "a word", program=_AS_IT_IS)
    assert first.stdout == f"inside {checkout}/.venv check a word\n", first.stderr
    assert "setting up" in first.stderr
    assert not (checkout / ".venv" / "bytecode").exists(), "nothing forbids to write it beside the files"

    again = start("check")
    assert again.stdout == f"inside {checkout}/.venv check\n"
    assert again.stderr == ""

    _require(checkout, [_wheel(tmp_path / "wheels", name, "2.0") for name in FILES])
    with _index(tmp_path / "wheels") as index:
        changed = start("check", PIP_NO_INDEX="0", PIP_FIND_LINKS="", PIP_INDEX_URL=index)
    assert "setting up" in changed.stderr
    assert list((checkout / ".venv").glob("lib/*/site-packages/django-2.0.dist-info"))
    assert not list((checkout / ".venv").glob("lib/*/site-packages/django-1.0.dist-info"))

    (checkout / ".venv" / "imrsite.json").unlink()  # as when the set-up was killed
    shutil.rmtree(next((checkout / ".venv").glob("lib/*/site-packages/django")))
    assert start("check").stdout.startswith("inside")


def test_two_concurrent_starts_create_one_environment(checkout: Path, start: Start) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as both:
        results = list(both.map(start, ["check", "check"]))
    assert [result.returncode for result in results] == [0, 0]
    assert sum("setting up .venv with" in result.stderr for result in results) == 1


def test_a_missing_network_is_reported_in_one_sentence(start: Start) -> None:
    offline = start("check", PIP_NO_INDEX="0", PIP_FIND_LINKS="", PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="1")
    _says(offline, "connect this machine to the network")


def test_a_package_with_another_hash_is_refused(checkout: Path, start: Start, tmp_path: Path) -> None:
    _wheel(tmp_path / "wheels", "celery")
    with zipfile.ZipFile(tmp_path / "wheels" / "celery-1.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("celery/more.py", "")
    _says(start("check"), "not the one that was pinned")


@pytest.mark.parametrize("index_has_it", [True, False])
def test_a_pinned_pip_takes_the_place_of_an_old_one(
    checkout: Path, start: Start, tmp_path: Path, unpacked_pip: Path, index_has_it: bool
) -> None:
    """Where the index has another pip than the pinned one, the old one goes on."""
    old = tmp_path / "old" / "pip-9.0-py3-none-any.whl"
    shutil.copytree(next(unpacked_pip.iterdir()), old)
    content = {"pip/__init__.py": "", "pip/__main__.py": "raise SystemExit('ERROR: the pinned one runs')\n"}
    pinned = _wheel(tmp_path / "wheels", "pip", "99.0", content)
    (checkout / "imrsite" / "requirements-pip.txt").write_text(pinned)
    if not index_has_it:
        _wheel(tmp_path / "wheels", "pip", "99.0", {"pip/__init__.py": "", "pip/__main__.py": "raise SystemExit(1)\n"})
    result = start("check", program=_with_pip_in(old.parent))
    if index_has_it:
        _says(result, "the pinned one runs")
    else:
        assert result.stdout.startswith("inside"), result.stderr


def test_an_unsuitable_python_is_reported_in_one_sentence(checkout: Path, start: Start) -> None:
    _require(checkout, ["django==9.9 \\\n    --hash=sha256:" + "0" * 64 + "\n"])
    _says(start("check"), "no ready packages for Python")


def test_a_read_only_checkout_is_reported_in_one_sentence(checkout: Path, start: Start) -> None:
    checkout.chmod(0o555)
    prefix = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.getuid() == 0 else ()
    _says(start("check", prefix=prefix), "make it writable")


def test_a_full_disk_is_reported_in_one_sentence(checkout: Path, start: Start) -> None:
    prefix = ("unshare", "--user", "--map-root-user", "--mount")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no namespaces")
    small = 'mount -t tmpfs -o size=5m none "$1" && cp -r manage.py imrsite "$1" && cd "$1" && shift && exec "$@"'
    disk = checkout.parent / "small disk"
    disk.mkdir()
    _says(start("check", prefix=(*prefix, "sh", "-c", small, "sh", str(disk))), "is full: free")


def test_a_python_without_venv_is_reported_in_one_sentence(start: Start) -> None:
    for missing in ("['venv']", "['ensurepip', 'pip']"):
        program = (
            f"import sys, runpy, importlib.util as u, sysconfig; gone = {missing};"
            "sys.modules.update({name: None for name in gone});"
            "find = u.find_spec; u.find_spec = lambda name: None if name in gone else find(name);"
            "sysconfig.get_config_vars()['WHEEL_PKG_DIR'] = None;"
            "sys.argv = ['manage.py', 'check']; sys.path.insert(0, '');"
            "runpy.run_path('manage.py', run_name='__main__')"
        )
        _says(start(program=program), "apt install python3-venv")


def test_an_old_python_can_read_manage_py_and_is_told(start: Start) -> None:
    ast.parse((ROOT / "manage.py").read_text(), feature_version=(3, 4))
    program = (
        "import sys, runpy; sys.version_info = (3, 6, 9, 'final', 0); runpy.run_path('manage.py', run_name='__main__')"
    )
    _says(start(program=program), "imrsite needs Python 3.11 or newer, and this is Python 3.6")


def test_an_active_environment_is_left_alone(checkout: Path, start: Start, tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "mine", with_pip=False)
    _says(start("check", python=tmp_path / "mine" / "bin" / "python"), "is active but lacks")
    _says(start("check", IMRSITE_NO_BOOTSTRAP="1"), "IMRSITE_NO_BOOTSTRAP is set but lacks")
    assert not (checkout / ".venv").exists()


def test_a_failed_setup_is_not_mistaken_for_a_finished_one(checkout: Path, start: Start, tmp_path: Path) -> None:
    wheel = tmp_path / "wheels" / "psycopg-1.0-py3-none-any.whl"
    kept = wheel.read_bytes()
    wheel.unlink()
    assert start("check").returncode == 1
    wheel.write_bytes(kept)
    assert start("check").stdout.startswith("inside")
    assert set(json.loads((checkout / ".venv" / "imrsite.json").read_text())) == {"requirements.txt"}


def test_commands_keep_their_bytecode_where_writing_it_is_forbidden(checkout: Path, start: Start) -> None:
    """When the environment is made, when it is there, and where nothing is forbidden."""
    for forbidden in ("1", "1", ""):
        assert start("check", PYTHONDONTWRITEBYTECODE=forbidden).stdout.startswith("inside"), forbidden
        assert any((checkout / ".venv" / "bytecode").rglob("management*.pyc")) == bool(forbidden)
        shutil.rmtree(checkout / ".venv" / "bytecode", ignore_errors=True)


@pytest.mark.parametrize("forbidden", ["1", ""])
def test_bytecode_goes_to_a_separate_folder_where_writing_it_is_forbidden(tmp_path: Path, forbidden: str) -> None:
    kept = tmp_path / "bytecode"
    program = (
        "import pathlib, subprocess, sys; from imrsite.local.bootstrap import keep_bytecode;"
        f"keep_bytecode(pathlib.Path({str(kept)!r}));"
        "import imrsite.local.wheels;"
        "subprocess.run([sys.executable, '-c', 'import imrsite.local.progress'], check=True)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment | {"PYTHONDONTWRITEBYTECODE": forbidden}, check=True
    )
    names = {path.name.split(".")[0] for path in kept.rglob("*.pyc")}
    assert ({"wheels", "progress"} <= names) == bool(forbidden)


def test_checks_before_the_environment_need_no_package(tmp_path: Path) -> None:
    """In an empty checkout, port and state folder are checked before anything is downloaded."""
    look = (
        "import sys; sys.path.insert(0, '.'); from imrsite.local.demo import look_ahead; look_ahead(['--port', '0'])"
    )
    words = [sys.executable, "-I", "-S", "-c", look]
    environment = {"PATH": os.environ["PATH"], "IMRSITE_STATE_DIR": str(tmp_path)}
    looked = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (looked.returncode, looked.stderr) == (0, "")

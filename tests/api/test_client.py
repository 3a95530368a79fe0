"""The command-line client, against a real server."""

import json
import subprocess
import sys
import threading
import time
import venv
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from determinations.api import client as command_line
from determinations.api.client import DONE, REFUSED, SOME_FAILED, UNREACHABLE, USAGE, Failed, Server, main
from determinations.browsing.exports import write_export
from determinations.intake.store_health import check_store
from determinations.models import Case, Export, Letter, LetterState, Upload, UploadedFile
from imrsite.local.bootstrap import pip_of
from tests.api.conftest import Caller
from tests.duties.conftest import Store
from tests.fixtures import ROOT
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
ITEMS = {"One synthetic knee brace": "Overturned", "Walker": "Upheld"}


@pytest.fixture
def run(live_server: Any, people: People, bearer: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs a command of the client in a folder of its own, with a token of the case manager."""
    check_store()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMRSITE_URL", live_server.url)
    monkeypatch.setenv("IMRSITE_TOKEN", bearer(people.casemanager).text)
    return lambda *arguments: main([str(argument) for argument in arguments])


def test_a_folder_is_uploaded_once_followed_and_continued(
    run: Any, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"Synthetic letter {name}.")
    monkeypatch.setattr(command_line, "FILES_AT_ONCE", 2)
    assert run("upload", folder) == DONE
    batch = Upload.objects.get()
    assert json.loads(capsys.readouterr().out) == {"batch": batch.pk}
    assert list(batch.files.order_by("pk").values_list("name", flat=True)) == ["a.txt", "b.txt", "c.txt"]
    (folder / "d.txt").write_text("Synthetic letter d.")
    assert run("upload", folder) == DONE  # as after an interruption: only what is new
    assert UploadedFile.objects.count() == 4
    Letter.objects.update(state=LetterState.PARSED)
    assert run("follow", batch.pk) == DONE
    Letter.objects.filter(arrivals__name="b.txt").update(state=LetterState.DAMAGED)
    assert run("follow", batch.pk) == SOME_FAILED
    assert run("upload", tmp_path / "missing") == USAGE


def test_lists_are_queried_exported_and_mirrored(run: Any, store: Store, tmp_path: Path, capsys: Any) -> None:
    assert run("changes", "--cursor", "cursor") == DONE
    cases = [store(number, ITEMS) for number in range(3)]
    assert run("changes", "--cursor", "cursor") == DONE
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["case"] for line in lines] == cases
    assert run("query", "items", "decision=overturned") == DONE
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run("query", "items", "--most", 1) == DONE
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert run("query", "items", "nothing=1") == REFUSED
    assert "no filter named" in capsys.readouterr().err
    assert run("get", f"/api/v1/cases/{cases[0]}") == DONE
    assert json.loads(capsys.readouterr().out)["case_number"] == Case.objects.get(pk=cases[0]).case_number


def test_faults_have_their_own_exit_codes(run: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setenv("IMRSITE_TOKEN", "imr_invented")
    assert run("query", "cases") == REFUSED
    assert "401" in capsys.readouterr().err
    monkeypatch.setenv("IMRSITE_URL", "http://127.0.0.1:1")
    waits: list[float] = []
    with pytest.raises(Failed) as failed:
        Server("http://127.0.0.1:1", "x", wait=waits.append).read("/api/v1/cases")
    assert failed.value.code == UNREACHABLE
    assert waits == [1, 2, 4, 8, 16]
    monkeypatch.setenv("IMRSITE_URL", "http://imrsite.example.org")
    assert run("query", "cases") == USAGE  # the token would be readable on its way
    monkeypatch.delenv("IMRSITE_TOKEN")
    assert run("query", "cases") == USAGE
    with pytest.raises(Failed):
        Server("https://imrsite.example.org", "x").read("https://elsewhere.example/api/v1/cases")


class Unsteady(BaseHTTPRequestHandler):
    """Answers in the order of ``answers``: raw bytes, after which it hangs up."""

    answers: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        self.wfile.write(self.answers.pop(0))
        self.close_connection = True

    def log_message(self, *details: object) -> None:
        pass


@pytest.fixture
def unsteady() -> Iterator[Server]:
    with HTTPServer(("127.0.0.1", 0), Unsteady) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield Server(f"http://127.0.0.1:{server.server_port}", "x", wait=lambda seconds: None)
        server.shutdown()
        thread.join()


def _answer(body: bytes, *, length: int | None = None, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    promised = len(body) if length is None else length
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, promised, more, body)


def test_an_answer_that_ends_too_early_is_asked_for_again(unsteady: Server, tmp_path: Path) -> None:
    """A file that was cut off looked like a whole one."""
    busy = _answer(b"", status=b"503 Busy", more=b"Retry-After: Sun, 29 Nov 2026 08:00:00 GMT\r\n")
    Unsteady.answers = [_answer(b"one,t", length=7), b"nonsense\r\n\r\n", b"", busy, _answer(b"one,two")]
    unsteady.download("/api/v1/exports/1/file", tmp_path / "whole.csv")
    assert (tmp_path / "whole.csv").read_text() == "one,two"
    Unsteady.answers = [_answer(b"{", length=2)] * command_line.TRIES
    with pytest.raises(Failed, match="could not be reached"):
        unsteady.read("/api/v1/cases")
    Unsteady.answers = [_answer(b"<html>A proxy's page</html>")] * command_line.TRIES
    with pytest.raises(Failed, match="something else than JSON"):
        unsteady.read("/api/v1/cases")
    Unsteady.answers = [_answer(b"one,t", length=7)] * command_line.TRIES
    with pytest.raises(Failed):
        unsteady.download("/api/v1/exports/1/file", tmp_path / "cut.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["whole.csv"]


def test_an_upload_goes_on_where_it_was_interrupted_but_not_at_another_server(
    run: Any, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("A synthetic letter.")

    def interrupted(server: Server, batch: int) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(command_line, "follow_batch", interrupted)
        assert run("upload", letter, "--follow") == SOME_FAILED
    Letter.objects.update(state=LetterState.DAMAGED)
    assert run("upload", letter, "--follow") == SOME_FAILED  # it follows the batch of the first run
    assert run("upload", letter, "--follow") == DONE
    assert UploadedFile.objects.count() == 1
    state = tmp_path / "imrsite-upload.state"
    state.write_text(state.read_text().replace("http://", "http://other."))
    capsys.readouterr()
    assert run("upload", letter) == DONE
    assert "1 file to upload" in capsys.readouterr().err
    letter.unlink()
    letter.symlink_to(letter)
    assert run("upload", tmp_path) == DONE
    assert run("upload", letter) == USAGE
    assert run("changes", "--cursor", tmp_path) == USAGE
    assert "directory" in capsys.readouterr().err


def test_the_client_needs_nothing_but_python() -> None:
    text = (ROOT / "determinations" / "api" / "client.py").read_text()
    command = [sys.executable, "-I", "-S", "-", "--help"]
    answer = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert "upload" in answer.stdout


def test_an_export_is_downloaded(
    run: Any, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    store(1, ITEMS)

    def work(seconds: float) -> None:
        """In the place of the worker."""
        write_export(Export.objects.get().pk, now=timezone.now)

    monkeypatch.setattr(Server.__init__, "__kwdefaults__", {"wait": work})
    assert run("export", "items", "decision=overturned", "--output", "items.csv") == DONE
    assert "One synthetic knee brace" in (tmp_path / "items.csv").read_text(encoding="utf-8-sig")
    assert "1 row in" in capsys.readouterr().err


def test_the_installed_client_is_a_command_of_a_fresh_environment(
    live_server: Any, people: People, bearer: Caller, tmp_path: Path
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("imrsite-*.whl")
    with zipfile.ZipFile(wheel) as files:
        assert {name for name in files.namelist() if name.startswith("determinations/")} == {
            "determinations/__init__.py", "determinations/api/__init__.py", "determinations/api/client.py",
        }  # fmt: skip
    venv.EnvBuilder(symlinks=True, with_pip=False).create(tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    install = [*pip_of(programs / "python"), "install", "--no-index", "--no-deps", "--quiet", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    token = bearer(people.casemanager).text
    environment = {"IMRSITE_URL": live_server.url, "IMRSITE_TOKEN": token, "PATH": "/usr/bin:/bin"}
    command = [str(programs / "imrsite"), "get", "/api/v1/grounds"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[0]["code"]

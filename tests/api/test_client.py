"""The command-line client, against a real server."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from determinations.api import client as command_line
from determinations.api.client import DONE, REFUSED, SOME_FAILED, UNREACHABLE, USAGE, Failed, Server, main
from determinations.browsing.exports import write_export
from determinations.intake.store_health import check_store
from determinations.models import Case, Export, Letter, LetterState, Upload, UploadedFile
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
    assert "1 rows" in capsys.readouterr().err

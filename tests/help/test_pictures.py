"""The command that takes the pictures of help."""

import io
from pathlib import Path
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from PIL import Image
from pytest_django.live_server_helper import LiveServer

from determinations.help.pictures import PICTURES
from determinations.models import Letter, LetterText
from tests.corrections.letters import stored_letter
from tests.fixtures.people import People


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("help_pictures", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_takes_a_picture_in_light_and_dark(
    page: object, live_server: LiveServer, people: People, tmp_path: Path
) -> None:
    said: list[str] = []

    def take() -> None:  # in a thread of its own, since the browser of the tests has the loop of this one
        try:
            said.append(run("--url", live_server.url, "--only", "accounts", "--folder", str(tmp_path)))
        finally:
            connections.close_all()

    thread = Thread(target=take)
    thread.start()
    thread.join()
    assert "2 files" in said[0]
    light, dark = (Image.open(tmp_path / PICTURES["accounts"].file(scheme)) for scheme in ("light", "dark"))
    assert light.size == dark.size
    shape = PICTURES["accounts"]
    assert light.size[0] / light.size[1] == pytest.approx(shape.width / shape.height, rel=0.01)
    assert sum(light.convert("RGB").resize((1, 1)).getpixel((0, 0))) > 2 * sum(  # type: ignore[arg-type]  # three numbers
        dark.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[arg-type]  # of RGB
    )


@pytest.mark.django_db
def test_letters_that_are_not_synthetic_are_never_shown() -> None:
    letter = stored_letter(text="A letter of an office.")
    assert LetterText.objects.get(pk=letter.pk).text == "A letter of an office."
    with pytest.raises(CommandError, match="not synthetic"):
        run("--only", "accounts")


@pytest.mark.django_db
def test_what_is_missing_is_said() -> None:
    assert not Letter.objects.exists()
    with pytest.raises(CommandError, match="There is no picture nothing"):
        run("--only", "nothing")
    with pytest.raises(CommandError, match="Start the demo"):
        run("--only", "case")
    with pytest.raises(CommandError, match="There is no user admin"):
        run("--only", "accounts")

"""Scans made from letters, for measuring how well scans are read."""

from pathlib import Path

import pypdfium2
import pytest
from django.core.management import CommandError, call_command

from determinations.synthetic.scans import SCAN_KINDS
from tests.letters_made import letter_pdf


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "".join(page.get_textpage().get_text_bounded() for page in document)


@pytest.mark.slow
def test_every_kind_is_a_picture_without_the_letters_text(tmp_path: Path) -> None:
    source = tmp_path / "letters"
    source.mkdir()
    (source / "synthetic.pdf").write_bytes(letter_pdf(1))
    call_command("scan_variants", str(source), str(tmp_path / "scans"), verbosity=0)
    texts = {kind: text_of(tmp_path / "scans" / kind / "synthetic.pdf") for kind in SCAN_KINDS}
    assert "synthetic court" in texts.pop("stamped")
    assert set(texts.values()) == {""}


def test_one_kind_of_some_letters_can_be_selected(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.pdf").write_bytes(letter_pdf(number))
    call_command("scan_variants", str(tmp_path), str(tmp_path / "out"), kind=["grey-150"], limit=2, verbosity=0)
    assert [path.name for path in sorted((tmp_path / "out").rglob("*.pdf"))] == ["0.pdf", "2.pdf"]


def test_a_folder_without_letters_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no PDF"):
        call_command("scan_variants", str(tmp_path), str(tmp_path / "out"))

"""Plain text in common encodings."""

import pytest

from determinations.extraction.plain import read_plain_text
from determinations.extraction.results import Limits, NoText, TooLarge

SAID = "Synthetic letter – “Doe’s” café"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"])
def test_encodings(encoding: str) -> None:
    # Without a mark UTF-16 is detected by the zero bytes of Latin letters, so typographic characters must be few.
    text = "A synthetic letter, long enough to be told. " * 5 + SAID
    if encoding in ("utf-16-le", "utf-16-be"):
        text = text.encode("ascii", "ignore").decode()
    assert read_plain_text(text.encode(encoding)).text == text


def test_a_non_ascii_byte_after_the_head_makes_it_windows_text() -> None:
    data = b"plain " * 2000 + "“quoted”".encode("cp1252")
    assert read_plain_text(data).text.endswith("“quoted”")


def test_line_ends_zeros_and_form_feeds() -> None:
    found = read_plain_text(b"page one\r\nline\rline\fpage two\n")
    assert found.text == "page one\nline\nline\fpage two\n"
    assert [found.text[at:][:8] for at in found.page_offsets] == ["page one", "page two"]
    assert (found.pages, found.method) == (2, "text")


def test_white_space_only() -> None:
    with pytest.raises(NoText):
        read_plain_text(b" \n\t\n")


def test_too_long() -> None:
    with pytest.raises(TooLarge):
        read_plain_text(b"word " * 100, Limits(characters=499))


def test_letters_that_a_typeface_joins_are_taken_apart() -> None:
    assert read_plain_text("Certi\ufb01cation: o\ufb03ce, re\ufb02ex".encode()).text == "Certification: office, reflex"

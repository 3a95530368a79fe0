"""Word, OpenDocument, RTF and HTML: reasons for files without a letter, and the child that reads them."""

import pytest

from determinations.extraction.child import read_text
from determinations.extraction.reader import TextReader
from determinations.extraction.results import LIMITS, Damaged, NoText, TooLarge
from tests.extraction.files import archive
from tests.extraction.formatted import word


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (word("Synthetic")[:-300], Damaged),
        (archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<w:document"}), Damaged),
        (archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), NoText),
        (b"<html><body><p> </p></body></html>", NoText),
        (b"<!-- synthetic --><html><!-- synthetic -->", NoText),
        (rb"{\rtf1 }", NoText),
        (b"<html>" + b"<p>synthetic" * 100_000, TooLarge),
    ],
    ids=["cut", "no XML", "no text", "empty page", "comments", "empty RTF", "long"],
)
def test_documents_without_a_letter_have_their_reason(data: bytes, reason: type[Exception]) -> None:
    with pytest.raises(reason):
        read_text(data, LIMITS)


def test_the_confined_child_reads_them_and_no_bomb_harms_it() -> None:
    bomb = archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<a>" * 200_000})
    with TextReader() as reader:
        with pytest.raises(Damaged):
            reader.read(bomb)
        with pytest.raises(Damaged):
            reader.read(b"<html>" + b"<b>" * 100_000 + b"synthetic")
        assert reader.read(word("Synthetic")).text == "Synthetic\n"
        assert reader.read(rb"{\rtf1\ansi\ansicpg1250 Synthetic \'e1}").text == "Synthetic á"
        assert reader.read(b"<html><p>Synthetic</p></html>").text == "Synthetic"

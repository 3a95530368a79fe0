"""What a file is, by its bytes."""

import zipfile

import pytest

from determinations.extraction.kinds import Kind, kind_of
from tests.extraction.files import archive, pdf


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (pdf("A synthetic letter"), Kind.PDF),
        (b"\r\n\r\nrubbish before %PDF-1.4\n", Kind.PDF),
        (archive({"a.txt": b"A synthetic letter"}), Kind.ZIP),
        (archive({"a.pdf": pdf("A synthetic letter")}, zipfile.ZIP_STORED), Kind.ZIP),
        (archive({}), Kind.ZIP),
        (archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), Kind.WORD),
        (
            archive({"mimetype": b"application/vnd.oasis.opendocument.text"}, zipfile.ZIP_STORED),
            Kind.OPEN_DOCUMENT,
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLD_OFFICE),
        (b"{\\rtf1\\ansi", Kind.RTF),
        (b"\x89PNG\r\n\x1a\n\x00\x00", Kind.PNG),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", Kind.JPEG),
        (b"II*\x00\x08", Kind.TIFF),
        (b"MM\x00*\x00", Kind.TIFF),
        (b"GIF89a", Kind.IMAGE),
        (b"", Kind.EMPTY),
        (b"Case Number: synthetic\n", Kind.TEXT),
        ("é ü".encode("cp1252"), Kind.TEXT),
        ("A".encode("utf-16"), Kind.TEXT),
        (b"\x7fELF\x02\x01\x01\x00\x00", Kind.OTHER),
        (bytes(range(256)), Kind.OTHER),
    ],
    ids=[
        "pdf",
        "pdf after rubbish",
        "zip",
        "zip that stores a pdf as it is",
        "empty zip",
        "word",
        "open document",
        "old office",
        "rtf",
        "png",
        "jpeg",
        "tiff",
        "big-endian tiff",
        "gif",
        "empty",
        "text",
        "windows text",
        "wide text",
        "program",
        "all bytes",
    ],
)
def test_the_content_tells_the_kind(head: bytes, kind: Kind) -> None:
    assert kind_of(head[:4096]) is kind


def test_a_character_cut_at_the_end_of_the_head_is_no_reason_against_utf_8() -> None:
    assert kind_of("a synthetic lettér".encode()[:-2] + b"\xc3") is Kind.TEXT

"""The kind of a file is detected from its bytes."""

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
            Kind.OPEN_TEXT,
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLD_OFFICE),
        (b"{\\rtf1\\ansi", Kind.RTF),
        (b"\xd0\xcf\x11\xe0" + bytes(508) + b"%PDF-1.7", Kind.OLD_OFFICE),
        (b"From: a@example.org\r\nMIME-Version: 1.0\r\n\r\n%PDF-1.4", Kind.MAIL),
        (b"From a@example.org Mon Jan  1 2018\nReceived: by a\n\tfor b\nSubject: x\n\nsynthetic", Kind.MAIL),
        (b"Message-ID: <1>\n" + b"To: a\n" * 2000, Kind.MAIL),
        (b"From: Dr. A\nTo: B\nDate: 1/1/2018\nX-ray: none\n\nA synthetic letter", Kind.TEXT),
        (b"A synthetic letter\nMIME-Version: 1.0\n\n", Kind.TEXT),
        (b"\xef\xbb\xbf <!-- a --> <!DOCTYPE html>", Kind.HTML),
        ("<HTML><body>".encode("utf-16"), Kind.HTML),
        (b"<!-->" * 800 + b"<htm", Kind.TEXT),
        (b"<htmlx>", Kind.TEXT),
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
        "outlook message that begins with a pdf",
        "mail that begins with a pdf",
        "mailbox",
        "mail with a long header",
        "letter with a sender",
        "letter with a word of mail",
        "html after a comment",
        "wide html",
        "many comments",
        "another tag",
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


def test_a_character_cut_at_the_end_of_the_head_does_not_rule_out_utf_8() -> None:
    assert kind_of("a synthetic lettér".encode()[:-2] + b"\xc3") is Kind.TEXT

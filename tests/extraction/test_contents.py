"""Archives, messages and portfolios: every letter in them with its origin, and the limits on opening them."""

import base64
import io
import itertools
import struct
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import StreamObject

from determinations.extraction.archives import ArchiveLimits
from determinations.extraction.containers.reader import ContainerReader
from determinations.extraction.containers.results import LIMITS, ContainerRefused
from determinations.extraction.contents import ContentLimits, ContentReader, name_and_container
from determinations.extraction.results import Limits
from tests.extraction.files import archive, locked_pdf, pdf
from tests.extraction.messages import compound_file, mail, outlook, outlook_tree, portfolio, winmail

ONE, TWO, THREE = (pdf(f"Synthetic letter {number} with enough text") for number in ("one", "two", "three"))


@pytest.fixture(scope="module")
def reader() -> Iterator[ContentReader]:
    with ContentReader() as reader:
        yield reader


def contents(reader: ContentReader, name: str, data: bytes) -> dict[str, bytes | str]:
    """The bytes of each file, or the reason why it is refused."""
    found: dict[str, bytes | str] = {}
    for content in reader.contents(name, io.BytesIO(data)):
        if content.file is None:
            found[content.name] = content.reason
        else:
            with content.file as file:
                file.seek(0)
                found[content.name] = file.read()
    return found


def png(side: int) -> bytes:
    target = io.BytesIO()
    Image.new("L", (side, side)).save(target, "PNG")
    return target.getvalue()


def test_a_file_that_holds_no_others_is_itself(reader: ContentReader) -> None:
    assert contents(reader, "letter.pdf", ONE) == {"letter.pdf": ONE}
    assert contents(reader, "letter.txt", b"Synthetic") == {"letter.txt": b"Synthetic"}


def test_attachments_of_a_message(reader: ContentReader) -> None:
    data = mail({"lettre é.pdf": ONE, "C:\\scans/two.pdf": TWO})
    assert contents(reader, "m.eml", data) == {"m.eml/lettre é.pdf": ONE, "m.eml/C:-scans-two.pdf": TWO}


def test_attachments_of_an_outlook_message(reader: ContentReader) -> None:
    large = ONE + b"%" * 9_000
    data = outlook({"one.pdf": large, "zwei ü.pdf": TWO})
    assert contents(reader, "m.msg", data) == {"m.msg/one.pdf": large, "m.msg/zwei ü.pdf": TWO}


def test_files_of_a_portfolio_with_its_own_pages(reader: ContentReader) -> None:
    data = portfolio({"one.pdf": ONE, "two.pdf": TWO})
    assert contents(reader, "p.pdf", data) == {"p.pdf": data, "p.pdf/one.pdf": ONE, "p.pdf/two.pdf": TWO}


def test_a_portfolio_cover_is_not_a_letter(reader: ContentReader) -> None:
    data = portfolio({"one.pdf": ONE}, cover="For the best experience, open this PDF portfolio in Acrobat")
    assert contents(reader, "p.pdf", data) == {"p.pdf/one.pdf": ONE}


def test_nested_containers(reader: ContentReader) -> None:
    forwarded = mail({"three.pdf": THREE}, subject="FW: letter")
    message = mail({"more.zip": archive({"a/two.pdf": TWO}), "p.pdf": portfolio({"x.pdf": ONE})}, forwards=forwarded)
    names = list(contents(reader, "all.zip", archive({"m.eml": message, "n.msg": outlook({"one.pdf": ONE})})))
    assert names == [
        "all.zip/m.eml/more.zip/a/two.pdf",
        "all.zip/m.eml/p.pdf",
        "all.zip/m.eml/p.pdf/x.pdf",
        "all.zip/m.eml/FW: letter.eml/three.pdf",
        "all.zip/n.msg/one.pdf",
    ]


def test_a_message_that_outlook_forwards(reader: ContentReader) -> None:
    inner = outlook_tree({"one.pdf": ONE}, subject="Inner")
    assert contents(reader, "m.msg", outlook({"Inner": inner, "two.pdf": TWO})) == {
        "m.msg/Inner.msg/one.pdf": ONE,
        "m.msg/two.pdf": TWO,
    }


def test_a_forwarded_message_in_base64(reader: ContentReader) -> None:
    """Some mail programs do so against the standard; the standard library then takes the letter for text."""
    inner = base64.encodebytes(mail({"one.pdf": ONE}, subject="Inner")).decode()
    data = (
        "From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{inner}\n--b--\n"
    )
    assert contents(reader, "m.eml", data.encode()) == {"m.eml/Inner.eml/one.pdf": ONE}


def test_each_message_of_a_mailbox(reader: ContentReader) -> None:
    start = b"From sender@example.org Mon Jan  1 10:00:00 2018\n"
    data = b"\n".join(start + mail({f"{number}.pdf": ONE}, subject=f"No. {number}") for number in (1, 2))
    assert set(contents(reader, "box", data)) == {"box/No. 1.eml/1.pdf", "box/No. 2.eml/2.pdf"}


@pytest.mark.parametrize("make", [mail, outlook])
def test_a_messages_own_text_is_read_where_it_may_be_the_letter(reader: ContentReader, make) -> None:
    letter = "Synthetic Final Determination letter. " * 80
    assert contents(reader, "m", make({}, text="Synthetic words"))["m/message text.txt"].strip() == b"Synthetic words"
    assert list(contents(reader, "m", make({"one.pdf": ONE}, text=letter))) == ["m/one.pdf", "m/message text.txt"]
    assert list(contents(reader, "m", make({"one.pdf": ONE}, text="The Final Determination"))) == ["m/one.pdf"]
    assert contents(reader, "m", make({}, text="")) == {"m": "container_empty"}


def test_inline_pictures_of_a_message_are_ignored_unless_as_large_as_a_page(reader: ContentReader) -> None:
    message = EmailMessage()
    message["MIME-Version"] = "1.0"
    message.set_content("<p>Synthetic <img src='cid:a'></p>", subtype="html")
    for name, side in (("logo.png", 90), ("page.png", 900)):
        message.add_related(png(side), "image", "png", cid=f"<{name}>", filename=name)
    assert list(contents(reader, "m.eml", message.as_bytes())) == ["m.eml/page.png"]


def test_text_of_a_message_in_html(reader: ContentReader) -> None:
    message = EmailMessage()
    message.set_content("<p>Synthetic <b>letter</b></p><p>two</p>", subtype="html")
    assert contents(reader, "m.eml", message.as_bytes()) == {"m.eml/message text.txt": b"Synthetic letter\n\ntwo"}


def test_clutter_is_skipped(reader: ContentReader) -> None:
    clutter = dict.fromkeys(("__MACOSX/a/._one.pdf", "~$one.docx", "a/THUMBS.DB", ".DS_Store", "b/desktop.ini"), b"x")
    assert list(contents(reader, "a.zip", archive({**clutter, "one.pdf": ONE}))) == ["a.zip/one.pdf"]
    assert list(contents(reader, "m.eml", mail({"Thumbs.db": b"x", "one.pdf": ONE}))) == ["m.eml/one.pdf"]
    assert contents(reader, "a.zip", archive(clutter)) == {"a.zip": "archive_empty"}


def test_an_unreadable_file_is_one_refusal_and_the_rest_is_kept(reader: ContentReader) -> None:
    data = archive(
        {
            "old.doc": compound_file({"WordDocument": b"synthetic"}),
            "locked.docx": compound_file({"EncryptedPackage": b"synthetic"}),
            "cut.msg": outlook({"one.pdf": ONE})[:700],
            "one.pdf": ONE,
        }
    )
    assert contents(reader, "a.zip", data) == {
        "a.zip/old.doc": "document",
        "a.zip/locked.docx": "password_needed",
        "a.zip/cut.msg": "container_damaged",
        "a.zip/one.pdf": ONE,
    }


def test_a_locked_pdf_is_left_to_its_reader(reader: ContentReader) -> None:
    data = locked_pdf("Synthetic") + b"%/EmbeddedFile"
    assert contents(reader, "p.pdf", data) == {"p.pdf": data}


def test_a_link_instead_of_a_file_is_reported(reader: ContentReader) -> None:
    tree = dict(outlook_tree({"one.pdf": ONE, "linked.pdf": TWO}, header=32))
    tree["__attach_version1.0_#00000001"] = {
        "__properties_version1.0": bytes(8) + struct.pack("<HHLLL", 3, 0x3705, 6, 7, 0),
        "__substg1.0_3707001F": "linked.pdf".encode("utf-16-le"),
    }
    assert contents(reader, "m.msg", compound_file(tree)) == {"m.msg/one.pdf": ONE, "m.msg/linked.pdf": "not_enclosed"}


def test_only_some_levels_are_opened(reader: ContentReader) -> None:
    data, message, tree = archive({"one.pdf": ONE}), mail({"one.pdf": ONE}), outlook_tree({"one.pdf": ONE})
    for _ in range(4):
        data, message = archive({"a.zip": data}), mail({}, text="", forwards=message)
        tree = outlook_tree({"x": tree})
    assert list(contents(reader, "z", data).values()) == ["archive_in_archive"]
    assert list(contents(reader, "m", message).values()) == ["archive_in_archive"]
    assert list(contents(reader, "o", outlook({"x": tree})).values()) == ["archive_in_archive"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("letter.pdf", ("letter.pdf", "")),
        ("2017/letter.pdf", ("2017/letter.pdf", "")),
        ("message.eml/letter.pdf", ("letter.pdf", "message.eml")),
        ("all.zip/2017/m.MSG/letter.pdf", ("letter.pdf", "all.zip/2017/m.MSG")),
        ("all.zip/2017/letter.pdf", ("2017/letter.pdf", "all.zip")),
    ],
)
def test_the_origin_of_a_letter_is_part_of_its_name(name: str, shown: tuple[str, str]) -> None:
    assert name_and_container(name) == shown


def test_one_budget_for_all_levels() -> None:
    inner = archive({f"{number}.txt": b"synthetic" for number in range(8)})
    data = archive({"a.zip": inner, "b.zip": inner})
    with ContentReader(ContentLimits(archive=ArchiveLimits(members=12))) as reader:
        values = list(contents(reader, "z", data).values())
    assert values.count(b"synthetic") == 10  # the two archives count as well
    assert values[-1] == "archive_too_many"
    with ContentReader(ContentLimits(archive=ArchiveLimits(total_bytes=2 * len(inner) + 40))) as reader:
        assert contents(reader, "z", data)["z"] == "archive_too_large"


def test_messages_of_too_many_files_keep_the_first(reader: ContentReader) -> None:
    tree = outlook_tree({str(number): b"synthetic %d" % number for number in range(1_010)}, header=32)
    found = contents(reader, "m.msg", compound_file(tree))
    assert len(found) == 1_001
    assert found["m.msg/(the rest)"] == "archive_too_many"


def test_a_small_pdf_that_carries_too_much() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(portfolio({}))))
    for name in "abcd":
        writer.add_attachment(name, bytes(1_000_000))
    for thing in writer._objects:
        if isinstance(thing, StreamObject) and len(thing._data) == 1_000_000:
            packed = thing.flate_encode()
            thing.update(packed)
            thing._data = packed._data
    target = io.BytesIO()
    writer.write(target)
    assert len(target.getvalue()) < 20_000
    with ContainerReader(Limits(bytes=2_500_000)) as reader:
        files = reader.open("pdf", target.getvalue()).files
    assert [file.reason for file in files] == ["", "", "archive_too_large"]


def nested_parts(depth: int) -> bytes:
    heads = (f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return ("MIME-Version: 1.0\n" + "".join(heads) + "\nsynthetic").encode()


@pytest.mark.parametrize(
    "data",
    [
        nested_parts(3_000),
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 30_000,
        b"MIME-Version: 1.0\nContent-Type: " + b"a" * 2_000_000 + b"\n\nsynthetic",
    ],
    ids=["deep", "many", "long header"],
)
def test_hostile_messages_end_in_time(reader: ContentReader, data: bytes) -> None:
    before = time.monotonic()
    assert contents(reader, "m.eml", data)
    assert time.monotonic() - before < LIMITS.seconds + 5


def test_damage_anywhere_gives_a_reason_or_a_file_and_never_a_failure(reader: ContentReader) -> None:
    messages = (mail({"one.pdf": ONE}), outlook({"one.pdf": ONE, "m": outlook_tree({})}), portfolio({"one.pdf": ONE}))
    for data, at in itertools.product(messages, range(0, 4_000, 211)):
        damaged = data[:at] + b"\xff\x00\xfe" + data[at + 3 :]
        for content in reader.contents("x", io.BytesIO(damaged)):
            assert content.file or content.reason
            if content.file:
                content.file.close()


def test_a_container_that_is_too_large_is_not_sent_to_the_child() -> None:
    with ContainerReader(Limits(bytes=10)) as reader, pytest.raises(ContainerRefused, match="10 are allowed"):
        reader.open("mail", b"synthetic data")


def test_a_container_is_tried_again_by_another_child_where_memory_was_too_little() -> None:
    with ContainerReader(child="tests.extraction.starved_container_child") as reader:
        for _time in range(2):
            assert [file.data for file in reader.open("mail", mail({"one.pdf": ONE})).files] == [ONE]
        with pytest.raises(ContainerRefused, match="more memory than allowed"):
            reader.open("outlook", outlook({"one.pdf": ONE}))


def test_a_winmail_file_gives_its_letters(reader: ContentReader) -> None:
    sent = mail({"winmail.dat": winmail({"one.pdf": ONE, "two.pdf": TWO})})
    found = contents(reader, "message.eml", sent)
    assert found == {"message.eml/winmail.dat/one.pdf": ONE, "message.eml/winmail.dat/two.pdf": TWO}
    assert name_and_container("message.eml/winmail.dat/one.pdf") == ("one.pdf", "message.eml/winmail.dat")


@pytest.mark.parametrize("left", [5, 12, 60])
def test_a_winmail_file_that_is_cut_short_is_reported(reader: ContentReader, left: int) -> None:
    assert contents(reader, "winmail.dat", winmail({"one.pdf": ONE})[:left])["winmail.dat"] in (
        "container_damaged",
        "container_empty",
    )


def test_what_precedes_the_damage_in_a_winmail_file_is_kept(reader: ContentReader) -> None:
    found = contents(reader, "winmail.dat", winmail({"one.pdf": ONE, "two.pdf": TWO})[:-20])
    assert found == {"winmail.dat/one.pdf": ONE, "winmail.dat/(the rest)": "container_damaged"}


def test_a_portfolio_with_mail_in_it_gives_the_letters_of_the_mail(reader: ContentReader) -> None:
    inside = {"message.eml": mail({"one.pdf": ONE}), "message.msg": outlook({"two.pdf": TWO}), "three.pdf": THREE}
    found = contents(reader, "all.pdf", portfolio(inside, cover="This is a PDF Portfolio."))
    assert found == {
        "all.pdf/message.eml/one.pdf": ONE,
        "all.pdf/message.msg/two.pdf": TWO,
        "all.pdf/three.pdf": THREE,
    }

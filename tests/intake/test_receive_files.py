"""Receiving files: what is stored, what is refused, and deduplication."""

import io
import re
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import connection

from determinations.extraction import archives
from determinations.extraction.kinds import Kind
from determinations.intake import arrivals, opening, receiving
from determinations.intake.arrivals import clean_name
from determinations.intake.receiving import receive_files
from determinations.intake.store import letter_store
from determinations.models import AuditEvent, Letter, Upload, UploadedFile
from determinations.wording.states import REFUSALS
from tests.extraction.files import archive, scanned_pdf
from tests.extraction.messages import compound_file, mail, outlook, portfolio
from tests.fixtures.people import People
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_pdf, letter_text

pytestmark = pytest.mark.django_db


def outcomes(upload: Upload) -> list[tuple[str, str, str]]:
    return list(upload.files.order_by("id").values_list("name", "outcome", "reason"))


def file(name: str, data: bytes) -> ContentFile:
    return ContentFile(data, name=name)


def test_bytes_and_rows_are_stored(people: People) -> None:
    data = letter_pdf(1)
    upload = receive_files(by=people.casemanager, files=[file("one.pdf", data)], lane="bulk", note="first")
    letter = Letter.objects.get()
    assert (letter.state, letter.lane, letter.size, letter.media_type) == (
        "received",
        "bulk",
        len(data),
        "application/pdf",
    )
    with letter_store().open(letter.store_name) as stored:
        assert stored.read() == data
    assert (upload.by, upload.note) == (people.casemanager, "first")
    assert outcomes(upload) == [("one.pdf", "accepted", "")]


def test_the_file_is_private() -> None:
    receive_files(by=None, files=[file("one.txt", b"A synthetic letter")])
    path = stored_path(Letter.objects.get().store_name)
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(
        folder.stat().st_mode & 0o077 == 0 for folder in path.parents if folder.name in ("letters", "unfinished")
    )
    assert not list((stored_path("") / "unfinished").iterdir())


def test_identical_bytes_are_one_letter(people: People) -> None:
    first = receive_files(by=people.casemanager, files=[file("one.pdf", letter_pdf(2))])
    again = receive_files(
        by=people.supervisor, files=[file("other name.pdf", letter_pdf(2)), file("again.pdf", letter_pdf(2))]
    )
    assert outcomes(first) == [("one.pdf", "accepted", "")]
    assert outcomes(again) == [("other name.pdf", "duplicate", ""), ("again.pdf", "duplicate", "")]
    assert set(again.files.values_list("letter", flat=True)) == {Letter.objects.get().pk}


def test_identical_bytes_in_one_drop_are_one_letter() -> None:
    upload = receive_files(by=None, files=[file("a.pdf", letter_pdf(3)), file("b.pdf", letter_pdf(3))])
    assert outcomes(upload) == [("a.pdf", "accepted", ""), ("b.pdf", "duplicate", "")]


def test_refused_files_have_a_reason_and_the_rest_is_kept() -> None:
    upload = receive_files(
        by=None,
        files=[
            file("empty.pdf", b""),
            file("picture.pdf", b"GIF89a..."),
            file("table.xlsx", archive({"[Content_Types].xml": b"<x/>"})),
            file("late.pptx", archive({"thumbnail.jpeg": b"x" * 5000, "[Content_Types].xml": b"<x/>"})),
            file("old.doc", compound_file({"WordDocument": b"synthetic"})),
            file("scan.pdf", scanned_pdf()),
            file("letter.txt", letter_text(4).encode()),
        ],
    )
    assert outcomes(upload) == [
        ("empty.pdf", "refused", "empty"),
        ("picture.pdf", "refused", "unsupported"),
        ("table.xlsx", "refused", "document"),
        ("late.pptx", "refused", "document"),
        ("old.doc", "refused", "document"),
        ("scan.pdf", "accepted", ""),  # detected when it is read
        ("letter.txt", "accepted", ""),
    ]


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LETTER_BYTES", 100)
    upload = receive_files(by=None, files=[file("long.txt", b"synthetic" * 100), file("short.txt", b"synthetic")])
    assert outcomes(upload) == [("long.txt", "refused", "too_large"), ("short.txt", "accepted", "")]


def test_archive_members_are_received_one_by_one() -> None:
    inner = archive({"x.txt": b"synthetic"})
    data = archive(
        {
            "2017/one.pdf": letter_pdf(5),
            "../../etc/two.txt": letter_text(6).encode(),
            "__MACOSX/._one.pdf": b"x",
            "inner.zip": inner,
            "picture.gif": b"GIF89a",
            "same.pdf": letter_pdf(5),
        }
    )
    upload = receive_files(by=None, files=[file("letters.zip", data)])
    assert outcomes(upload) == [
        ("letters.zip/2017/one.pdf", "accepted", ""),
        ("letters.zip/etc/two.txt", "accepted", ""),
        ("letters.zip/inner.zip/x.txt", "accepted", ""),
        ("letters.zip/picture.gif", "refused", "unsupported"),
        ("letters.zip/same.pdf", "duplicate", ""),
    ]


def test_letters_in_messages_and_portfolios_are_received_with_their_origin() -> None:
    message = mail(
        {"one.pdf": letter_pdf(5), "more.zip": archive({"two.txt": letter_text(6).encode()}), "x.exe": b"MZ\0"}
    )
    folder = portfolio({"three.pdf": letter_pdf(7), "again.pdf": letter_pdf(5)})
    files = [file("message.eml", message), file("m.msg", outlook({"four.pdf": letter_pdf(8)})), file("p.pdf", folder)]
    assert outcomes(receive_files(by=None, files=files)) == [
        ("message.eml/one.pdf", "accepted", ""),
        ("message.eml/more.zip/two.txt", "accepted", ""),
        ("message.eml/x.exe", "refused", "unsupported"),
        ("m.msg/four.pdf", "accepted", ""),
        ("p.pdf", "accepted", ""),
        ("p.pdf/again.pdf", "duplicate", ""),
        ("p.pdf/three.pdf", "accepted", ""),
    ]


def test_documents_are_received_with_their_kind() -> None:
    word = archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
    rtf = rb"{\rtf1 Synthetic}"
    files = [file("a.docx", word), file("b.rtf", rtf), file("c.htm", b"<!doctype html><p>Synthetic</p>")]
    receive_files(by=None, files=files)
    kinds = Letter.objects.order_by("pk").values_list("media_type", flat=True)
    assert list(kinds) == [Kind.WORD, Kind.RTF, Kind.HTML]


_REASON = re.compile(
    r'(?:_refuse\(turn, |Refused\(|_Spent\(|reason=|_rest\(|path, |name\),|\("\(the rest\)",\), )\s*"([a-z_]+)"'
)


def test_every_refusal_reason_has_a_text_and_a_next_step() -> None:
    """Reasons are codes in extraction and intake; a page could not explain one without a text."""
    sources = [
        *Path(archives.__file__).parent.rglob("*.py"),
        *(Path(str(module.__file__)) for module in (arrivals, opening, receiving)),
    ]
    reasons = {reason for path in sources for reason in _REASON.findall(path.read_text())}
    assert reasons >= {
        "container_damaged",
        "archive_bomb",
        "opening_failed",
        "empty",
        "archive_too_many",
        "not_enclosed",
        "reader_broken",
    }
    assert reasons <= REFUSALS.keys()
    assert all(words.label and words.next_step for words in REFUSALS.values())


def test_a_damaged_archive_does_not_affect_other_files() -> None:
    bomb = archive({"good.txt": letter_text(7).encode(), "bomb.txt": bytes(20_000_000)})
    files = [
        file("cut.zip", archive({"a.txt": b"synthetic"})[:-9]),
        file("bomb.zip", bomb),
        file("a.txt", b"synthetic"),
    ]
    assert outcomes(receive_files(by=None, files=files)) == [
        ("cut.zip", "refused", "archive_damaged"),
        ("bomb.zip/good.txt", "accepted", ""),
        ("bomb.zip/bomb.txt", "refused", "archive_bomb"),
        ("a.txt", "accepted", ""),
    ]


def test_an_unreadable_file_is_refused_and_the_rest_is_kept() -> None:
    class Unreadable(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    torn = File(Unreadable(b"synthetic"), name="torn.txt")
    upload = receive_files(by=None, files=[torn, file("a.txt", b"synthetic")])
    assert outcomes(upload) == [("torn.txt", "refused", "unreadable"), ("a.txt", "accepted", "")]


def test_a_drop_in_several_requests_is_one_batch() -> None:
    upload = receive_files(by=None, files=[file("a.txt", b"synthetic a")])
    assert receive_files(by=None, files=[file("b.txt", b"synthetic b")], upload=upload) == upload
    assert [name for name, *_ in outcomes(upload)] == ["a.txt", "b.txt"]


def test_many_files_are_stored_in_windows_and_large_batches_use_the_bulk_lane() -> None:
    upload = receive_files(by=None, files=(file(f"{n}.txt", b"synthetic %d" % n) for n in range(720)))
    assert upload.files.count() == 720
    lanes = list(Letter.objects.order_by("arrivals__id").values_list("lane", flat=True))
    assert (lanes[0], lanes[500], lanes[-1]) == ("interactive", "interactive", "bulk")


def test_uploads_are_audited_with_user_and_counts(people: People) -> None:
    upload = receive_files(by=people.casemanager, files=[file("a.txt", b"synthetic"), file("b.pdf", b"")])
    event = AuditEvent.objects.get()
    assert (event.action, event.by_name) == ("letters.uploaded", "casemanager")
    assert event.detail == {"upload": upload.pk, "accepted": 1, "duplicate": 0, "refused": 1, "unopened": 0}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("a\x00b\n.pdf", "a\ufffdb\ufffd.pdf"), ("gnp.\u202efdp", "gnp.\ufffdfdp"), ("", "(no name)")],
)
def test_names_are_cleaned_for_display(raw: str, shown: str) -> None:
    assert clean_name(raw) == shown


def test_long_names_keep_their_end() -> None:
    assert clean_name("x" * 600 + ".pdf")[-4:] == ".pdf"
    assert len(clean_name("x" * 600)) == 500


@pytest.mark.django_db(transaction=True)
def test_concurrent_uploads_of_the_same_bytes_make_one_letter() -> None:
    together = threading.Barrier(2)
    uploads: list[Upload] = []

    def bring(order: int) -> None:
        files = [file(f"{n}.txt", b"the same synthetic letter %d" % n) for n in range(50)][::order]
        together.wait()
        uploads.append(receive_files(by=None, files=files))
        connection.close()

    people = [threading.Thread(target=bring, args=[order]) for order in (1, -1)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert Letter.objects.count() == 50
    stored_outcomes = sorted(UploadedFile.objects.values_list("outcome", flat=True))
    assert stored_outcomes == ["accepted"] * 50 + ["duplicate"] * 50

"""Scanned pages: recognized in a confined child, turned and straightened first, each word with its place."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PIL import Image

from determinations.extraction.child import read_text
from determinations.extraction.process import ReaderBroken
from determinations.extraction.results import LIMITS, Damaged, ExtractedText, Limits, NoText, TooLarge, TooManyPages
from determinations.extraction.scanning import engine
from determinations.extraction.scanning.reader import ScanReader
from determinations.extraction.source import source_text
from determinations.parsing import parse_file
from determinations.synthetic.scans import SCAN_KINDS, scanned
from tests.extraction.files import pdf, pdf_of_pictures, picture_of
from tests.letters_made import THERAPY, letter_pdf, letter_text

FIRST, SECOND = "A synthetic letter shows this sentence first.", "The second page of it says something else."


_MORE_KINDS = ("fax-line", "askew", "sideways", "upside-down")


@pytest.fixture(scope="module")
def reader() -> Iterator[ScanReader]:
    with ScanReader() as reader:
        yield reader


def read(reader: ScanReader, data: bytes) -> ExtractedText:
    return reader.read(data, read_text(data, LIMITS))


def as_file(form: str, *pages: Image.Image, **options: object) -> bytes:
    target = io.BytesIO()
    pages[0].save(target, form, save_all=len(pages) > 1, append_images=pages[1:], **options)
    return target.getvalue()


@pytest.mark.parametrize(
    "kind",
    ["grey-150", *(pytest.param(kind, marks=pytest.mark.slow) for kind in _MORE_KINDS)],
)
def test_a_scanned_letter_gives_the_values_that_are_printed(reader: ScanReader, kind: str) -> None:
    extracted = read(reader, scanned(letter_pdf(123), SCAN_KINDS[kind]))
    (part,) = parse_file(source_text(extracted))
    letter = part.letter
    printed = parse_file(source_text(read_text(letter_pdf(123), LIMITS)))[0].letter
    for name in ("case_number", "decision_date", "ur_denial_date", "priority", "age", "specialties"):
        assert getattr(letter, name) == getattr(printed, name), name
    assert [(item.request, item.decision) for item in letter.items] == [(THERAPY, "upheld")]
    assert [citation.authority for citation in letter.items[0].reviewer] == ["mtus/chronic-pain"]
    assert extracted.turns == ({"sideways": 90, "upside-down": 180}.get(kind, 0),)


def test_pages_are_joined_in_order_regardless_of_their_method(reader: ScanReader) -> None:
    long_text = f"{FIRST}\n" * 10
    done: list[tuple[int, int]] = []
    data = pdf_of_pictures(long_text, picture_of(SECOND)[0], long_text)
    extracted = reader.read(data, read_text(data, LIMITS), lambda *progress: done.append(progress))
    assert [extracted.text[at:].partition("\n")[0].partition("\f")[0] for at in extracted.page_offsets] == [
        FIRST, SECOND, FIRST,
    ]  # fmt: skip
    assert extracted.page_methods == ("text", "scan", "text")
    assert done == [(1, 1)]


def test_each_word_has_its_place_in_the_text_and_on_the_page(reader: ScanReader) -> None:
    extracted = read(reader, pdf_of_pictures(picture_of(SECOND)[0]))
    assert [extracted.text[word.start : word.end] for word in extracted.words] == SECOND.split()
    boxes = [word.box for word in extracted.words]
    assert all(0.08 < box.top < 0.1 and 0.1 < box.left < 0.6 and 0.005 < box.height < 0.03 for box in boxes)
    assert [box.left for box in boxes] == sorted(box.left for box in boxes)


def test_words_that_differ_from_the_hidden_text_are_doubtful(reader: ScanReader) -> None:
    hidden = "\n".join([SECOND.replace("something", "nothing")] * 12)
    extracted = read(reader, pdf_of_pictures(picture_of(SECOND)[0], hidden=hidden))
    assert [extracted.text[word.start : word.end] for word in extracted.words if word.doubtful] == ["something"]


@pytest.mark.parametrize("form", ["TIFF", "PNG", "JPEG"])
def test_pictures_of_pages_are_read_like_scans(reader: ScanReader, form: str) -> None:
    pages = picture_of(FIRST, SECOND) if form == "TIFF" else picture_of(FIRST)
    options = {"compression": "group4"} if form == "TIFF" else {}
    pages = [page.point(lambda value: 255 * (value > 128)).convert("1") for page in pages] if options else pages
    extracted = read(reader, as_file(form, *pages, dpi=(200, 200), **options))
    assert extracted.text.split("\f") == [FIRST, SECOND][: len(pages)]


def test_a_fax_with_half_as_many_lines_as_dots_is_read(reader: ScanReader) -> None:
    page = picture_of(FIRST)[0]
    flat = page.resize((page.width, page.height // 2), Image.Resampling.BOX)
    assert read(reader, as_file("TIFF", flat, dpi=(204, 98))).text == FIRST


def test_a_picture_without_text_has_no_text(reader: ScanReader) -> None:
    with pytest.raises(NoText):
        read(reader, as_file("PNG", Image.new("L", (850, 1100), 255)))


def test_a_damaged_picture_is_damaged(reader: ScanReader) -> None:
    with pytest.raises(Damaged):
        read(reader, as_file("PNG", *picture_of(FIRST))[:300])
    assert read(reader, as_file("PNG", *picture_of(FIRST))).text == FIRST


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (replace(LIMITS, scanned_pages=1), TooManyPages),
        (replace(LIMITS, page_pixels=100_000), TooLarge),
        (replace(LIMITS, drawn_pixels=100_000), TooLarge),
    ],
)
def test_pages_and_pixels_have_limits(limits: Limits, expected: type[Exception]) -> None:
    data = as_file("TIFF", *picture_of(FIRST, SECOND))
    with ScanReader(limits) as reader, pytest.raises(expected, match=r"are allowed|too large"):
        read(reader, data)


def test_a_compromised_child_reaches_nothing() -> None:
    with ScanReader(child="tests.extraction.nosy_scan_child") as reader:
        text = read(reader, as_file("PNG", *picture_of(FIRST))).text
    assert set(text.split()) - {"look_at_a_path"} == {"tried"}


def test_without_the_engine_the_installation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "language_folder", lambda: None)
    assert "pip install" in str(engine.missing_engine())
    monkeypatch.setattr("sys.executable", "/bin/false")
    with ScanReader() as reader, pytest.raises(ReaderBroken):
        read(reader, pdf_of_pictures(Image.new("L", (85, 110), 200)))


def test_a_letter_of_text_needs_no_engine() -> None:
    assert read_text(pdf(letter_text(1)), LIMITS).to_scan == ()

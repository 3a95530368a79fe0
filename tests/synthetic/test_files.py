"""Synthetic letters as files: PDFs with the same text, and the demo files."""

from collections import Counter
from datetime import date
from functools import cache

import pypdfium2
import pytest

from determinations.extraction.child import read_text
from determinations.extraction.results import ExtractedText, Limits, Unreadable
from determinations.parsing.pipeline import parse_letter
from determinations.parsing.results import to_record
from determinations.synthetic import demo_files, letter_pdf, write_letters, write_notice
from determinations.synthetic.demo import UNLISTED, File
from tests.synthetic.test_letters import comparable


@pytest.fixture(scope="module")
def demo() -> list[File]:
    return list(demo_files(300, seed=1))


def layout_or_reason(file: File) -> str:
    """The layout of the file, or the reason why it has none."""
    try:
        extracted = extracted_from(file[1])
        if extracted.to_scan:
            return "scan"
        letter = parse_letter(extracted.text)
    except Unreadable as reason:
        return reason.state
    return letter.problems[0].code if not letter.items else letter.layout or "none"


@cache
def text_of(content: bytes) -> str:
    return extracted_from(content).text


@cache
def extracted_from(content: bytes) -> ExtractedText:
    return read_text(content, Limits())


def test_a_pdf_has_the_text_of_the_letter() -> None:
    for letter in write_letters(60, seed=21):
        assert comparable(to_record(parse_letter(text_of(letter_pdf(letter))))) == comparable(letter.expected)


def test_a_pdf_says_that_it_is_synthetic_and_is_reproducible() -> None:
    letter = next(write_letters(1, seed=2))
    pdf = letter_pdf(letter)
    assert pdf == letter_pdf(letter)
    assert "Synthetic" in pypdfium2.PdfDocument(pdf).get_metadata_dict()["Title"]


def test_pdfs_protected_against_changes_can_be_read() -> None:
    pdfs = [letter_pdf(letter) for letter in write_letters(20, seed=2)]
    assert 0 < sum(b"/Encrypt" in pdf for pdf in pdfs) < len(pdfs)
    assert all("DECISIONS AND RATIONALES" in text_of(pdf) for pdf in pdfs)


@pytest.mark.parametrize("number", range(20))
def test_the_parser_reads_a_2013_notice_as_far_as_its_layout_is_known(number: int) -> None:
    notice = write_notice(number, seed=4)
    assert comparable(to_record(parse_letter(notice.text))) == comparable(notice.expected)


def test_the_demo_has_the_requested_size_and_is_reproducible() -> None:
    files = list(demo_files(60, seed=1))
    assert len(files) == 60
    assert files == list(demo_files(60, seed=1))
    assert len({name for name, _ in files}) == 60
    assert len(list(demo_files(5, seed=1))) == 5


def test_some_letters_of_the_demo_are_recent_and_oblige_to_something() -> None:
    today = date(2026, 11, 28)
    old, new = dict(demo_files(24, seed=1)), dict(demo_files(24, seed=1, today=today))
    recent = [parse_letter(read_text(new[name], Limits()).text) for name in sorted(new.keys() - old.keys())]
    assert len(recent) == 1
    for letter in recent:
        assert letter.decision_date
        assert date(2026, 11, 10) <= letter.decision_date < today
        assert "overturned" in {item.decision for item in letter.items}


def test_the_demo_has_files_of_every_kind(demo: list[File]) -> None:
    fates = Counter(layout_or_reason(file) for file in demo)
    assert fates == {
        "determination": 289,
        "notice-2013": 2,
        "scan": 1,
        "no_text": 1,
        "not_a_determination": 1,
        "health_plan_review": 1,
        "bill_review": 1,
        "layout_not_read": 1,
        "layout_not_known": 1,
        "password_needed": 1,
        "damaged": 1,
    }
    letters = [" ".join(text_of(content).split()) for name, content in demo if name.startswith("synthetic-CM")]
    assert sum(UNLISTED in text for text in letters) == 4  # letters with a citation to map
    assert len({content for _, content in demo}) == 298  # two are copies
    assert 0.6 < sum(name.endswith(".pdf") for name, _ in demo) / len(demo) < 0.8


def test_later_versions_share_the_case_number_of_an_earlier_file(demo: list[File]) -> None:
    seen: dict[str | None, str] = {}
    later = []
    for name, content in demo:
        if "synthetic-CM" in name:
            number = parse_letter(text_of(content)).case_number
            if "amended" in name:
                later.append((name, seen[number]))
            elif number:
                seen[number] = name
    assert len(later) == 2


@pytest.mark.parametrize("seed", range(5))
def test_every_seed_gives_a_demo(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("determinations.synthetic.demo.scanned", lambda data, kind: data)  # no name depends on it
    assert len({name for name, _ in demo_files(40, seed)}) == 40

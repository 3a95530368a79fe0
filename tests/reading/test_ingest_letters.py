"""Reading stored letters: the outcome for each kind of file, and idempotence."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from determinations.corrections import duplicates
from determinations.intake.receiving import receive_files
from determinations.intake.store import letter_store
from determinations.models import (
    Case,
    Citation,
    DisputedItem,
    ItemFact,
    Letter,
    LetterPair,
    LetterText,
    PairDecision,
    ParsedDocument,
)
from determinations.parsing import PARSER_VERSION, parse_file
from determinations.parsing.source import SourceText
from determinations.reading import one_letter, turns
from determinations.reading.ingest import CallLimits, ingest_letters
from determinations.reading.writing import folded_sha256
from tests.extraction.files import locked_pdf, pdf, scanned_pdf
from tests.fixtures.people import People
from tests.letters_made import THERAPY, letter_pdf, letter_text

pytestmark = pytest.mark.django_db

SHOPPING_LIST = b"A synthetic shopping list: apples, pears"


def bring(*files: bytes) -> list[int]:
    """Upload these files; returns the IDs of their letters in the same order."""
    upload = receive_files(by=None, files=[ContentFile(data, name=f"{n}") for n, data in enumerate(files)])
    return list(upload.files.order_by("id").values_list("letter_id", flat=True))


def read(*files: bytes) -> list[Letter]:
    ids = bring(*files)
    ingest_letters(ids)
    return [Letter.objects.get(pk=pk) for pk in ids]


def test_a_letter_becomes_a_case() -> None:
    (letter,) = read(letter_pdf(1, decision="Overturned"))
    assert (letter.state, letter.message, letter.attempts, letter.pages) == ("parsed", "", 1, 1)
    assert (letter.text_method, letter.parser_version) == ("pdf", PARSER_VERSION)
    assert letter.layout
    assert letter.started_at
    assert letter.finished_at
    assert letter.started_at <= letter.finished_at
    assert letter.case.case_number == "CM17-0000001"
    assert letter.case.outcome == "overturned"
    assert [item.request for item in letter.case.items.all()] == ["Twelve physical therapy sessions"]
    assert "synthetic worker" in letter.text.text
    assert letter.parsed.document["case_number"] == "CM17-0000001"


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (letter_text(2).encode(), "parsed"),
        (letter_text(3).encode("utf-16"), "parsed"),
        (letter_text(4, header=False).encode(), "needs_review"),
        (SHOPPING_LIST, "not_determination"),
        (b"Department of Managed Health Care\nIndependent Medical Review of a synthetic enrollee", "other_programme"),
        (b"Synthetic Independent Medical Review Final Determination by MAXIMUS, otherwise strange", "unknown_layout"),
        (scanned_pdf(), "no_text"),
        (locked_pdf("A synthetic letter"), "password_needed"),
        (letter_pdf(5)[:700], "damaged"),
    ],
    ids=["text", "utf-16", "no header", "list", "programme", "layout", "scan", "password", "cut"],
)
def test_each_kind_of_file_reaches_its_state(data: bytes, state: str) -> None:
    (letter,) = read(data)
    assert letter.state == state
    assert hasattr(letter, "case") == (state in ("parsed", "needs_review", "unknown_layout"))


@pytest.mark.parametrize(
    ("name", "most", "state"), [("LETTER_PAGES", 1, "too_many_pages"), ("LETTER_SECONDS", 0, "too_slow")]
)
def test_limits_have_their_states(settings: Any, name: str, most: int, state: str) -> None:
    setattr(settings, name, most)
    (letter,) = read(pdf(*["A synthetic page of some length"] * 300))  # its text takes longer than a context switch
    assert letter.state == state
    assert letter.message


def test_reading_again_changes_nothing() -> None:
    ids = bring(letter_pdf(6), letter_pdf(7))
    ingest_letters(ids)
    before = [list(model.objects.order_by("pk").values()) for model in (Letter, Case, DisputedItem, Citation)]
    ingest_letters(ids)
    assert before == [list(model.objects.order_by("pk").values()) for model in (Letter, Case, DisputedItem, Citation)]


def test_a_retry_replaces_the_rows_and_keeps_the_case_address() -> None:
    (letter,) = read(letter_pdf(8))
    again(letter)
    ingest_letters([letter.pk])
    assert Case.objects.get().pk == letter.pk
    assert (DisputedItem.objects.count(), ItemFact.objects.count()) == (1, 1)
    assert (LetterText.objects.count(), ParsedDocument.objects.count()) == (1, 1)


def test_a_letter_that_no_longer_yields_a_case_loses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    older, newer = read(letter_pdf(9), letter_pdf(9, item="Another synthetic request"))
    assert Case.objects.get(pk=older.pk).superseded_by_id == newer.pk
    again(newer)
    monkeypatch.setattr(one_letter, "stored_bytes", lambda letter: SHOPPING_LIST)
    ingest_letters([newer.pk])
    assert list(Case.objects.values_list("pk", "superseded_by")) == [(older.pk, None)]
    assert list(ItemFact.objects.values_list("case_id", flat=True)) == [older.pk]


def test_when_the_counted_one_of_two_merged_letters_loses_its_case_the_other_counts(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share no number; only a reviewer's decision links them."""
    one, counts = read(letter_pdf(60), letter_pdf(61, item="Another synthetic request"))
    pair = LetterPair.objects.create(older=one, newer=counts, kind="alike", percent=90, found_at=timezone.now())
    duplicates.decide(pair.pk, PairDecision.MERGED, by=people.admin, now=timezone.now(), counts=counts.pk)
    assert set(ItemFact.objects.values_list("case_id", flat=True)) == {counts.pk}
    again(counts)
    monkeypatch.setattr(one_letter, "stored_bytes", lambda letter: SHOPPING_LIST)
    ingest_letters([counts.pk])
    assert list(Case.objects.current().values_list("pk", flat=True)) == [one.pk]
    assert set(ItemFact.objects.values_list("case_id", flat=True)) == {one.pk}


@pytest.mark.parametrize(("number", "how"), [(62, "damaged"), (63, "gone"), (64, "kills")])
def test_values_are_kept_when_a_later_reading_fails(number: int, how: str) -> None:
    """The bytes have not changed, so the letter is not at fault and must lose nothing."""
    (letter,) = read(letter_pdf(number))
    text = letter.text.text
    again(letter)
    if how == "kills":
        Letter.objects.update(attempts=turns.ATTEMPTS)
    elif how == "gone":
        letter_store().delete(letter.store_name)
    else:
        replace_stored_file(letter, b"%PDF-1.4 cut")
    ingest_letters([letter.pk])
    letter = Letter.objects.get(pk=letter.pk)
    assert letter.state == letter.case.state == "parsed"
    assert letter.message.startswith("Reading it again failed: ")
    assert letter.message.endswith("Its earlier values are kept.")
    assert (letter.text.text, ItemFact.objects.count()) == (text, 1)


def test_a_missing_stored_file_is_reported() -> None:
    (pk,) = bring(letter_pdf(10))
    letter_store().delete(Letter.objects.get(pk=pk).store_name)
    ingest_letters([pk])
    letter = Letter.objects.get(pk=pk)
    assert letter.state == "set_aside"
    assert "missing" in letter.message


def test_the_same_text_in_different_bytes_has_the_same_folded_hash() -> None:
    assert folded_sha256("A synthetic\nletter\f") == folded_sha256("A  synthetic letter")
    assert folded_sha256("A synthetic letter") != folded_sha256("another")


def fail_for(monkeypatch: pytest.MonkeyPatch, item: str, fault: Callable[[], None]) -> None:
    """Make the parser call ``fault`` for letters that request ``item``."""

    def parse(source: SourceText, *details: Any) -> Any:
        if item in source.text:
            fault()
        return parse_file(source, *details)

    monkeypatch.setattr(one_letter, "parse_file", parse)


def test_a_letter_on_which_the_parser_fails_is_set_aside_and_the_rest_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fault() -> None:
        raise ZeroDivisionError("words of the letter")

    fail_for(monkeypatch, "poison", fault)
    first, poison, last = read(letter_pdf(11), letter_pdf(12, item=f"{THERAPY}, poison"), letter_pdf(13))
    assert [first.state, poison.state, last.state] == ["parsed", "set_aside", "parsed"]
    assert poison.message == "The parser failed (ZeroDivisionError)."
    assert poison.text.text


def test_a_letter_on_which_the_parser_runs_out_of_memory_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault() -> None:
        raise MemoryError

    fail_for(monkeypatch, "poison", fault)
    first, poison = read(letter_pdf(14), letter_pdf(15, item=f"{THERAPY}, poison"))
    assert [first.state, poison.state] == ["parsed", "too_large"]


def test_a_letter_on_which_the_parser_hangs_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    fail_for(monkeypatch, "poison", lambda: re.search(r"(a+)+$", "a" * 60 + "b") and None)
    monkeypatch.setattr(one_letter, "PARSING_SECONDS", 0.3)
    poison, last = read(letter_pdf(16, item=f"{THERAPY}, poison"), letter_pdf(17))
    assert [poison.state, last.state] == ["too_slow", "parsed"]


def test_a_letter_that_cannot_be_stored_is_set_aside_and_the_rest_of_its_chunk_is_stored(
    refuse_document: Callable[[int], None],
) -> None:
    ids = bring(letter_pdf(18), letter_pdf(19), letter_pdf(20))
    refuse_document(ids[1])
    ingest_letters(ids)
    states = [Letter.objects.get(pk=pk).state for pk in ids]
    assert states == ["parsed", "set_aside", "parsed"]
    assert Letter.objects.get(pk=ids[1]).message == "What was read could not be stored (IntegrityError)."


def test_a_transaction_reads_no_more_than_one_chunk() -> None:
    ids = bring(letter_pdf(21), letter_pdf(22), letter_pdf(23))
    ingest_letters(ids, CallLimits(chunk_characters=10))
    assert set(Letter.objects.filter(pk__in=ids).values_list("state", "attempts")) == {("parsed", 1)}


def test_letters_left_when_a_call_runs_out_of_time_are_requeued() -> None:
    ids = bring(letter_pdf(31), letter_pdf(32))
    Letter.objects.update(queued_at=timezone.now())
    ingest_letters(ids, CallLimits(seconds=0))
    assert set(Letter.objects.values_list("state", "attempts", "queued_at")) == {("received", 0, None)}
    ingest_letters(ids)
    assert set(Letter.objects.values_list("state", "attempts")) == {("parsed", 1)}


def again(letter: Letter) -> None:
    Letter.objects.filter(pk=letter.pk).update(state="received", attempts=0)


def replace_stored_file(letter: Letter, data: bytes) -> None:
    letter_store().delete(letter.store_name)
    letter_store().keep({letter.store_name: ContentFile(data)})

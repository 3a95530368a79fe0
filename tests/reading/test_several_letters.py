"""Files with several letters: each is a separate case, independent of the others and of later uploads of the file."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from determinations.corrections import actions, removal
from determinations.intake.receiving import receive_files
from determinations.intake.store import letter_store
from determinations.models import Case, Correction, Letter, LetterText, Upload
from determinations.parsing import parse_file
from determinations.parsing.results import LetterPart
from determinations.parsing.source import SourceText
from determinations.parsing.spans import Span
from determinations.reading.ingest import ingest_letters, retry_letters
from determinations.reading.parts import KnownPart, match_parts
from tests.corrections.letters import NOW
from tests.fixtures.people import People
from tests.letters_made import letter_text

pytestmark = pytest.mark.django_db

THREE = "\f".join(letter_text(number) for number in (51, 52, 53))


def upload(text: str = THREE) -> Upload:
    batch = receive_files(by=None, files=[ContentFile(text.encode(), name="three.txt")])
    ingest_letters([batch.files.order_by("pk").values_list("letter_id", flat=True)[0]])
    return batch


def letters() -> list[Letter]:
    return list(Letter.objects.order_by("part"))


def read_again() -> None:
    Letter.objects.update(state="received", attempts=0)
    ingest_letters([letter.pk for letter in letters()])


def numbers() -> list[str | None]:
    return [Case.objects.get(pk=letter.pk).case_number for letter in letters()]


def test_each_letter_of_a_file_is_a_separate_case_with_its_own_pages() -> None:
    batch = upload()
    assert [(letter.part, letter.first_page, letter.last_page, letter.pages) for letter in letters()] == [
        (1, 1, 1, 3),
        (2, 2, 2, 3),
        (3, 3, 3, 3),
    ]
    assert numbers() == ["CM17-0000051", "CM17-0000052", "CM17-0000053"]
    assert {letter.state for letter in letters()} == {"parsed"}
    files = batch.files.order_by("pk")
    assert [(file.name, file.outcome, file.letter.part) for file in files if file.letter] == [
        ("three.txt", "accepted", part) for part in (1, 2, 3)
    ]


def test_the_text_of_the_file_is_stored_once_and_evidence_points_into_it() -> None:
    upload()
    assert sorted(map(len, LetterText.objects.values_list("text", flat=True))) == [0, 0, len(THREE)]
    for letter in letters():
        text = LetterText.objects.of(letter.pk)
        assert text
        start, end = letter.parsed.document["spans"]["case_number"]
        assert text.text[start:end] == letter.case.case_number


def test_reading_the_file_again_changes_nothing() -> None:
    upload()
    before = list(Letter.objects.order_by("pk").values_list("pk", "part", "first_page"))
    read_again()
    assert list(Letter.objects.order_by("pk").values_list("pk", "part", "first_page")) == before
    assert numbers() == ["CM17-0000051", "CM17-0000052", "CM17-0000053"]


def test_corrections_of_one_letter_stay_with_it(people: People) -> None:
    upload()
    actions.correct_field(letters()[1].pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    assert [(row.letter_part, row.letter_id) for row in Correction.objects.all()] == [(2, letters()[1].pk)]
    read_again()
    assert [letter.case.age for letter in letters()] == [58, 44, 58]


def test_the_file_is_kept_until_its_last_letter_is_removed(
    people: People, django_capture_on_commit_callbacks: Any
) -> None:
    upload()
    name = letters()[0].store_name

    def remove(letter: Letter) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            removal.remove_letter(letter.pk, by=people.admin, now=timezone.now(), reason="synthetic", belonged=False)

    remove(letters()[0])
    assert letter_store().exists(name)
    read_again()
    assert [letter.part for letter in letters()] == [2, 3]
    assert numbers() == ["CM17-0000052", "CM17-0000053"]
    for letter in letters():
        remove(letter)
    assert not letter_store().exists(name)


def test_uploading_a_removed_file_again_restores_its_letters_and_corrections(people: People) -> None:
    upload()
    actions.correct_field(letters()[2].pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    for letter in letters():
        removal.remove_letter(letter.pk, by=people.admin, now=timezone.now(), reason="synthetic")
    upload()
    assert [letter.part for letter in letters()] == [1, 2, 3]
    assert [letter.case.age for letter in letters()] == [58, 58, 44]


def test_a_letter_that_the_file_no_longer_yields_is_kept_only_if_corrected(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload()
    actions.correct_field(letters()[1].pk, "age", 44, by=people.admin, now=NOW, reason="misread")

    def first_only(source: SourceText, *details: Any) -> tuple[LetterPart, ...]:
        return parse_file(source, *details)[:1]

    with monkeypatch.context() as patch:
        patch.setattr("determinations.reading.one_letter.parse_file", first_only)
        read_again()
    first, corrected, gone = letters()
    assert (first.state, corrected.state, gone.state) == ("parsed", "parsed", "not_determination")
    assert corrected.case.age == 44
    assert not Case.objects.filter(pk=gone.pk).exists()
    assert "no longer yields this letter" in corrected.message
    read_again()
    assert numbers() == ["CM17-0000051", "CM17-0000052", "CM17-0000053"]
    assert letters()[1].case.age == 44


def test_a_file_read_as_one_letter_yields_the_others_when_read_again(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_only(source: SourceText, *details: Any) -> tuple[LetterPart, ...]:
        return parse_file(source, *details)[:1]

    with monkeypatch.context() as patch:
        patch.setattr("determinations.reading.one_letter.parse_file", first_only)
        upload()
    (only,) = letters()
    actions.correct_field(only.pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    assert retry_letters(by=people.admin, letters=Letter.objects.filter(pk=only.pk)) == 0  # already read
    read_again()
    assert [letter.case.age for letter in letters()] == [44, 58, 58]


def part(number: int, start: int, end: int, case_number: str) -> LetterPart:
    (parsed,) = parse_file(SourceText.from_text(letter_text(int(case_number))))
    return LetterPart(number, (number, number), Span(start, end), parsed.letter)


def test_rows_match_letters_by_case_number_before_position() -> None:
    known = [KnownPart(1, Span(0, 100), "CM17-0000001"), KnownPart(2, Span(100, 200), "CM17-0000002")]
    parts = [part(1, 0, 100, "2"), part(2, 100, 200, "1"), part(3, 200, 300, "3")]
    assert {key: match.part for key, match in match_parts(known, parts).items()} == {1: 2, 2: 1}


def test_rows_without_a_number_match_letters_by_position() -> None:
    known = [KnownPart(1, Span(0, 90)), KnownPart(2, Span(110, 200)), KnownPart(3)]
    parts = [part(1, 0, 100, "1"), part(2, 100, 200, "2"), part(3, 200, 300, "3")]
    assert {key: match.part for key, match in match_parts(known, parts).items()} == {1: 1, 2: 2, 3: 3}

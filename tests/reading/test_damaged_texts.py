"""A damaged text or value stops no other letter; it is told, listed, and restored from what is whole."""

from collections.abc import Iterable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from determinations.cases.effective import rewrite_old_words, write_cases
from determinations.cases.readable_values import note_damaged
from determinations.corrections import actions, duplicates
from determinations.models import (
    Case,
    CaseText,
    DamagedText,
    DamagedValue,
    DisputedItem,
    ItemText,
    Letter,
    LetterText,
    ParsedDocument,
    ReviewEntry,
    RunState,
)
from determinations.operations.checking.stored_texts import stored_texts
from determinations.operations.findings import Level
from determinations.reading import damaged_letters, reparsing
from determinations.reading.grounds_again import read_grounds_again
from determinations.reading.ingest import ingest_letters
from tests.corrections.letters import NOW, document, item, problem, stored_letter
from tests.fixtures.people import People
from tests.fixtures.stored import damage
from tests.reading.sending import bring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def letters(people: People) -> list[int]:
    """Five letters that were read from their files; the age of each was corrected."""
    ids = bring(*"abcde")
    ingest_letters(ids)
    for pk in ids:
        actions.correct_field(pk, "age", 17, by=people.admin, now=NOW, reason="misread")
    return ids


def noted() -> set[tuple[int, str]]:
    return set(DamagedText.objects.values_list("letter", "value"))


def values_of(ids: Iterable[int]) -> list[Any]:
    """What pages show of these letters."""
    return [
        list(Case.objects.filter(pk__in=ids).order_by("pk").values("pk", "case_number", "age", "state")),
        dict(CaseText.objects.filter(pk__in=ids).values_list("pk", "summary")),
        list(
            DisputedItem.objects.filter(case__in=ids)
            .order_by("case", "number")
            .values_list("case", "number", "text__rationale", "text__reviewer_text")
        ),
        dict(LetterText.objects.filter(pk__in=ids).values_list("pk", "text")),
        dict(ParsedDocument.objects.filter(pk__in=ids).values_list("pk", "document")),
    ]


def check_texts(**options: Any) -> str:
    printed = StringIO()
    call_command("check_texts", stdout=printed, **options)
    return printed.getvalue()


def test_a_run_of_reparsing_goes_on_and_says_which_letters_it_left_out(people: People, letters: list[int]) -> None:
    damage("text", letters[1])
    damage("document", letters[3])
    run = reparsing.start({"what": "all"}, by=people.admin, now=NOW)
    while reparsing.step(run.pk, now=NOW):
        pass
    run.refresh_from_db()
    assert (run.state, run.previewed) == (RunState.PREVIEWED, 5)
    told = {row.letter_id: str(row.new_value) for row in run.examples.filter(kind=reparsing.FAILED)}
    assert told.keys() == {letters[1], letters[3]}
    assert "text is damaged" in told[letters[1]]
    assert "values are damaged" in told[letters[3]]
    assert noted() == {(letters[1], "text"), (letters[3], "document")}
    reparsing.go(run.pk, by=people.admin, now=NOW)
    while reparsing.step(run.pk, now=NOW):
        pass
    run.refresh_from_db()
    assert (run.state, run.done, run.failed) == (RunState.FINISHED, 5, 1)
    assert run.letters_changed == 1, "the damaged document was written anew, and nothing else changed"
    assert Case.objects.filter(age=17).count() == 5
    damaged_letters.forget_whole()
    assert noted() == {(letters[1], "text")}


def test_work_in_the_background_leaves_out_damaged_letters_and_comes_to_an_end(letters: list[int]) -> None:
    damage("text", letters[0])
    damage("document", letters[2])
    before = [Case.objects.filter(pk=letters[2]).values().get(), *ItemText.objects.filter(item__case=letters[2])]
    ParsedDocument.objects.update(grounds_version=0)
    assert [read_grounds_again(3), read_grounds_again(3), read_grounds_again(3)] == [3, 2, 0]
    CaseText.objects.update(words_version=0)
    assert [rewrite_old_words(3), rewrite_old_words(3), rewrite_old_words(3)] == [3, 2, 0]
    duplicates.find_pairs(duplicates.unsigned(10), now=NOW)
    assert duplicates.unsigned(10) == []
    assert noted() == {(letters[0], "text"), (letters[2], "document")}
    after = [Case.objects.filter(pk=letters[2]).values().get(), *ItemText.objects.filter(item__case=letters[2])]
    assert after == before, "rows of a damaged document stay as they are"


def test_what_is_damaged_is_told_listed_and_restored_from_the_file(
    letters: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = values_of(letters)
    assert stored_texts().level is Level.OK
    assert "5 letters were checked; 0 values are damaged." in check_texts()
    for value, letter_id in zip(("text", "document", "summary", "items"), letters, strict=False):
        damage(value, letter_id)
    printed = StringIO()
    with pytest.raises(CommandError, match=r"4 damaged values\. --read-again has them restored"):
        call_command("check_texts", stdout=printed)
    assert printed.getvalue().splitlines()[:4] == [
        f"Letter {letters[0]}: the text of its file is damaged.",
        f"Letter {letters[1]}: the record of what the parser read is damaged.",
        f"Letter {letters[2]}: the summary of its case is damaged.",
        f"Letter {letters[3]}: a text of an item is damaged.",
    ]
    told = stored_texts()
    assert told.level is Level.FAILING
    assert f"of 4 letters is damaged, and left out of what reads many letters: {letters[0]}, " in told.what
    assert "check_texts --read-again" in told.remedy
    assert "2 letters wait for a worker" in check_texts(read_again=True)
    waiting = list(Letter.objects.filter(state="received").order_by("pk").values_list("pk", flat=True))
    assert waiting == letters[:2]
    ingest_letters(waiting)
    assert values_of(letters) == stored, "corrections stay in force"
    assert noted(), "it is told until it was looked at again"
    damaged_letters.forget_whole()
    assert stored_texts().level is Level.OK
    monkeypatch.setattr(damaged_letters, "STEP", 2)
    damage("text", letters[4])
    assert f"Continue with --from {letters[3] + 1}" in check_texts(limit=3)
    with pytest.raises(CommandError, match="1 damaged values"):
        check_texts(begin=letters[3] + 1)


def test_pages_and_actions_that_meet_a_damaged_letter_do_their_work(
    people: People, as_admin: Client, letters: list[int]
) -> None:
    by_hand = letters[2]
    ParsedDocument.objects.filter(pk=by_hand).delete()
    actions.correct_field(by_hand, "age", 18, by=people.admin, now=NOW, reason="misread")
    assert ParsedDocument.objects.get(pk=by_hand).parser_version == ""
    damage("document", by_hand)
    check_texts(read_again=True)
    assert ParsedDocument.objects.get(pk=by_hand).document["items"] == [], "all that it has are corrections"

    damage("summary", letters[3])
    damage("items", letters[4])
    page = as_admin.get(reverse("search"), {"q": "therapy"})
    assert {result.case.pk for result in page.context["results"]} >= {letters[3], letters[4]}

    number = Case.objects.get(pk=letters[0]).case_number
    damage("document", letters[0])
    damage("text", letters[0])
    actions.correct_field(letters[1], "case_number", number, by=people.admin, now=NOW, reason="misread")
    assert Case.objects.get(pk=letters[1]).case_number == number
    assert (letters[0], "document") in noted()


def test_a_damaged_amended_letter_keeps_its_standing_and_its_place_in_the_review_queue(people: People) -> None:
    upheld = document(item("Knee brace", "upheld"))
    overturned = document(
        item("Knee brace", "overturned"), decision_date="2017-02-20", problems=[problem("missing_summary", "summary")]
    )
    older, amended = stored_letter(upheld).pk, stored_letter(overturned).pk
    ReviewEntry.objects.filter(pk=amended).update(assigned_to=people.admin)
    assert ReviewEntry.objects.count() == 1

    def standing() -> dict[int, int | None]:
        return dict(Case.objects.values_list("pk", "superseded_by"))

    damage("document", amended)
    actions.correct_field(older, "age", 44, by=people.admin, now=NOW, reason="misread")
    CaseText.objects.update(words_version=0)
    rewrite_old_words(5)
    assert standing() == {older: amended, amended: None}
    assert noted() == {(amended, "document")}
    third = stored_letter(upheld).pk
    assert standing() == {older: amended, amended: None, third: None}, "nothing of what joins is hidden"
    write_cases([older, amended, third])
    entry = ReviewEntry.objects.get(pk=amended)
    assert (entry.assigned_to, entry.reasons) == (people.admin, ["missing_summary"])

    ParsedDocument.objects.filter(pk=amended).update(document=overturned)
    write_cases([amended])
    assert standing() == {older: amended, amended: None, third: amended}
    note_damaged([third, third + 1], DamagedValue.TEXT)
    assert noted() == {(amended, "document"), (third, "text")}, "a letter that was removed is passed over"


def test_a_letter_whose_damaged_text_says_that_it_is_amended_keeps_its_standing() -> None:
    longer = document(item("Knee brace", "upheld"), item("Synthetic sling", "upheld"))
    amended = document(item("Knee brace", "upheld"))
    older = stored_letter(longer, text="A synthetic letter.").pk
    newer = stored_letter(amended, text="This is a synthetic amended determination letter.").pk
    standing = dict(Case.objects.values_list("pk", "superseded_by"))
    assert standing == {older: newer, newer: None}
    damage("text", newer)
    write_cases([older])
    assert dict(Case.objects.values_list("pk", "superseded_by")) == standing
    assert noted() == {(newer, "text")}

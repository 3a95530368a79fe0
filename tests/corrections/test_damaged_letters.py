"""A letter whose stored values are damaged refuses corrections in words, keeps what was typed, and harms no other."""

import pytest
from django.test import Client
from django.urls import reverse

from determinations.access import typed_forms
from determinations.cases.open_letter import CorrectionsRefused
from determinations.corrections import actions, lessons
from determinations.models import Correction, DamagedText, TypedForm
from determinations.models.corrections import CorrectionState
from determinations.reading import damaged_letters
from determinations.reading.ingest import ingest_letters
from tests.corrections import single_changes
from tests.corrections.letters import NOW, document, item, problem, stored_letter
from tests.fixtures.people import People
from tests.fixtures.stored import damage
from tests.reading.sending import bring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def test_every_correction_is_refused_with_what_was_kept_and_what_to_do(people: People) -> None:
    letter = stored_letter(document(item("Knee brace", "upheld"))).pk
    saved = actions.correct_field(letter, "age", 44, by=people.admin, now=NOW, reason="misread")
    damage("document", letter)
    for refused in (
        lambda: actions.correct_field(letter, "age", 45, by=people.admin, now=NOW, reason="misread"),
        lambda: single_changes.confirm_value(letter, "sex", by=people.admin, now=NOW),
        lambda: actions.confirm_letter(letter, by=people.admin, now=NOW),
        lambda: actions.undo(letter, saved[0].pk, by=people.admin, now=NOW),
        lambda: single_changes.revert(letter, "age", by=people.admin, now=NOW),
    ):
        with pytest.raises(CorrectionsRefused) as refusal:
            refused()
        ((path, words),) = refusal.value.errors
        assert path == ""
        assert words.startswith(f"The stored values of letter {letter} are damaged. Nothing was saved")
        assert "check_texts --read-again" in words
    assert list(Correction.objects.values_list("pk", "state")) == [(saved[0].pk, CorrectionState.ACTIVE)]
    assert DamagedText.objects.get().letter_id == letter, "administrators are told"


def test_a_typed_value_is_kept_and_saved_when_the_letter_is_restored(people: People, as_admin: Client) -> None:
    (letter,) = bring("a")
    ingest_letters([letter])
    address = reverse("review_letter", args=[letter])
    typed = {
        "do": "save",
        "value:age": "47",
        "shown:age": "another",
        "reason": "misread",
        **_form_on(as_admin, address),
    }
    damage("document", letter)
    as_admin.raise_request_exception = False
    answer = as_admin.post(address, typed)
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "What you typed was not saved, but it is kept for 24 hours." in page
    assert f"<b>{letter}</b>" in page
    assert "check_texts --read-again" in page
    assert not Correction.objects.exists()
    assert as_admin.get(address).status_code == 500
    assert "What you typed" not in as_admin.get(address).content.decode()

    damaged_letters.restore(next(iter(damaged_letters.check_letters())).damaged)
    ingest_letters([letter])
    plain = as_admin.get(address).content.decode()
    assert 'value="47"' not in plain
    kept_at = f"{address}?{typed_forms.RESTORED}=1"
    assert f'are kept for 24 hours. <a href="{kept_at}">Show them</a>' in plain
    other = {"do": "save", "value:sex": "female", "shown:sex": "another", "reason": "misread"}
    assert as_admin.post(address, {**other, **_form_on(as_admin, address)}).status_code == 302
    assert TypedForm.objects.exists(), "what was saved is not what is kept"

    restored = as_admin.get(kept_at).content.decode()
    assert 'value="47"' in restored
    assert "could not be saved when you sent them" in restored
    assert "Show them" not in restored
    conflict = as_admin.post(address, {**typed, **_form_on(as_admin, kept_at)})
    assert conflict.status_code == 409, "the letter was read again meanwhile"
    assert 'value="47"' in conflict.content.decode()
    assert as_admin.post(address, {**typed, **_form_of(conflict.content.decode())}).status_code == 302
    assert ("age", 47) in Correction.objects.values_list("path", "new_value")
    assert not TypedForm.objects.exists()
    assert "Show them" not in as_admin.get(address).content.decode()


def test_undo_in_the_history_says_why_it_failed(people: People, as_admin: Client) -> None:
    letter = stored_letter(document(item("Knee brace", "upheld"))).pk
    (saved,) = actions.correct_field(letter, "age", 44, by=people.admin, now=NOW, reason="misread")
    damage("document", letter)
    page = as_admin.post(reverse("restore_value", args=[saved.pk]), {"do": "undo"}, follow=True)
    assert page.status_code == 200
    assert f"The stored values of letter {letter} are damaged. Nothing was saved" in page.content.decode()


def test_confirming_several_letters_leaves_out_the_damaged_one_and_says_so(people: People, as_admin: Client) -> None:
    problems = [problem("missing_summary", "summary")]
    names = ("Knee brace", "Cane", "Walker")
    letters = [stored_letter(document(item(name, "upheld"), problems=problems)).pk for name in names]
    damage("document", letters[0])
    damage("document", letters[2])
    page = as_admin.post(
        reverse("act_on_rows", args=["review"]), {"do": "confirm", "row": letters}, follow=True
    ).content.decode()
    assert "Confirmed all remaining values of 1 letter." in page
    _before, toast, after = page.partition('<div class="toast is-warning">')
    assert f"Letters {letters[0]} and {letters[2]} were left as they are: The stored values are damaged." in after
    assert toast
    assert "Nothing was saved" not in page
    only_damaged = as_admin.post(
        reverse("act_on_rows", args=["review"]), {"do": "confirm", "row": letters[:1]}, follow=True
    ).content.decode()
    assert f"Letter {letters[0]} was left as it is" in only_damaged
    assert "Confirmed all" not in only_damaged
    assert set(Correction.objects.values_list("letter_id", flat=True)) == {letters[1]}
    assert [opened.letter.pk for opened in lessons.taught_letters(letters, whole=False)] == [letters[1]]


def test_a_damaged_text_does_not_stop_the_printing_of_other_cases(as_admin: Client) -> None:
    letters = [
        stored_letter(document(item(name, "upheld"), case_number=number)).pk
        for name, number in (("Knee brace", "CM16-9000001"), ("Cane", "CM16-9000002"))
    ]
    damage("items", letters[0])
    page = as_admin.get(reverse("print_cases"), {"letter": ",".join(map(str, letters))})
    assert page.status_code == 200
    told = page.content.decode()
    assert told.count("cannot be printed") == 1
    assert f"number of the letter, {letters[0]}" in told
    assert "Knee brace" in told
    assert "Cane" in told


def test_a_damaged_earlier_version_does_not_stop_the_page_of_the_later_one(as_admin: Client) -> None:
    older = stored_letter(document(item("Knee brace", "upheld"))).pk
    newer = stored_letter(document(item("Knee brace", "overturned"), decision_date="2017-02-20")).pk
    address = reverse("case_detail", args=[newer])
    page = as_admin.get(address).content.decode()
    assert "This version replaces" in page
    assert "What changed cannot be shown" not in page
    damage("document", older)
    page = as_admin.get(address).content.decode()
    assert "What changed cannot be shown: its stored values are damaged." in page


def _form_on(client: Client, address: str) -> dict[str, str]:
    """The hidden values of the page's form that are needed to send it."""
    return _form_of(client.get(address).content.decode())


def _form_of(page: str) -> dict[str, str]:
    note = page.split(f'name="{typed_forms.FIELD}" value="')[1].split('"')[0]
    seen = page.split('name="seen" value="')[1].split('"')[0]
    shown = {typed_forms.SHOWN: "1"} if f'name="{typed_forms.SHOWN}"' in page else {}
    return {typed_forms.FIELD: note, "seen": seen, **shown}

"""Versions and duplicates: detected, decided by staff, and applied to lists and statistics."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from determinations.corrections import actions, duplicates, removal
from determinations.corrections.likeness import bands_of, minima_of, percent_alike
from determinations.models import AuditEvent, Case, ItemFact, Letter, LetterPair, PairDecision, PairKind
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db

WORDS = "the synthetic worker was hurt in a fall and was seen for pain of the knee with swelling after walking far "


def counting() -> list[int]:
    facts = set(ItemFact.objects.values_list("case_id", flat=True))
    current = set(Case.objects.current().values_list("pk", flat=True))
    assert facts == current
    return sorted(current)


def numbered(number: str | None, words: str = "", *, text: str = "", **values: Any) -> Letter:
    return stored_letter(document(item("Knee brace"), case_number=number, summary=words or None, **values), text=text)


def pair_of(letters: Sequence[Letter]) -> LetterPair:
    duplicates.find_pairs([letter.pk for letter in letters], now=NOW)
    return LetterPair.objects.get()


def test_the_latest_decision_of_a_case_number_counts_until_staff_choose(people: People) -> None:
    older, newer = numbered("CM16-9000001"), numbered("CM16-9000001", decision_date="2016-12-20")
    assert counting() == [newer.pk]
    pair = pair_of([older, newer])
    assert pair.kind == PairKind.CASE_NUMBER
    who = {"by": people.admin, "now": NOW}
    duplicates.decide(pair.pk, PairDecision.MERGED, counts=older.pk, **who)
    assert counting() == [older.pk]
    duplicates.decide(pair.pk, PairDecision.APART, **who)
    assert counting() == [older.pk, newer.pk]
    duplicates.decide(pair.pk, PairDecision.MERGED, counts=newer.pk, **who)
    assert counting() == [newer.pk]
    assert AuditEvent.objects.filter(action="letters.compared").count() == 3


def test_letters_of_a_pair_are_told_apart_by_when_they_were_added(as_admin: Client) -> None:
    """A letter that was added later can be the earlier version: its dates say which it is."""
    latest, earlier = numbered("CM16-9000001", decision_date="2016-12-20"), numbered("CM16-9000001")
    pair = pair_of([latest, earlier])
    listed = as_admin.get("/admin/versions/").content.decode()
    assert '<td data-label="Added first">CM16-9000001 Dec 20, 2016</td>' in listed
    page = as_admin.get(f"/admin/versions/{pair.pk}/").content.decode()
    assert f"Letter {latest.pk}</a> added first, in use" in page
    assert f"Letter {earlier.pk}</a> added later<" in page


def test_a_later_version_counts_before_an_older_choice(people: People) -> None:
    older, newer = numbered("CM16-9000001"), numbered("CM16-9000001")
    pair = pair_of([older, newer])
    duplicates.decide(pair.pk, PairDecision.MERGED, counts=older.pk, by=people.admin, now=NOW)
    numbered("CM16-9000001")  # another copy changes nothing
    assert counting() == [older.pk]
    newest = numbered("CM16-9000001", decision_date="2016-12-20")
    assert counting() == [newest.pk]


def test_letters_kept_apart_stay_apart_when_a_third_arrives(people: People) -> None:
    older, newer = numbered("CM16-9000001"), numbered("CM16-9000001")
    duplicates.decide(pair_of([older, newer]).pk, PairDecision.APART, by=people.admin, now=NOW)
    numbered("CM16-9000001")
    assert counting() == [older.pk, newer.pk]  # it is taken for a copy of the newer one, until staff decide otherwise


def test_a_number_that_was_corrected_is_compared_again(people: People) -> None:
    other, one = numbered("CM16-9000001", "One wording."), numbered("CM16-9000002", "Quite another wording.")
    assert duplicates.find_pairs([other.pk, one.pk], now=NOW) == 0
    actions.correct_field(one.pk, "case_number", "CM16-9000001", by=people.admin, now=NOW, reason="misread")
    assert duplicates.unsigned(10) == [one.pk]
    pair = pair_of([one])
    assert (pair.kind, pair.decision) == (PairKind.CASE_NUMBER, PairDecision.OPEN)
    duplicates.decide(pair.pk, PairDecision.APART, by=people.admin, now=NOW)
    assert counting() == [other.pk, one.pk]


def test_the_same_text_in_other_bytes_is_one_letter_until_staff_decide_otherwise(people: People) -> None:
    one, other = numbered(None, text="Synthetic  letter"), numbered(None, text="Synthetic letter")
    assert counting() == [one.pk, other.pk]
    pair = pair_of([other])
    assert (pair.kind, pair.older_id, pair.newer_id) == (PairKind.TEXT, one.pk, other.pk)
    assert counting() == [one.pk]
    duplicates.decide(pair.pk, PairDecision.APART, by=people.admin, now=NOW)
    assert counting() == [one.pk, other.pk]


def test_nearly_the_same_text_is_found_and_other_texts_are_not() -> None:
    many = " ".join(f"{WORDS}{number}" for number in range(12))
    one = numbered("CM16-9000001", many)
    alike = numbered(None, many.replace("far 5", "far and wide 5"))
    numbered("CM16-9000003", " ".join(f"another story of an entirely different kind number {n}" for n in range(60)))
    duplicates.find_pairs(duplicates.unsigned(10), now=NOW)
    pair = LetterPair.objects.get()
    assert (pair.kind, pair.older_id, pair.newer_id) == (PairKind.ALIKE, one.pk, alike.pk)
    assert pair.percent >= 80
    assert duplicates.unsigned(10) == []


def test_when_a_version_is_removed_the_one_before_counts_again(people: People) -> None:
    older, newer = numbered("CM16-9000001"), numbered("CM16-9000001")
    pair = pair_of([older, newer])
    duplicates.decide(pair.pk, PairDecision.MERGED, by=people.admin, now=NOW)
    removal.remove_letter(newer.pk, by=people.admin, now=NOW, reason="test")
    assert counting() == [older.pk]


def test_the_letters_are_compared_side_by_side_with_dates_in_words(as_admin: Client) -> None:
    older, newer = (
        stored_letter(document(item("Brace"), date_of_injury=injured)) for injured in ("2015-01-09", "2015-02-09")
    )
    pair = pair_of([older, newer])
    html = as_admin.get(reverse("letter_pair", args=[pair.pk])).content.decode()
    assert "<td>Jan 9, 2015</td><td>Feb 9, 2015</td>" in html
    assert "2015-0" not in html


def test_long_texts_are_shown_from_their_first_difference(as_admin: Client) -> None:
    long = WORDS * 10
    pair = pair_of([numbered("CM16-9000001", long), numbered("CM16-9000001", f"{long}and of the hip as well")])
    html = as_admin.get(reverse("letter_pair", args=[pair.pk])).content.decode()
    assert "<td>… " in html
    assert "and of the hip as well</td>" in html


def test_the_similarity_of_wordings() -> None:
    words = [f"word{number}" for number in range(400)]
    whole, changed = minima_of(" ".join(words)), minima_of(" ".join([*words[:380], "another", *words[381:]]))
    assert percent_alike(whole, whole) == 100
    assert percent_alike(whole, changed) >= 85
    assert percent_alike(whole, minima_of(" ".join(f"other{number}" for number in range(400)))) <= 5
    assert set(bands_of(whole)) & set(bands_of(changed))
    assert bands_of(minima_of("too short")) == []

"""A file with several letters as users see it, and setting its pages by hand."""

import re
from collections.abc import Iterable
from typing import cast

import pytest
from django.core.files.base import ContentFile
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from determinations.corrections import actions, duplicates
from determinations.intake.receiving import receive_files
from determinations.models import AuditEvent, Case, Letter, LetterPair, ReparseRun, Upload
from determinations.reading import reparsing
from determinations.reading.ingest import ingest_letters
from tests.cases.drawn import drawn
from tests.corrections.letters import NOW
from tests.extraction.files import pdf
from tests.fixtures.answers import content_of
from tests.fixtures.people import People
from tests.letters_made import letter_text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

TWO = "\f".join([letter_text(81), "Synthetic records of another page.", letter_text(82)])


def upload(text: str = TWO, name: str = "bundle.txt") -> Upload:
    batch = receive_files(by=None, files=[ContentFile(text.encode(), name=name)])
    ingest_letters(list(batch.files.values_list("letter_id", flat=True)))
    return batch


def letters() -> list[Letter]:
    return list(Letter.objects.order_by("part"))


def words(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.decode()))


def set_pages(client: Client, *ranges: tuple[object, object], added: tuple[object, object] = ("", "")) -> int:
    typed: dict[str, object] = {"added-first": added[0], "added-last": added[1]}
    for letter, (first, last) in zip(letters(), ranges, strict=True):
        typed |= {f"{letter.pk}-first": first, f"{letter.pk}-last": last}
    return client.post(reverse("letter_file", args=[letters()[0].pk]), typed).status_code


def read_again() -> None:
    ingest_letters([letter.pk for letter in letters()])


def test_each_letter_has_a_batch_entry_with_its_pages(as_casemanager: Client) -> None:
    batch = upload()
    page = words(as_casemanager.get(reverse("upload_detail", args=[batch.pk])).content)
    assert "1 file, 2 letters" in page
    assert "This file holds 2 letters; this one is on page 3 of 3." in page
    again = upload()
    page = words(as_casemanager.get(reverse("upload_detail", args=[again.pk])).content)
    assert "Duplicate" in page
    assert "This file holds 2 letters." in page


def test_letters_of_a_file_are_listed_together_in_their_batch(as_casemanager: Client) -> None:
    others = [ContentFile(letter_text(90 + n).encode(), name=f"other-{n}.txt") for n in range(60)]
    batch = receive_files(by=None, files=[ContentFile(TWO.encode(), name="bundle.txt"), *others])
    ingest_letters(list(batch.files.values_list("letter_id", flat=True)))
    page = as_casemanager.get(reverse("upload_detail", args=[batch.pk]))
    names = re.findall(r'class="file-name">([^<]+)<', page.content.decode())
    assert names[:3] == ["bundle.txt", "bundle.txt", "other-0.txt"]
    following = as_casemanager.get(f"{page.wsgi_request.path}{page.context['page'].next_query}")
    rest = re.findall(r'class="file-name">([^<]+)<', following.content.decode())
    assert [*names, *rest] == ["bundle.txt", "bundle.txt", *(f"other-{n}.txt" for n in range(60))]


def test_each_letter_of_a_file_is_exported(as_casemanager: Client) -> None:
    upload()
    answer = as_casemanager.post("/cases/export/", {"format": "csv", "query": ""})
    exported = content_of(cast(Iterable[bytes], cast(StreamingHttpResponse, answer))).decode()
    assert [exported.count(number) for number in ("CM17-0000081", "CM17-0000082")] == [1, 1]


def test_only_the_whole_file_is_opened_beyond_the_pages_of_a_letter(as_admin: Client) -> None:
    data = pdf(*TWO.split("\f"))
    batch = receive_files(by=None, files=[ContentFile(data, name="bundle.pdf")])
    ingest_letters(list(batch.files.values_list("letter_id", flat=True)))
    first, second = letters()
    pictures = {
        (letter.part, number): drawn(as_admin, reverse("letter_page", args=[letter.pk, number])).status_code
        for letter in (first, second)
        for number in (1, 3)
    }
    assert pictures == {(1, 1): 200, (1, 3): 404, (2, 1): 404, (2, 3): 200}
    assert "Whole file (2 letters)" in words(as_admin.get(reverse("case_detail", args=[second.pk])).content)
    download = as_admin.get(reverse("letter_original", args=[second.pk]))
    assert content_of(cast(Iterable[bytes], cast(StreamingHttpResponse, download))) == data
    assert "CM17-0000082-and-1-more.pdf" in download.headers["Content-Disposition"]
    assert AuditEvent.objects.filter(action="original.downloaded", letter_id=second.pk, detail={"letters": 2}).exists()


def test_the_case_names_its_pages_and_shows_only_these(as_casemanager: Client) -> None:
    upload()
    page = words(as_casemanager.get(reverse("case_detail", args=[letters()[1].pk])).content)
    assert "page 3 of 3" in page
    assert "This file holds 2 letters" in page
    assert "CM17-0000082" in page
    assert page.count("CM17-0000081") == 1, "the link to the other letter, and none of its pages"


def test_the_correction_screen_shows_only_the_pages_of_the_letter(as_admin: Client) -> None:
    upload()
    page = words(as_admin.get(reverse("review_letter", args=[letters()[1].pk])).content)
    assert "one of 2 letters" in page
    assert "CM17-0000081" not in page


def test_pages_set_by_hand_are_read_by_a_worker_and_survive_reparsing(as_admin: Client, people: People) -> None:
    upload()
    actions.correct_field(letters()[1].pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    assert set_pages(as_admin, (1, 2), (3, 3)) == 302
    assert {letter.state for letter in letters()} == {"received"}
    read_again()
    assert [(letter.first_page, letter.last_page) for letter in letters()] == [(1, 2), (3, 3)]
    assert {letter.state for letter in letters()} <= {"parsed", "needs_review"}
    assert Case.objects.get(pk=letters()[1].pk).age == 44
    event = AuditEvent.objects.get(action="letter.pages_set")
    assert event.by_id == people.admin.pk
    run = reparsing.start({"what": "all"}, by=people.admin, now=NOW)
    while reparsing.step(run.pk, now=NOW):
        pass
    reparsing.go(run.pk, by=people.admin, now=NOW)
    while reparsing.step(run.pk, now=NOW):
        pass
    assert ReparseRun.objects.get().failed == 0
    assert [(letter.first_page, letter.last_page) for letter in letters()] == [(1, 2), (3, 3)]
    assert Case.objects.get(pk=letters()[1].pk).age == 44


def test_a_missed_letter_can_be_added(as_admin: Client) -> None:
    batch = upload(letter_text(81) + "\f" + letter_text(82, header=False))
    only = len(letters())
    assert set_pages(as_admin, *[(1, 1)] * only, added=(2, 2)) == 302
    read_again()
    assert [(letter.part, letter.first_page) for letter in letters()][-1] == (only + 1, 2)
    assert letters()[-1].case.item_count == 1
    assert batch.files.count() == only + 1


@pytest.mark.parametrize("pages", [(2, 1), (0, 1), (1, 9), ("x", 1), ("", "")])
def test_pages_outside_the_file_are_refused(as_admin: Client, pages: tuple[object, object]) -> None:
    upload()
    assert set_pages(as_admin, pages, (3, 3)) == 422
    assert [letter.first_page for letter in letters()] == [1, 3]


def test_only_administrators_set_pages(as_casemanager: Client) -> None:
    upload()
    assert as_casemanager.get(reverse("letter_file", args=[letters()[0].pk])).status_code == 403


def test_copies_and_versions_are_named_on_pages_and_in_lists(as_admin: Client) -> None:
    text = letter_text(83)
    upload(text, "first.txt")
    batch = upload(text.replace("\n", "\r\n"), "second.txt")
    upload(letter_text(83, decision="Overturned").replace("01/30/2017", "02/20/2017"), "amended.txt")
    first, second, amended = Letter.objects.order_by("pk")
    page = words(as_admin.get(reverse("case_detail", args=[amended.pk])).content)
    assert "This version replaces" in page
    assert "Decision on “Twelve physical therapy sessions”: upheld → overturned" in page
    assert "Decision date: Jan 30, 2017 → Feb 20, 2017" in page
    page = words(as_admin.get(reverse("upload_detail", args=[batch.pk])).content)
    assert f"There is a later version of this case: letter {amended.pk}, which counts." in page
    amended.delete()
    Case.objects.filter(pk=second.pk).update(superseded_by=first.pk, is_copy=True)
    page = words(as_admin.get(reverse("case_detail", args=[first.pk])).content)
    assert "Also added as second.txt on" in page
    page = words(as_admin.get(reverse("case_detail", args=[second.pk])).content)
    assert "This is another copy of the same letter." in page
    duplicates.find_pairs([first.pk, second.pk], now=NOW)
    pair = reverse("letter_pair", args=[LetterPair.objects.get().pk])
    assert f'href="{pair}"' in as_admin.get(reverse("case_detail", args=[second.pk])).content.decode()
    page = words(as_admin.get(reverse("upload_detail", args=[batch.pk])).content)
    assert f"This is another copy of letter {first.pk}, which counts." in page

"""The offices of a letter: that of its upload, several if several received it, changed by administrators."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from determinations.access.scope import Scope, within
from determinations.cases.moved_letters import settle_moved, settle_some_moved
from determinations.corrections.duplicates import decide
from determinations.intake.offices import move_letters
from determinations.intake.receiving import receive_files
from determinations.intake.store_health import check_store
from determinations.models import (
    AuditEvent,
    Case,
    ItemFact,
    Letter,
    LetterPair,
    Office,
    OfficeSet,
    PairDecision,
    Upload,
    UploadedFile,
)
from determinations.models.duplicates import PairKind
from determinations.models.uploads import FileOutcome
from determinations.tasks import move_list
from tests.access.offices import TwoOffices, letter_of, limit, two_offices
from tests.corrections.letters import NOW
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def offices(people: People) -> TwoOffices:
    check_store()  # while there are no letters, it is made
    return two_offices()


def upload(office: Office | None, content: bytes = b"%PDF-1.4 synthetic", name: str = "a.pdf") -> Any:
    batch = receive_files(by=None, files=[ContentFile(content, name=name)], office=office)
    return batch.files.select_related("letter").get()


def offices_of(letter: Letter) -> list[int]:
    letter.refresh_from_db()
    return letter.office_set.office_ids if letter.office_set else []


def test_a_letter_belongs_to_the_office_of_its_upload(offices: TwoOffices) -> None:
    assert offices_of(upload(offices.north).letter) == [offices.north.pk]
    assert offices_of(upload(None, b"%PDF-1.4 another synthetic").letter) == []


def test_the_same_letter_received_by_two_offices_belongs_to_both_and_neither_hears_of_the_other(
    offices: TwoOffices,
) -> None:
    ours = upload(offices.north, name="ours.pdf")
    theirs = upload(offices.south, name="theirs.pdf")
    assert theirs.letter == ours.letter
    assert theirs.outcome == FileOutcome.ACCEPTED
    assert offices_of(ours.letter) == [offices.north.pk, offices.south.pk]
    again = upload(offices.south, name="again.pdf")
    assert again.outcome == FileOutcome.DUPLICATE
    for office, names in ((offices.north, {"ours.pdf"}), (offices.south, {"theirs.pdf", "again.pdf"})):
        with within(Scope((office.pk,))):
            assert Letter.objects.filter(pk=ours.letter.pk).exists()
            assert {file.name for file in UploadedFile.objects.filter(letter=ours.letter)} == names


def test_a_second_letter_of_a_file_arrives_with_it_at_the_other_office(offices: TwoOffices) -> None:
    first = upload(offices.north).letter
    Letter.objects.create(
        sha256=first.sha256, part=2, size=1, media_type="pdf", received_at=NOW, office_set_id=first.office_set_id
    )
    files: list[Any] = list(upload_of(offices.south).files.order_by("letter__part"))
    assert [file.letter.part for file in files] == [1, 2]
    assert {tuple(offices_of(file.letter)) for file in files} == {(offices.north.pk, offices.south.pk)}


def upload_of(office: Office) -> Upload:
    return receive_files(by=None, files=[ContentFile(b"%PDF-1.4 synthetic", name="b.pdf")], office=office)


def test_a_moved_letter_moves_with_its_facts_and_copies_and_is_recorded(offices: TwoOffices, people: People) -> None:
    copy = letter_of(offices.north, "aspenwood", "CM18-9000011")
    assert Case.objects.get(pk=copy.pk).superseded_by_id or Case.objects.get(pk=offices.ours.pk).superseded_by_id
    moved = move_letters([offices.ours.pk], [offices.south], by=people.admin, now=timezone.now())
    settle_moved([offices.ours.pk, copy.pk])
    assert moved == 2
    assert offices_of(copy) == offices_of(offices.ours) == [offices.south.pk]
    with within(Scope((offices.north.pk,))):
        assert not Case.objects.exists()
        assert not ItemFact.objects.exists()
    with within(Scope((offices.south.pk,))):
        assert Case.objects.current().filter(case_number="CM18-9000011").count() == 1
    assert set(AuditEvent.objects.filter(action="letter.moved").values_list("letter_id", flat=True)) == {
        copy.pk, offices.ours.pk,
    }  # fmt: skip
    assert not Letter.objects.filter(offices_changed=True).exists()


def test_letters_that_become_visible_together_are_joined_when_they_are_settled(
    offices: TwoOffices, people: People
) -> None:
    theirs = letter_of(offices.south, "zebrawood", "CM18-9000011")
    assert Case.objects.current().filter(case_number="CM18-9000011").count() == 2
    move_letters([theirs.pk], [offices.north], by=people.admin, now=timezone.now())
    assert settle_some_moved(50) == 1
    assert Case.objects.current().filter(case_number="CM18-9000011").count() == 1
    assert settle_some_moved(50) == 0


def test_letters_of_two_offices_that_are_merged_belong_to_both(offices: TwoOffices, people: People) -> None:
    theirs = letter_of(offices.south, "zebrawood", "CM18-9000011")
    older, newer = sorted((offices.ours.pk, theirs.pk))
    pair = LetterPair.objects.create(
        older_id=older, newer_id=newer, kind=PairKind.CASE_NUMBER, percent=99, found_at=NOW
    )
    with within(Scope((offices.north.pk, offices.south.pk))):
        assert not LetterPair.objects.exists()
    decide(pair.pk, PairDecision.MERGED, by=people.admin, now=timezone.now())
    assert offices_of(theirs) == offices_of(offices.ours) == [offices.north.pk, offices.south.pk]
    assert Case.objects.current().filter(case_number="CM18-9000011").count() == 1


def test_only_administrators_who_see_all_letters_move_them(offices: TwoOffices, people: People) -> None:
    for user in (people.supervisor, limit(people.admin, offices.north)):
        with pytest.raises(PermissionDenied):
            move_letters([offices.ours.pk], [offices.south], by=user, now=timezone.now())


@pytest.mark.usefixtures("broker")
def test_letters_are_moved_from_a_case_a_batch_and_a_list(
    as_admin: Client, offices: TwoOffices, people: People
) -> None:
    south = [str(offices.south.pk)]
    assert as_admin.post(f"/offices/move/cases/{offices.ours.pk}/", {"offices": south}).status_code == 302
    assert offices_of(offices.ours) == [offices.south.pk]
    batch = offices.ours.arrivals.get().upload_id
    assert as_admin.post(f"/offices/move/uploads/{batch}/", {"offices": []}).status_code == 302
    assert offices_of(offices.ours) == []
    page = as_admin.get("/offices/move/?q=aspenwoodrequest").content.decode()
    assert "Move 1 letter" in page
    assert as_admin.post("/offices/move/?q=aspenwoodrequest", {"offices": south}).status_code == 302
    move_list("q=aspenwoodrequest", [offices.south.pk], people.admin.pk)
    assert offices_of(offices.ours) == [offices.south.pk]
    assert AuditEvent.objects.filter(action="list.moved").exists()


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("scripted", [True, False])
def test_users_of_several_offices_say_which_a_letter_is_for(
    as_casemanager: Client, people: People, offices: TwoOffices, scripted: bool
) -> None:
    def send(**form: Any) -> Any:
        headers = {"Accept": "application/json"} if scripted else {}
        return as_casemanager.post(
            "/uploads/", {"files": ContentFile(b"%PDF-1.4 one", name="a.pdf"), **form}, headers=headers
        )

    limit(people.casemanager, offices.north, offices.south)
    assert 'name="office"' in as_casemanager.get("/uploads/").content.decode()
    before = Upload.objects.count()
    assert send().status_code == (400 if scripted else 302)
    third = Office.objects.create(name="Third desk")
    assert send(office=third.pk).status_code == (400 if scripted else 302)
    assert Upload.objects.count() == before
    send(office=offices.south.pk)
    assert Upload.objects.latest("pk").office == offices.south
    limit(people.casemanager, offices.north)
    assert 'name="office"' not in as_casemanager.get("/uploads/").content.decode()
    send()
    assert Upload.objects.latest("pk").office == offices.north


def test_sets_are_made_once() -> None:
    north, south = Office.objects.create(name="North"), Office.objects.create(name="South")
    assert OfficeSet.of([south.pk, north.pk]) == OfficeSet.of([north.pk, south.pk, north.pk])
    assert OfficeSet.of([]) is None

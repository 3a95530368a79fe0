"""After an erasure nothing holds a word of the letter: no row of any table, no file, no cache."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.browsing import exports
from determinations.cases.page_pictures import VERSION, keep_page, pictures_folder
from determinations.casework import notes
from determinations.corrections import actions, erasure, removal
from determinations.intake.receiving import receive_files
from determinations.models import (
    AuditEvent,
    Correction,
    Drawing,
    DutyDocument,
    ErasedLetter,
    Export,
    ItemFact,
    LegalHold,
    Letter,
    OfficeField,
    ProblemReport,
    RemovedLetter,
    SearchWord,
    TypedForm,
)
from determinations.models.browsing import ExportState
from determinations.models.packed import PackedJSON, PackedText
from determinations.office_fields.records import Submitted, edit_values
from determinations.reading import drawings
from determinations.reading.ingest import ingest_letters
from determinations.storage import inventory
from determinations.storage.files import documents_area, exports_area
from tests.access.conftest import sign_in
from tests.cases.drawn import draw_all
from tests.extraction.files import pdf
from tests.fixtures.people import PASSWORD, People
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_pdf, letter_text

WORD = "zyxqvort"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker", "own_store")]


def packed_names(model: type[Model]) -> list[str]:
    return [each.name for each in model._meta.concrete_fields if isinstance(each, PackedText | PackedJSON)]


def bring(*files: ContentFile, by: User | None = None) -> Letter:
    upload = receive_files(by=by, files=files)
    letter = Letter.objects.get(arrivals__upload=upload)
    ingest_letters([letter.pk])
    return Letter.objects.get(pk=letter.pk)


def marked(number: int) -> ContentFile:
    text = letter_text(number, item=f"Twelve {WORD} sessions").replace("2016.", f"2016, Section(s): {WORD} care.")
    text = text.replace("This synthetic worker", f"This synthetic {WORD} worker").replace("red flags", f"{WORD} flags")
    return ContentFile(pdf(text), name=f"{WORD}.pdf")


def places_with_the_word() -> list[str]:
    """Every table, file and cached value that holds the word, in text, packed, as bytes or as a lexeme."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'")
        assert cursor.fetchone()[0] > 400
        for table in tables:
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS row WHERE row::text ILIKE %s OR row::text ILIKE %s',
                [f"%{WORD}%", f"%{WORD.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    packed = [(model, name) for model in apps.get_models() for name in packed_names(model)]
    assert len(packed) == 6
    for model, name in packed:
        if any(WORD in str(value) for value in model._default_manager.values_list(name, flat=True)):
            found.append(model._meta.db_table)
    for unit in inventory.units():
        found += [name for area, name in inventory.files_of(unit) if WORD.encode() in area.read(name)]
    for url in (settings.REDIS_URL, str(settings.CACHES["default"]["LOCATION"])):
        with redis.Redis.from_url(url) as server:
            texts = [key for key in server.scan_iter() if server.type(key) == b"string"]
            found += [key.decode() for key in texts if WORD.encode() in (server.get(key) or b"")]
    return found


@pytest.fixture
def admin(people: People) -> Client:
    """An administrator who signed in just now."""
    client = Client()
    sign_in(client, "admin", PASSWORD)
    return client


@pytest.fixture
def letter(people: People, admin: Client) -> Letter:
    """A letter that has left its word wherever a letter can."""
    letter, now = bring(marked(1), by=people.admin), timezone.now()
    actions.correct_field(letter.pk, "summary", f"A {WORD} summary", by=people.admin, now=now, reason="misread")
    actions.correct_field(letter.pk, "items/1/decision", "overturned", by=people.admin, now=now, reason="misread")
    ProblemReport.objects.create(letter=letter, note=f"The {WORD} is wrong.", by=people.casemanager, at=now)
    notes.add_note(letter.pk, f"Called about the {WORD}.", by=people.casemanager, now=now)
    TypedForm.objects.create(by=people.admin, path=f"/admin/review/{letter.pk}/", body=f"v={WORD}", kept_at=now)
    LegalHold.objects.create(
        letter_id=letter.pk, reason=WORD, placed_by_id=1, placed_by_name="a", released_at=now, release_reason=WORD
    )
    SearchWord.objects.create(word=WORD, letters=2)
    DutyDocument.objects.create(
        letter=letter, item_number=1, name=f"{WORD}.txt", media_type="text/plain", size=8, sha256="ab" * 32,
        store_name="cd" * 16, by_name="a", at=now,
    )  # fmt: skip
    with documents_area().write("cd" * 16) as file:
        file.write(WORD.encode())
    field = OfficeField.objects.filter(kind="text", edited_by__contains=["case manager"])[0]
    edit_values("CM17-0000001", [Submitted(field.slot, WORD, 0)], [field], by=people.casemanager, now=now)
    draw_all(letter)
    export = Export.objects.create(by=people.admin, list_name="items", format="csv", requested_at=now)
    exports.write_export(export.pk, now=timezone.now)
    admin.get("/statistics/")
    admin.get("/statistics/sections/")
    return letter


def erase(client: Client, letter: Letter, **more: str) -> Any:
    """Both steps, as a user does them."""
    address = reverse("erase_case", args=[letter.pk])
    form = {"reason": "request", "sure": "on", **more}
    assert "Type ERASE" in client.post(address, {**form, "step": "check"}).content.decode()
    return client.post(address, {**form, "step": "erase", "word": "ERASE", "number": str(letter.pk)}, follow=True)


def test_after_an_erasure_no_table_no_file_and_no_cache_holds_the_word(
    admin: Client, people: People, letter: Letter, django_capture_on_commit_callbacks: Any
) -> None:
    before = set(places_with_the_word())
    for table in (
        "lettertext",
        "parseddocument",
        "correction",
        "casetext",
        "itemtext",
        "sectionname",
        "typedform",
        "uploadedfile",
    ):
        assert f"determinations_{table}" in before
    assert exports_area().has(f"{Export.objects.get().pk}.csv")
    with django_capture_on_commit_callbacks(execute=True):
        done = erase(admin, letter)
    assert "1 letter erased for good" in done.content.decode()
    assert places_with_the_word() == []
    assert not documents_area().has("cd" * 16)
    assert not ItemFact.objects.exists()
    assert Export.objects.get().state == ExportState.FAILED
    row = ErasedLetter.objects.get()
    assert (row.letter_id, row.by_name, row.reason, row.corrections) == (letter.pk, "admin", "request", 2)
    assert row.files_deleted_at is not None
    assert AuditEvent.objects.filter(action="letter.erased", letter_id=letter.pk).exists()
    assert str(letter.pk) in admin.get(reverse("erased_letters"), {"q": "CM17-0000001"}).content.decode()
    assert "No erased letter" in admin.get(reverse("erased_letters"), {"q": "CM17-0000009"}).content.decode()


def test_the_same_file_is_refused_until_an_administrator_allows_it(
    admin: Client, people: People, letter: Letter, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        erase(admin, letter)
    again = receive_files(by=people.casemanager, files=[marked(1)])
    row = again.files.get()
    assert (row.outcome, row.reason, row.letter_id) == ("refused", "erased", None)
    assert not Letter.objects.exists()
    batch = admin.get(reverse("upload_detail", args=[again.pk])).content.decode()
    assert "Refused: erased earlier" in batch
    assert "Ask an administrator to allow this file again, if it has to be kept." in batch
    erased = admin.get(reverse("erased_letters")).content.decode()
    assert "refused</span>" in erased
    assert f"for letter {letter.pk}" in erased
    allowed = admin.post(reverse("allow_erased", args=[ErasedLetter.objects.get().pk]), follow=True).content.decode()
    assert "allowed by admin" in allowed
    assert receive_files(by=people.casemanager, files=[marked(1)]).files.get().outcome == "accepted"
    assert not Correction.objects.exists(), "its corrections are gone"


def test_copies_versions_and_copies_removed_earlier_go_too(
    people: People, django_capture_on_commit_callbacks: Any
) -> None:
    first = bring(marked(1))
    text = letter_text(1, item=f"Twelve {WORD} sessions") + "\nAmended.\n"
    second = bring(ContentFile(text.encode(), name="amended.txt"))
    other = bring(ContentFile(letter_pdf(2), name="other.pdf"))
    now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        plan = erasure.erase_case(first.pk, reason="request", with_others=False, by=people.admin, now=now)
    assert {letter.pk for letter in plan.letters} == {first.pk, second.pk}
    assert list(Letter.objects.values_list("pk", flat=True)) == [other.pk]
    assert places_with_the_word() == []
    copy = bring(marked(3))
    with django_capture_on_commit_callbacks(execute=True):
        removal.remove_letter(copy.pk, by=people.admin, now=now, reason=f"A {WORD} copy")
    again = bring(marked(3))
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase_case(again.pk, reason="request", with_others=False, by=people.admin, now=now)
    assert not RemovedLetter.objects.exists()
    assert places_with_the_word() == []


def test_files_that_could_not_be_deleted_are_deleted_by_the_next_sweep(
    people: People, letter: Letter, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()

    def fails(digest: str) -> None:
        raise OSError("synthetic")

    with monkeypatch.context() as patched, django_capture_on_commit_callbacks(execute=True):
        patched.setattr(erasure, "delete_pictures", fails)
        erasure.erase_case(letter.pk, reason="order", with_others=False, by=people.admin, now=now)
    assert ErasedLetter.objects.get().files_deleted_at is None
    assert erasure.erase_files(now=now + timedelta(minutes=1)) == 1
    assert places_with_the_word() == []


def test_a_page_that_was_drawn_meanwhile_is_deleted(
    people: People, letter: Letter, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def erased_meanwhile(*page: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            erasure.erase_case(letter.pk, reason="order", with_others=False, by=people.admin, now=timezone.now())
        keep_page(*page)

    monkeypatch.setattr(drawings, "keep_page", erased_meanwhile)
    monkeypatch.setattr(drawings, "turn_of", lambda letter, number: 0)
    Drawing.objects.create(letter=letter, kind="page", number=1, requested_at=timezone.now(), version=VERSION)
    drawings.draw_waiting(seconds=30)
    assert not stored_path(pictures_folder(letter.sha256), "pictures").exists()


def test_each_step_wants_what_it_asks_for(admin: Client, letter: Letter, settings: Any) -> None:
    address = reverse("erase_case", args=[letter.pk])
    assert admin.post(address, {"step": "check"}).status_code == 422
    complete = {"step": "erase", "reason": "request", "sure": "on", "word": "ERASE", "number": str(letter.pk)}
    for wrong in ({"word": "erase"}, {"number": "0"}, {"number": "x"}, {"reason": "whim"}, {"sure": ""}):
        page = admin.post(address, {**complete, **wrong})
        assert page.status_code == 422
        assert "Nothing was erased" in page.content.decode()
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    asked = admin.post(address, complete)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert Letter.objects.exists()


def test_letters_of_other_cases_in_the_file_are_named_and_have_to_be_agreed_to(
    admin: Client, people: People, django_capture_on_commit_callbacks: Any
) -> None:
    upload = receive_files(by=None, files=[ContentFile(pdf(letter_text(1), letter_text(2)), name="two.pdf")])
    ingest_letters([upload.files.get().letter_id or 0])
    first, second = Letter.objects.order_by("pk")
    page = admin.get(reverse("erase_case", args=[first.pk])).content.decode()
    assert "1 letter of other cases in the same file" in page
    with pytest.raises(erasure.ErasureRefused):
        erasure.erase_case(first.pk, reason="request", with_others=False, by=people.admin, now=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        erase(admin, first, with_others="on")
    assert not Letter.objects.exists()
    assert ErasedLetter.objects.count() == 2
    assert second.pk in ErasedLetter.objects.values_list("letter_id", flat=True)


def test_what_remains_is_never_changed(people: People, letter: Letter) -> None:
    erasure.erase_case(letter.pk, reason="order", with_others=False, by=people.admin, now=timezone.now())
    for change in ("UPDATE determinations_erasedletter SET by_name = 'x'", "DELETE FROM determinations_erasedletter"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            connection.cursor().execute(change)


def test_corrections_of_other_letters_stay_protected(people: People) -> None:
    letter = bring(ContentFile(letter_pdf(5), name="letter.pdf"))
    actions.correct_field(letter.pk, "age", 44, by=people.admin, now=timezone.now(), reason="misread")
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        Correction.objects.all().delete()

"""The date of receipt, of a letter and of a batch."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from determinations.duties import actions as duty_actions
from determinations.models import (
    AuditEvent,
    Letter,
    LetterState,
    Receipt,
    Service,
    Upload,
    UploadedFile,
)
from determinations.tasks import enter_receipts
from determinations.views.duties import one_duty
from tests.duties.conftest import ITEMS, Store
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def test_one_receipt_is_entered_on_its_page(as_casemanager: Client, store: Store) -> None:
    pk = store(1, ITEMS)
    page = as_casemanager.post(f"/cases/{pk}/receipt/", {"received_on": "3/2/2026", "service": "fax"})
    assert page.status_code == 422  # issued on March 3
    assert "was issued after this date" in page.content.decode()
    saved = as_casemanager.post(f"/cases/{pk}/receipt/", {"received_on": "Mar 4, 2026", "service": "fax"})
    assert saved.headers["Location"] == f"/cases/{pk}/#duties"
    assert Receipt.objects.get(pk=pk).service == Service.FAX
    assert 'value="03/04/2026"' in as_casemanager.get(f"/cases/{pk}/receipt/").content.decode()
    as_casemanager.post(f"/cases/{pk}/receipt/", {"received_on": "Mar 4, 2026", "service": "unknown"})
    assert "Letter received Mar 4, 2026, service not stated." in as_casemanager.get(f"/cases/{pk}/").content.decode()


def test_receipt_of_a_batch_leaves_dates_that_were_entered(
    as_casemanager: Client, people: People, store: Store
) -> None:
    one, other = store(1, ITEMS), store(2, ITEMS)
    upload = _batch_of(people, one, other)
    duty_actions.enter_receipt([one], date(2026, 3, 4), Service.FAX, by=people.casemanager, now=timezone.now())
    as_casemanager.post(f"/uploads/{upload.pk}/receipt/", {"received_on": "3/5/2026", "service": "mail"})
    assert list(Receipt.objects.order_by("pk").values_list("received_on", flat=True)) == [
        date(2026, 3, 4), date(2026, 3, 5),
    ]  # fmt: skip
    as_casemanager.post(
        f"/uploads/{upload.pk}/receipt/", {"received_on": "3/6/2026", "service": "mail", "replace": "yes"}
    )
    assert set(Receipt.objects.values_list("received_on", flat=True)) == {date(2026, 3, 6)}


def test_receipt_of_a_batch_tells_of_files_that_are_still_to_be_read(
    as_casemanager: Client, people: People, store: Store
) -> None:
    read, again = store(1, ITEMS), store(2, ITEMS)
    upload = _batch_of(people, read, again)
    address = f"/uploads/{upload.pk}/receipt/"
    Letter.objects.filter(pk=again).update(state=LetterState.RECEIVED)  # read again: its case stays
    assert "still to be read" not in as_casemanager.get(address).content.decode()
    UploadedFile.objects.create(upload=upload, name="more.zip", outcome="opening", received_at=timezone.now())
    assert "1 file of this batch is still to be read and gets no date" in as_casemanager.get(address).content.decode()
    page = as_casemanager.post(address, {"received_on": "3/5/2026", "service": "mail"}, follow=True)
    said = "Entered the date of receipt of 2 letters. 1 file still to be read: enter the date again when that is done."
    assert said in page.content.decode()


@pytest.mark.parametrize("most_at_once", [500, 1], ids=["small", "large"])
def test_receipt_of_a_batch_tells_of_letters_that_were_issued_later(
    as_casemanager: Client, people: People, store: Store, monkeypatch: pytest.MonkeyPatch, most_at_once: int
) -> None:
    early, late, dated = store(1, ITEMS), store(2, ITEMS, date(2026, 3, 20)), store(3, ITEMS, date(2026, 3, 21))
    upload = _batch_of(people, early, late, dated)
    duty_actions.enter_receipt([dated], date(2026, 3, 22), Service.FAX, by=people.casemanager, now=timezone.now())
    monkeypatch.setattr(one_duty, "MOST_AT_ONCE", most_at_once)
    monkeypatch.setattr(
        one_duty,
        "send_receipts",
        lambda upload, day, service, user, only_missing: enter_receipts(upload, f"{day}", service, user, only_missing),
    )
    address = f"/uploads/{upload.pk}/receipt/"
    tomorrow = timezone.localdate() + timedelta(days=1)
    future = as_casemanager.post(address, {"received_on": f"{tomorrow:%m/%d/%Y}", "service": "mail"})
    assert future.status_code == 422
    assert "in the future" in future.content.decode()
    refused = as_casemanager.post(address, {"received_on": "3/5/2026", "service": "mail"})
    assert refused.status_code == 422
    told = refused.content.decode()
    assert "1 of the letters was issued after this date of receipt. Nothing was saved." in told
    assert f'<a href="/cases/{late}/">CM26-0000002</a>, issued on Mar 20, 2026' in told
    assert "CM26-0000001" not in told
    assert "CM26-0000003" not in told, "it has a date of receipt"
    assert set(Receipt.objects.values_list("pk", flat=True)) == {dated}

    of_other_day = {"received_on": "3/4/2026", "service": "mail", "without_later": "2026-03-05"}
    assert as_casemanager.post(address, of_other_day).status_code == 422, "it was offered for another date"
    saved = as_casemanager.post(
        address, {"received_on": "3/5/2026", "service": "mail", "without_later": "2026-03-05"}, follow=True
    ).content.decode()
    assert "Left out: 1 letter issued later." in saved
    days = dict(Receipt.objects.values_list("pk", "received_on"))
    assert days == {early: date(2026, 3, 5), dated: date(2026, 3, 22)}


@pytest.mark.parametrize("most_at_once", [500, 0], ids=["small", "large"])
def test_a_batch_for_which_nothing_can_be_entered_says_why(
    as_casemanager: Client, people: People, store: Store, monkeypatch: pytest.MonkeyPatch, most_at_once: int
) -> None:
    monkeypatch.setattr(one_duty, "MOST_AT_ONCE", most_at_once)
    monkeypatch.setattr(
        one_duty,
        "send_receipts",
        lambda upload, day, service, user, only_missing: enter_receipts(upload, f"{day}", service, user, only_missing),
    )
    late = store(1, ITEMS, date(2026, 3, 20))
    address = f"/uploads/{_batch_of(people, late).pk}/receipt/"
    form = {"received_on": "3/5/2026", "service": "mail", "without_later": "2026-03-05"}
    refused = as_casemanager.post(address, form)
    assert refused.status_code == 422
    assert "Nothing was saved: all letters that this date would be entered for were issued" in refused.content.decode()
    assert 'value="03/05/2026"' in refused.content.decode() or 'value="3/5/2026"' in refused.content.decode()

    as_casemanager.post(address, {"received_on": "3/22/2026", "service": "mail"})
    again = as_casemanager.post(address, {"received_on": "3/23/2026", "service": "mail"}).content.decode()
    assert "Nothing was saved: all letters of this batch have their date of receipt." in again
    assert Receipt.objects.get().received_on == date(2026, 3, 22)

    empty = f"/uploads/{_batch_of(people).pk}/receipt/"
    assert "no letter of this batch has become a case yet" in as_casemanager.post(empty, form).content.decode()


def test_a_worker_names_letters_of_a_batch_that_it_left_out(people: People, store: Store) -> None:
    early, late, dated = store(1, ITEMS), store(2, ITEMS, date(2026, 3, 20)), store(3, ITEMS, date(2026, 3, 21))
    upload = _batch_of(people, early, late, dated)
    duty_actions.enter_receipt([dated], date(2026, 3, 22), Service.FAX, by=people.casemanager, now=timezone.now())
    for _run in range(2):
        enter_receipts(upload.pk, "2026-03-05", "mail", people.casemanager.pk, only_missing=True)
        assert set(Receipt.objects.values_list("pk", flat=True)) == {early, dated}
        assert AuditEvent.objects.get(action="receipt.left_out").letter_ids == [late]
    enter_receipts(upload.pk, "2026-03-05", "mail", people.casemanager.pk, only_missing=False)
    told = AuditEvent.objects.filter(action="receipt.left_out").order_by("pk").values_list("letter_ids", flat=True)
    assert list(told) == [[late], [dated]]


def _batch_of(people: People, *letters: int) -> Upload:
    upload = Upload.objects.create(by=people.casemanager, started_at=timezone.now())
    for pk in letters:
        UploadedFile.objects.create(
            upload=upload, name="synthetic.pdf", outcome="accepted", letter_id=pk, received_at=timezone.now()
        )
    return upload

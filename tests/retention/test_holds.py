"""A case under a legal hold is kept: nothing removes, archives or erases it, whatever asks for it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.browsing.lists import CASES, ITEMS
from determinations.corrections import erasure, removal
from determinations.duties import documents
from determinations.duties.actions import DutyRefused
from determinations.models import AuditEvent, Case, DutyDocument, LegalHold, Letter, RemovedLetter, ReviewSettings
from determinations.retention import archive, holds
from determinations.retention.holds import HoldRefused, OnHold
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def letter() -> Letter:
    return stored_letter(document(item("Knee brace")))


def hold(letter: Letter, people: People) -> LegalHold:
    return holds.place_hold(letter.pk, reason="Synthetic litigation.", by=people.admin, now=NOW)


def test_a_held_case_refuses_everything_that_would_end_it(people: People, letter: Letter, as_admin: Client) -> None:
    amended = stored_letter(document(item("Knee brace"), decision_date="2017-01-09"))
    assert Case.objects.get(pk=letter.pk).superseded_by_id == amended.pk
    placed = hold(letter, people)
    ReviewSettings.objects.update_or_create(pk=1, defaults={"archive_after_years": 1})
    for kept in (letter, amended):  # also the other letter of the case
        with pytest.raises(OnHold):
            removal.remove_letter(kept.pk, by=people.admin, now=NOW, reason="A copy.")
        with pytest.raises(OnHold):
            archive.archive_case(kept.pk, reason="", by=people.admin, now=NOW)
        with pytest.raises(erasure.ErasureRefused, match="legal hold"):
            erasure.erase_case(kept.pk, reason="request", with_others=True, by=people.admin, now=NOW)
        refused = as_admin.post(
            reverse("remove_letter", args=[kept.pk]), {"reason": "A copy", "belonged": "no", "sure": "on"}, follow=True
        )
        assert "under a legal hold" in refused.content.decode()
        page = as_admin.post(reverse("erase_case", args=[kept.pk]), {"step": "erase", "word": "ERASE"})
        assert "under a legal hold" in page.content.decode()
    assert archive.archive_by_rule(now=NOW) == 0
    assert Letter.objects.count() == 2
    holds.release_hold(placed.pk, reason="Settled.", by=people.admin, now=NOW)
    removal.remove_letter(letter.pk, by=people.admin, now=NOW, reason="A copy.")
    assert Letter.objects.count() == 1


def test_the_database_itself_keeps_a_held_letter(people: People, letter: Letter) -> None:
    hold(letter, people)
    with pytest.raises(IntegrityError, match="legal hold"), transaction.atomic():
        connection.cursor().execute("DELETE FROM determinations_letter WHERE id = %s", [letter.pk])
    assert Letter.objects.count() == 1


def test_no_retention_period_ends_for_a_copy_of_a_held_letter(people: People, letter: Letter) -> None:
    hold(letter, people)
    day = NOW.date() - timedelta(days=1)
    removed = {"reason": "A copy", "belonged": True, "removed_at": NOW, "by_id": 1, "by_name": "a", "keep_until": day}
    copy = RemovedLetter.objects.create(letter_id=letter.pk + 100, copies=[letter.pk], sha256="ab" * 32, **removed)
    other = RemovedLetter.objects.create(letter_id=letter.pk + 101, sha256="cd" * 32, **removed)
    assert removal.delete_files(now=NOW) == 1
    copy.refresh_from_db()
    other.refresh_from_db()
    assert (copy.deleted_at, other.deleted_at) == (None, NOW)


def test_a_document_of_a_held_case_is_kept(people: People, letter: Letter) -> None:
    document = DutyDocument.objects.create(
        letter=letter, item_number=1, name="proof.txt", media_type="text/plain", size=8, sha256="ab" * 32,
        store_name="cd" * 16, by_name="a", at=NOW,
    )  # fmt: skip
    hold(letter, people)
    with pytest.raises(DutyRefused, match="legal hold"):
        documents.remove(document, by=people.admin, now=NOW)


def test_a_case_has_one_hold_with_a_reason_and_each_step_is_recorded(people: People, letter: Letter) -> None:
    with pytest.raises(HoldRefused, match="reason"):
        holds.place_hold(letter.pk, reason=" ", by=people.admin, now=NOW)
    placed = hold(letter, people)
    with pytest.raises(HoldRefused, match="already"):
        hold(letter, people)
    with pytest.raises(PermissionDenied):
        holds.release_hold(placed.pk, reason="Settled.", by=people.supervisor, now=NOW)
    holds.release_hold(placed.pk, reason="Settled.", by=people.admin, now=NOW)
    with pytest.raises(HoldRefused, match="before"):
        holds.release_hold(placed.pk, reason="Settled.", by=people.admin, now=NOW)
    recorded = AuditEvent.objects.filter(action__startswith="hold.").order_by("pk")
    assert list(recorded.values_list("action", flat=True)) == ["hold.placed", "hold.released"]


def test_holds_are_shown_on_the_case_in_a_list_and_by_a_filter(
    people: People, letter: Letter, as_admin: Client
) -> None:
    free = stored_letter(document(item("Knee brace"), case_number="CM16-9000002"))
    address = reverse("case_retention", args=[letter.pk])
    empty = as_admin.post(address, {"do": "hold", "reason": ""})
    assert (empty.status_code, LegalHold.objects.count()) == (422, 0)
    placed = as_admin.post(address, {"do": "hold", "reason": "Synthetic litigation."}, follow=True)
    assert "under a legal hold now" in placed.content.decode()
    erase = f'href="{reverse("erase_case", args=[letter.pk])}"'
    assert (erase in placed.content.decode(), erase in empty.content.decode()) == (False, True)
    assert "Legal hold" in as_admin.get(reverse("case_detail", args=[letter.pk])).content.decode()
    assert "Synthetic litigation." in as_admin.get(reverse("legal_holds")).content.decode()
    for kind in (CASES, ITEMS):
        held = kind.filterset(QueryDict("held=yes")).qs.values_list("pk" if kind is CASES else "case_id", flat=True)
        others = kind.filterset(QueryDict("held=no")).qs.values_list("pk" if kind is CASES else "case_id", flat=True)
        assert (list(held), list(others)) == ([letter.pk], [free.pk])
    assert as_admin.get("/cases/?held=yes").status_code == 200
    row = LegalHold.objects.get()
    as_admin.post(address, {"do": "release", "hold": row.pk, "reason": "Settled."})
    assert "No legal hold" in as_admin.get(reverse("legal_holds")).content.decode()
    assert "Settled." in as_admin.get(reverse("legal_holds") + "?all=yes").content.decode()


PAGES = {
    "legal_holds": {"admin"},
    "erased_letters": {"admin"},
    "erase_case": {"admin"},
    "case_retention": {"admin", "supervisor"},
}


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_for_its_roles_alone(client: Client, people: People, letter: Letter, page: str) -> None:
    address = reverse(page, args=[letter.pk] if page.endswith(("case", "retention")) else [])
    for role in ("casemanager", "supervisor", "admin", "outsider"):
        client.force_login(getattr(people, role))
        assert client.get(address).status_code == (200 if role in PAGES[page] else 403)


def test_a_supervisor_archives_but_places_no_hold(client: Client, people: People, letter: Letter) -> None:
    client.force_login(people.supervisor)
    address = reverse("case_retention", args=[letter.pk])
    assert client.post(address, {"do": "hold", "reason": "Litigation"}).status_code == 403
    assert client.post(address, {"do": "archive", "reason": ""}).status_code == 302
    assert client.post(address, {"do": "no such thing"}).status_code == 422


# The archive


def archived_ids(query: str) -> list[int]:
    return sorted(CASES.filterset(QueryDict(query)).qs.values_list("pk", flat=True))


def test_an_archived_case_leaves_daily_lists_is_found_counted_and_brought_back(
    people: People, letter: Letter, as_admin: Client, django_capture_on_commit_callbacks: Any
) -> None:
    other = stored_letter(document(item("Knee brace"), case_number="CM16-9000002"))
    assert "?archived=no" not in as_admin.get(reverse("home") + "?home=yes").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        as_admin.post(reverse("case_retention", args=[letter.pk]), {"do": "archive", "reason": "Closed."})
    page = as_admin.get(reverse("home") + "?home=yes").content.decode()
    assert 'href="/cases/?archived=no"' in page
    assert archived_ids("archived=no") == [other.pk]
    assert archived_ids("archived=yes") == [letter.pk]
    assert archived_ids("") == [letter.pk, other.pk]
    assert ITEMS.filterset(QueryDict("archived=no")).qs.count() == 1
    assert "daily lists leave this case out" in as_admin.get(f"/cases/{letter.pk}/").content.decode()
    archive.restore_case(letter.pk, by=people.admin, now=NOW)
    assert archived_ids("archived=no") == [letter.pk, other.pk]


def test_the_rule_archives_what_was_decided_long_ago_and_is_not_kept(people: People, letter: Letter) -> None:
    recent = stored_letter(document(item("Knee brace"), case_number="CM16-9000002", decision_date="2025-12-09"))
    undated = stored_letter(document(item("Knee brace"), case_number="CM16-9000003", decision_date=None))
    assert archive.archive_by_rule(now=NOW) == 0, "without a number of years there is no rule"
    ReviewSettings.objects.update_or_create(pk=1, defaults={"archive_after_years": 5})
    assert archive.archive_by_rule(now=NOW) == 1
    assert archived_ids("archived=yes") == [letter.pk]
    assert archived_ids("archived=no") == [recent.pk, undated.pk]
    archive.restore_case(letter.pk, by=people.admin, now=NOW)
    assert archive.archive_by_rule(now=NOW) == 0, "what a user brought back stays"
    assert AuditEvent.objects.get(action="cases.archived").detail == {"number": 1, "years": 5}


def test_a_case_with_an_open_duty_is_not_archived(people: People) -> None:
    today = timezone.localdate()
    letter = stored_letter(document(item("Knee brace", "overturned"), decision_date=today.isoformat()))
    with pytest.raises(archive.ArchiveRefused, match="open duty"):
        archive.archive_case(letter.pk, reason="", by=people.admin, now=timezone.now())


def test_letters_of_a_case_and_its_holds_are_found_by_indexes(letter: Letter) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table is then read only where no index will do
    for rows in (holds._related([letter.pk]), holds.rows_on([letter.pk])):
        assert "Seq Scan on determinations_case" not in rows.explain()

"""Actions on selected rows of every list: who may do what, up to which number, undo, print, and the letters as ZIP."""

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from determinations import tasks
from determinations.browsing import bundles, large_actions, selected_rows
from determinations.browsing.lists import CASES
from determinations.cases.effective import write_cases
from determinations.casework import work
from determinations.intake.store import letter_store
from determinations.models import AuditEvent, Case, CaseWork, Export, Letter, ReviewEntry, RowsAction
from determinations.models.corrections import Correction
from determinations.reading.reparsing import letters_of
from determinations.views.casework import selected_rows as views
from tests.casework.conftest import Store
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def act(client: Client, list_name: str, ids: list[int], **form: str) -> str:
    page = client.post(f"/selection/{list_name}/", {"row": ids, **form}, follow=True)
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("list_name", ["cases", "items", "decisions"])
def test_rows_of_every_list_are_assigned_tagged_and_set(
    as_casemanager: Client, people: People, store: Store, list_name: str
) -> None:
    one, other, third = store(1), store(2), store(3)
    page = as_casemanager.get(f"/{list_name}/").content.decode()
    assert page.count('name="row"') == (6 if list_name == "items" else 3)
    assert "Assigned 2 cases to supervisor." in act(
        as_casemanager, list_name, [one, other], do="assign", to="supervisor"
    )
    act(as_casemanager, list_name, [one, other], do="status", status="done")
    act(as_casemanager, list_name, [one, other], do="tag", tag="sent, phone")
    act(as_casemanager, list_name, [other], do="untag", tag="phone")
    works = {row.pk: (row.owner, row.status, row.tags) for row in CaseWork.objects.all()}
    assert works == {one: (people.supervisor, "done", ["sent", "phone"]), other: (people.supervisor, "done", ["sent"])}
    assert AuditEvent.objects.filter(action="case.tagged", letter_id=third).count() == 0


def test_an_action_is_undone_within_an_hour_by_who_did_it(
    as_casemanager: Client, client: Client, people: People, store: Store
) -> None:
    one, other = store(1), store(2)
    act(as_casemanager, "cases", [one], do="status", status="disputed")
    page = act(as_casemanager, "cases", [one, other], do="status", status="done")
    action = RowsAction.objects.latest("pk")
    assert f'action="/selection/{action.pk}/undo/"' in page
    client.force_login(people.supervisor)
    assert client.post(f"/selection/{action.pk}/undo/").status_code == 404
    client.force_login(people.casemanager)
    assert '<input type="hidden" name="back" value="/cases/' in page
    undone = client.post(f"/selection/{action.pk}/undo/", {"back": "/worklist/?whose=mine"}, follow=True)
    assert undone.redirect_chain == [("/worklist/?whose=mine", 302)], "the list where it was offered"
    assert "Undone for 2 cases." in undone.content.decode()
    assert dict(CaseWork.objects.values_list("pk", "status")) == {one: "disputed", other: "new"}
    again = client.post(f"/selection/{action.pk}/undo/", {"back": "//elsewhere.example/"}, follow=True)
    assert again.redirect_chain == [(f"/cases/?letter={one},{other}", 302)]
    assert "undone already" in again.content.decode()
    RowsAction.objects.update(undone_at=None, at=timezone.now() - timedelta(hours=2))
    late = client.post(f"/selection/{action.pk}/undo/", follow=True)
    assert "can no longer be undone" in late.content.decode()
    selected_rows.delete_old(now=timezone.now())
    assert not RowsAction.objects.exists()


def test_all_that_match_are_reached_up_to_a_limit(
    as_casemanager: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = [store(number) for number in (1, 2, 3)]
    act(as_casemanager, "items", [], do="status", status="done", everything="yes", query="decision=overturned")
    assert set(CaseWork.objects.values_list("pk", flat=True)) == set(pks)
    monkeypatch.setattr(selected_rows, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(views, "MOST_CASES", 2)
    said = act(as_casemanager, "cases", [], do="status", status="disputed", everything="yes", query="")
    assert "More than 2 cases match" in said
    assert "Select at most 2 cases" in act(as_casemanager, "cases", pks, do="status", status="disputed")
    assert not CaseWork.objects.filter(status="disputed").exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"do": "assign", "to": "no such user"}, "There is no user"),
        ({"do": "assign", "to": "outsider"}, "does not have permission"),
        ({"do": "status", "status": "nonsense"}, "Choose a status"),
        ({"do": "tag", "tag": " "}, "Enter a tag"),
        ({"do": ""}, "Choose what to do"),
        ({"do": "nonsense"}, "Choose what to do"),
    ],
)
def test_what_cannot_be_done_says_why(as_casemanager: Client, store: Store, form: dict[str, str], said: str) -> None:
    assert said in act(as_casemanager, "cases", [store(1)], **form)
    assert not CaseWork.objects.exists()


def test_nothing_selected_is_said(as_casemanager: Client) -> None:
    assert "Select at least one row first." in act(as_casemanager, "cases", [], do="status", status="done")
    assert "Select at least one row first." in act(as_casemanager, "cases", [], do="print")


def test_reviews_are_assigned_snoozed_and_confirmed_together(as_admin: Client, people: People, store: Store) -> None:
    pks = [store(number) for number in (1, 2)]
    for pk in pks:
        ReviewEntry.objects.update_or_create(letter_id=pk, defaults={"reasons": ["header_missing"], "urgency": 50})
    assert as_admin.get("/admin/review/").content.decode().count('name="row"') == 2
    act(as_admin, "review", pks, do="review_assign", to="admin")
    assert "Snoozed 2 letters for 3 days." in act(as_admin, "review", pks, do="snooze", snooze="3")
    assert ReviewEntry.objects.filter(snoozed_until__gt=timezone.now(), assigned_to=people.admin).count() == 2
    ReviewEntry.objects.filter(pk=pks[1]).update(assigned_to=people.supervisor)
    undone = as_admin.post(f"/selection/{RowsAction.objects.latest('pk').pk}/undo/", follow=True)
    assert "Undone for 2 letters." in undone.content.decode()
    left = ReviewEntry.objects.filter(snoozed_until=None).order_by("pk").values_list("assigned_to", flat=True)
    assert list(left) == [people.admin.pk, people.supervisor.pk], "what another user changed meanwhile stays"
    assert "Confirmed all remaining values of 2 letters." in act(as_admin, "review", pks, do="confirm")
    assert set(Correction.objects.values_list("letter_id", flat=True)) == set(pks)


@pytest.mark.parametrize("do", ["review_assign", "snooze", "confirm"])
def test_reviews_are_only_for_those_who_may_correct(as_casemanager: Client, store: Store, do: str) -> None:
    pk = store(1)
    ReviewEntry.objects.update_or_create(letter_id=pk, defaults={"reasons": ["header_missing"], "urgency": 50})
    assert as_casemanager.post("/selection/review/", {"row": [pk], "do": do, "snooze": "3"}).status_code == 403
    assert as_casemanager.post("/selection/cases/", {"row": [pk], "do": do}).status_code == 404
    assert not Correction.objects.exists()


def test_several_cases_are_printed_in_a_fixed_number_of_queries(
    as_casemanager: Client, store: Store, django_assert_max_num_queries: Any
) -> None:
    pks = [store(number) for number in range(1, 7)]
    page = act(as_casemanager, "cases", pks[:2], do="print")
    assert page.count('<article class="printed-case">') == 2
    with django_assert_max_num_queries(12):
        page = as_casemanager.get(f"/selection/print/?letter={','.join(map(str, pks))}").content.decode()
    assert page.count('<article class="printed-case">') == 6
    assert "Twelve physical therapy sessions" in page
    assert AuditEvent.objects.filter(action="case.printed").count() == 8
    assert "No cases to print" in as_casemanager.get("/selection/print/").content.decode()


@pytest.fixture
def with_files(store: Store) -> list[int]:
    """Two letters with stored files, and one whose file is missing."""
    pks = [store(number) for number in (1, 2, 3)]
    for letter in Letter.objects.filter(pk__in=pks[:2]).select_related("text"):
        data = letter.text.text.encode()
        letter.sha256 = hashlib.sha256(data).hexdigest()
        letter.save(update_fields=["sha256"])
        letter_store().keep({letter.store_name: ContentFile(data)})
    return pks


def test_letters_are_downloaded_together(as_casemanager: Client, with_files: list[int]) -> None:
    act(as_casemanager, "cases", with_files, do="download")
    export = Export.objects.get()
    tasks.write_export(export.pk)
    answer = as_casemanager.get(f"/exports/{export.pk}/file")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as bundle:
        names = bundle.namelist()
        assert "CM26-0000001" in bundle.read(names[0]).decode()
    assert len(names) == 3
    assert names[0] == f"{with_files[0]}-CM26-0000001.txt"
    assert names[-1].startswith("FILES THAT ARE MISSING")
    recorded = AuditEvent.objects.filter(action="original.bundled").values_list("letter_id", "detail")
    assert sorted(recorded) == [(pk, {"export": export.pk}) for pk in with_files]
    assert "3 selected" in as_casemanager.get("/exports/").content.decode()


def test_letters_that_are_too_large_together_are_refused(
    as_casemanager: Client, with_files: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "MOST_BYTES", 10)
    act(as_casemanager, "cases", with_files, do="download")
    tasks.write_export(Export.objects.get().pk)
    assert "is the limit" in as_casemanager.get("/exports/").content.decode()


def test_users_without_the_permissions_do_nothing_with_rows(client: Client, people: People, store: Store) -> None:
    pk = store(1)
    client.force_login(people.outsider)
    assert client.post("/selection/cases/", {"row": [pk], "do": "status", "status": "done"}).status_code == 403
    assert client.get("/selection/print/").status_code == 403
    assert client.get("/selection/names/").status_code == 403
    assert not CaseWork.objects.exists()


def test_cases_are_found_by_when_they_were_added(as_casemanager: Client, store: Store) -> None:
    before, after = store(1), store(2)
    now = timezone.now()
    Case.objects.filter(pk=before).update(added_at=now - timedelta(days=2))
    since = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, rows in (("cases", 1), ("items", 2)):
        page = as_casemanager.get(f"/{name}/", {"added_from": since})
        assert page.context["count"].number == rows
        assert f"{timezone.localtime(now - timedelta(days=1)):%H:%M}" in page.content.decode()
        day = timezone.localdate(now - timedelta(days=2)).isoformat()
        assert as_casemanager.get(f"/{name}/?added_from={day}&added_to={day}").context["count"].number == rows
    assert "Enter a date" in as_casemanager.get("/cases/?added_from=yesterday").content.decode()
    old = Case.objects.get(pk=after).added_at
    write_cases([after])
    assert Case.objects.get(pk=after).added_at == old


def test_letters_to_be_read_again_are_chosen_by_when_they_were_added_also_if_they_count_no_more(store: Store) -> None:
    earlier, counts = store(1), store(2)
    Case.objects.filter(pk=earlier).update(superseded_by=counts)
    for added in ("added_from=2020-01-01", "added_to=2099-01-01"):
        letters = letters_of({"what": "filter", "query": added})
        assert set(letters.values_list("pk", flat=True)) == {earlier, counts}
        assert list(CASES.filterset(QueryDict(added)).qs.values_list("pk", flat=True)) == [counts]


def test_an_action_on_many_cases_is_done_in_steps_and_undone_as_one(
    as_casemanager: Client, people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = [store(number) for number in range(1, 8)]
    work.change_tags(pks[:1], add=["kept"], by=people.supervisor, now=timezone.now())
    for module in (work, selected_rows, large_actions, views):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 3)
    everything = {"everything": "yes", "do": "assign", "query": ""}
    refused = as_casemanager.post("/selection/cases/", {**everything, "to": "nobody-known"}, follow=True)
    assert "There is no user nobody-known." in refused.content.decode()
    assert not CaseWork.objects.exclude(owner=None).exists()
    page = as_casemanager.post("/selection/cases/", {**everything, "to": "supervisor"}, follow=True).content.decode()
    assert "Done for 3 of 7 cases." in page
    assert CaseWork.objects.filter(owner=people.supervisor).count() == 3
    action = RowsAction.objects.get()
    assert large_actions.step(action.pk, now=timezone.now())  # a worker that ends here leaves the rest to the next
    assert CaseWork.objects.filter(owner=people.supervisor).count() == 6
    assert list(large_actions.unfinished(timezone.now() + timedelta(minutes=2))) == [action]
    tasks.work_on_rows_action(action.pk)
    assert "Done for all 7 cases." in as_casemanager.get(f"/selection/{action.pk}/").content.decode()
    assert CaseWork.objects.filter(owner=people.supervisor).count() == 7
    assert AuditEvent.objects.filter(action="case.assigned").count() == 7
    undone = as_casemanager.post(f"/selection/{action.pk}/undo/", follow=True).content.decode()
    assert "Being undone" in undone
    tasks.work_on_rows_action(action.pk)
    assert "Undone. All cases" in as_casemanager.get(f"/selection/{action.pk}/").content.decode()
    assert not CaseWork.objects.exclude(owner=None).exists()
    assert CaseWork.objects.get(pk=pks[0]).tags == ["kept"]
    assert "undone already" in as_casemanager.post(f"/selection/{action.pk}/undo/", follow=True).content.decode()


def test_an_action_on_many_cases_stops_when_its_user_may_no_longer_do_it(
    as_casemanager: Client, people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        store(number)
    for module in (work, selected_rows, large_actions, views):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    as_casemanager.post("/selection/cases/", {"everything": "yes", "do": "status", "status": "done", "query": ""})
    people.casemanager.groups.clear()
    action = RowsAction.objects.get()
    assert not large_actions.step(action.pk, now=timezone.now())
    action.refresh_from_db()
    assert (action.state, action.message) == ("failed", "You no longer have the permission for this.")
    assert CaseWork.objects.filter(status="done").count() == 2

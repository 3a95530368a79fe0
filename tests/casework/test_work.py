"""Owner, status, tags and notes of cases: who may change them, what they survive, and how lists find them."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from determinations import tasks
from determinations.browsing.export_formats import csv_lines
from determinations.browsing.exported_rows import ExportedList
from determinations.browsing.lists import CASES, ITEMS, LISTS
from determinations.cases.effective import remove_letters, write_cases
from determinations.casework import notes, work
from determinations.casework.work import WorkRefused
from determinations.corrections import actions
from determinations.models import (
    AuditEvent,
    Case,
    CaseNote,
    CaseWork,
    ColumnChoice,
    DisputedItem,
    StoredPass,
    Tag,
)
from determinations.models.installation import ITEM_ORDER
from tests.casework.conftest import ITEMS as TWO_ITEMS
from tests.casework.conftest import Store
from tests.casework.worked import ALL_KEPT, kept, worked_on
from tests.duties.conftest import letter_text
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def test_what_staff_added_survives_reading_again_and_corrections(store: Store, people: People) -> None:
    pk = worked_on(store, people, 1)
    write_cases([pk])
    actions.correct_field(pk, "items/1/decision", "upheld", by=people.admin, now=timezone.now(), reason="misread")
    assert kept(pk) == ALL_KEPT


@pytest.mark.parametrize("change", ["\n", "Amended determination."])
def test_it_follows_the_letter_that_counts(store: Store, people: People, change: str) -> None:
    pk = worked_on(store, people, 1)
    text = letter_text(1, TWO_ITEMS, timezone.localdate() + timedelta(days=change != "\n"))
    other = store(1, text=text + change)
    counting = Case.objects.current().get(case_number="CM26-0000001").pk
    (rest,) = {pk, other} - {counting}
    assert kept(counting) == ALL_KEPT
    assert not CaseWork.objects.filter(pk=rest).exists()
    remove_letters([counting])
    assert kept(rest) == ALL_KEPT


def test_values_of_the_letter_that_counts_come_first_when_two_cases_become_one(store: Store, people: People) -> None:
    pk, now = worked_on(store, people, 1), timezone.now()
    other = store(2)
    work.assign([other], people.supervisor, by=people.admin, now=now)
    work.change_tags([other], add=["phone"], by=people.admin, now=now)
    actions.correct_field(other, "case_number", "CM26-0000001", by=people.admin, now=now, reason="misread")
    counting = Case.objects.current().get(case_number="CM26-0000001").pk
    owner = {pk: "casemanager", other: "supervisor"}[counting]
    row = kept(counting)
    assert (row[0], row[1], sorted(row[2]), row[3]) == (owner, "authorizing", ["phone", "urgent"], 1)
    assert CaseWork.objects.count() == 1


def test_only_users_with_the_permission_work_on_cases(store: Store, people: People, client: Client) -> None:
    pk, now = store(1), timezone.now()
    with pytest.raises(PermissionDenied):
        work.assign([pk], people.casemanager, by=people.outsider, now=now)
    with pytest.raises(PermissionDenied):
        notes.add_note(pk, "x", by=people.outsider, now=now)
    with pytest.raises(WorkRefused, match="does not have permission"):
        work.assign([pk], people.outsider, by=people.casemanager, now=now)
    client.force_login(people.outsider)
    for address in (f"/cases/{pk}/work/", f"/cases/{pk}/notes/"):
        assert client.post(address).status_code == 403
    assert client.get("/notes/mentions/").status_code == 403
    assert not CaseWork.objects.exists()


@pytest.mark.parametrize("names", [["x" * 41], ["a,b"], [], [" "], [f"tag {number}" for number in range(21)]])
def test_tags_that_cannot_be_kept_are_refused(store: Store, people: People, names: list[str]) -> None:
    pk = store(1)
    with pytest.raises(WorkRefused, match="Nothing was saved"):
        work.change_tags([pk], add=names, by=people.casemanager, now=timezone.now())
    assert not Tag.objects.exists()


def test_tags_keep_the_spelling_that_was_used_first(store: Store, people: People) -> None:
    one, other, now = store(1), store(2), timezone.now()
    work.change_tags([one], add=["Needs  call"], by=people.casemanager, now=now)
    work.change_tags([other], add=["needs call"], by=people.casemanager, now=now)
    assert CaseWork.objects.get(pk=other).tags == ["Needs call"]
    assert work.owners_and_tags()[1] == ["Needs call"]


QUERIES = [
    ("owner=casemanager", True, False),
    ("owner=nobody", False, True),
    ("owner=casemanager&owner=nobody", True, True),
    ("owner=nonsense", False, False),
    ("status=authorizing", True, False),
    ("status=new", False, True),
    ("status=done", False, False),
    ("tag=urgent", True, False),
    ("tag=other", False, False),
    ("tag=urgent&status=new", False, False),
    ("owner=casemanager&decision=overturned", True, False),
]


@pytest.mark.parametrize(("query", "first_too", "second_too"), QUERIES)
def test_lists_of_cases_and_items_agree(
    store: Store, people: People, query: str, first_too: bool, second_too: bool
) -> None:
    first, second = worked_on(store, people, 1), store(2)
    wanted = {pk for pk, is_wanted in ((first, first_too), (second, second_too)) if is_wanted}
    cases, items = (kind.filterset(QueryDict(query)).qs for kind in (CASES, ITEMS))
    assert set(cases.values_list("pk", flat=True)) == wanted
    assert set(items.values_list("case_id", flat=True)) == wanted


def test_lists_show_and_export_them(as_casemanager: Client, store: Store, people: People) -> None:
    worked_on(store, people, 1)
    store(2)
    for name in LISTS:
        ColumnChoice.objects.create(by=people.casemanager, list_name=name, hidden=[])
        page = as_casemanager.get(f"/{name}/?show=counts").content.decode()
        assert "Being authorized" in page
        assert "urgent" in page
        exported = ExportedList(LISTS[name], QueryDict("sort=decided"), people.casemanager)
        head, *rows = csv_lines(exported.heads, exported.rows())
        assert "Owner,Status,Tags" in head
        assert {tuple(row.strip().split(",")[-3:]) for row in rows} == {
            ("casemanager", "Being authorized", "urgent"), ("", "New", ""),
        }  # fmt: skip
    facets = as_casemanager.get("/cases/facets/").content.decode()
    assert "supervisor" in facets
    assert "urgent" in facets


def test_each_facet_has_an_id_of_its_own(as_casemanager: Client, store: Store) -> None:
    """The counted options of a facet replace what has its ID."""
    store(1)
    ids = re.findall(r'\bid="([^"]+)"', as_casemanager.get("/cases/").content.decode())
    assert "facet-status" in ids
    assert sorted(ids) == sorted(set(ids))


def test_statistics_follow_a_change_of_owner_at_once(as_supervisor: Client, store: Store, people: People) -> None:
    pk = store(1)
    address = "/statistics/breakdowns/sex.csv?owner=casemanager"

    def lines() -> int:
        return len(b"".join(as_supervisor.get(address)).decode().strip().splitlines())

    before = lines()
    work.assign([pk], people.casemanager, by=people.supervisor, now=timezone.now())
    assert lines() > before


def test_the_case_page_saves_owner_status_and_tags(as_casemanager: Client, store: Store, people: People) -> None:
    pk = store(1)
    saved = as_casemanager.post(
        f"/cases/{pk}/work/", {"do": "save", "owner": "supervisor", "status": "disputed"}, follow=True
    )
    assert saved.redirect_chain[0][0] == f"/cases/{pk}/#work"
    as_casemanager.post(f"/cases/{pk}/work/", {"do": "tag", "tag": "urgent, phone"})
    as_casemanager.post(f"/cases/{pk}/work/", {"do": "untag", "tag": "urgent"})
    as_casemanager.post(f"/cases/{pk}/work/", {"do": "mine"})
    row = CaseWork.objects.get(pk=pk)
    assert (row.owner, row.status, row.tags) == (people.casemanager, "disputed", ["phone"])
    refused = as_casemanager.post(f"/cases/{pk}/work/", {"do": "save", "owner": "no such user"}, follow=True)
    assert "There is no user no such user" in refused.content.decode()


def test_notes_mention_users_and_are_edited_for_a_while(
    as_casemanager: Client, client: Client, store: Store, people: People
) -> None:
    pk = store(1)
    as_casemanager.post(f"/cases/{pk}/notes/", {"text": "<b>See</b> @supervisor. @outsider a@admin @nobody"})
    note = CaseNote.objects.get()
    assert note.mentioned == ["supervisor"]
    page = as_casemanager.get(f"/cases/{pk}/").content.decode()
    assert '&lt;b&gt;See&lt;/b&gt; <b class="mention">@supervisor</b>. @outsider' in page
    as_casemanager.post(f"/notes/{note.pk}/", {"text": "Better said"})
    history = as_casemanager.get(f"/notes/{note.pk}/").content.decode()
    assert "Better said" in history
    assert "&lt;b&gt;See" in history
    CaseNote.objects.update(at=timezone.now() - notes.EDITED_WITHIN - timedelta(minutes=1))
    late = as_casemanager.post(f"/notes/{note.pk}/", {"text": "Too late"})
    assert (late.status_code, "Too late" in late.content.decode()) == (422, True)
    client.force_login(people.supervisor)
    assert client.post(f"/notes/{note.pk}/", {"text": "Not mine"}).status_code == 403
    note.refresh_from_db()
    assert note.text == "Better said"
    said = list(AuditEvent.objects.filter(action__startswith="note.").values_list("action", "detail"))
    assert said == [("note.added", {"note": note.pk, "mentioned": 1}), ("note.edited", {"note": note.pk})]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [("", 422, "Write a note first"), ("x" * 4_001, 422, "up to 4,000 characters (this one has 4,001)")],
)
def test_a_note_that_is_refused_is_shown_as_typed(
    as_casemanager: Client, store: Store, text: str, status: int, said: str
) -> None:
    page = as_casemanager.post(f"/cases/{store(1)}/notes/", {"text": text})
    assert (page.status_code, said in page.content.decode(), text in page.content.decode()) == (status, True, True)


def test_names_are_suggested_while_typing(as_casemanager: Client, people: People) -> None:
    def names(typed: str) -> list[str]:
        answer = as_casemanager.get("/notes/mentions/", {"q": typed}).json()
        return [suggestion["value"] for suggestion in answer["suggestions"]]

    assert names("su") == ["supervisor"]
    assert names("out") == []
    assert set(names("")) == {"admin", "casemanager", "supervisor"}


def test_notes_are_found_by_their_words(as_casemanager: Client, store: Store, people: People) -> None:
    noted, other = store(1), store(2)
    now = timezone.now()
    note = notes.add_note(noted, "Asked Dr. Zwieback about the peer review.", by=people.supervisor, now=now)
    for typed in (
        "zwieback",
        "note:zwieback",
        '"peer reviews"',
        "notes:zwie*",
        "therapy zwieback",
        "nonesuch OR zwieback",
    ):
        page = as_casemanager.get("/search/", {"q": typed})
        (result,) = page.context["results"]
        assert (result.case.pk, "Note by supervisor" in result.where) == (noted, True), typed
        assert as_casemanager.get("/cases/", {"q": typed}).context["count"].number == 1, typed
    assert "<mark>Zwieback</mark>" in as_casemanager.get("/search/", {"q": "zwieback"}).content.decode()
    assert not as_casemanager.get("/search/", {"q": "rationale:zwieback"}).context["results"]
    for name, rows in (("cases", 1), ("items", 2)):
        assert as_casemanager.get(f"/{name}/?notes_words=zwieback").context["count"].number == rows
    assert as_casemanager.get("/items/?q=zwieback").context["count"].number == 0  # it says nothing of one item
    without = as_casemanager.get("/search/", {"q": "therapy -zwieback"}).context["results"]
    assert [result.case.pk for result in without] == [other]
    # An edited note is found by what it says now; one of an earlier version once a worker has written its words.
    notes.edit_note(note.pk, "Asked Dr. Rusk.", by=people.supervisor, now=now)
    assert not as_casemanager.get("/search/", {"q": "zwieback"}).context["results"]
    CaseNote.objects.update(search=None, words_version=0)
    assert not as_casemanager.get("/search/", {"q": "rusk"}).context["results"]
    tasks.write_search_words()
    assert len(as_casemanager.get("/search/", {"q": "rusk"}).context["results"]) == 1


def test_items_of_older_cases_get_the_order_of_their_letter(store: Store, as_casemanager: Client) -> None:
    wrong, right = store(1), store(2)
    kept_ids = set(DisputedItem.objects.filter(case=right).values_list("pk", flat=True))
    for before, after in ((1, 99), (2, 1), (99, 2)):  # as an earlier version numbered the rows
        DisputedItem.objects.filter(case=wrong, number=before).update(number=after)
    StoredPass.objects.create(name=ITEM_ORDER, last=right)
    tasks.order_items()
    assert not StoredPass.objects.exists()
    for pk in (wrong, right):
        by_number = list(DisputedItem.objects.filter(case=pk).order_by("number").values_list("pk", flat=True))
        assert by_number == sorted(by_number, reverse=True)
    assert set(DisputedItem.objects.filter(case=right).values_list("pk", flat=True)) == kept_ids
    shown = [fact.case_id for fact in as_casemanager.get("/items/").context["page"].rows]
    assert sorted(shown) == sorted([wrong, wrong, right, right])

"""What is recorded: lists and searches, pages of a case, exports with their letters, settings, and every form."""

import json
import re
from array import array
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import Model
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from determinations.access import audit
from determinations.browsing.exports import write_export
from determinations.cases.open_letter import Change
from determinations.corrections.actions import save_changes
from determinations.models import (
    AuditEvent,
    ColumnChoice,
    CorrectionReason,
    Export,
    MailPreference,
    Operation,
    ProblemReport,
    ReviewSettings,
    SavedView,
    Watch,
)
from determinations.models.clock import database_now
from determinations.views.browsing import exports as export_views
from tests.corrections.letters import document, item, stored_letter
from tests.fixtures.answers import content_of
from tests.fixtures.people import PASSWORD, People
from tests.safety.test_any_address import routes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture(scope="module")
def _letters(module_transaction: None) -> list[int]:
    documents = [document(item("Knee brace", "overturned"), case_number=f"CM16-900000{number}") for number in (1, 2)]
    return [stored_letter(parsed, text="Synthetic letter.").pk for parsed in documents]


@pytest.fixture
def letters(_letters: list[int], db: None) -> list[int]:
    """The numbers of two letters."""
    return list(_letters)


def last(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("pk")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/cases/?outcome=overturned", "cases"), ("/items/?sex=female", "items"), ("/decisions/", "decisions"),
        ("/?home=yes", "recently overturned"), ("/worklist/", "worklist"), ("/items/similar/", ""),
    ],
)  # fmt: skip
def test_a_list_is_recorded_with_what_was_asked_and_shown(
    as_casemanager: Client, letters: list[int], address: str, name: str, people: People
) -> None:
    page = as_casemanager.get(address, REMOTE_ADDR="192.0.2.9")
    events = AuditEvent.objects.filter(action="list.viewed")
    assert events.count() == bool(name)
    if name:
        event = events.get()
        assert page.status_code == 200
        assert (event.by_id, event.address, event.detail["list"]) == (people.casemanager.pk, "192.0.2.9", name)
        assert event.detail["query"] == address.partition("?")[2]
        assert event.detail["rows"] == len(event.letter_ids or [])
        assert name in ("items", "worklist") or event.letter_ids == letters


def test_letters_of_a_long_export_are_recorded_each_once_and_in_order(people: People) -> None:
    ids = [*range(30_000, 0, -1), *range(1, 30_001), 2**40]
    audit.record("list.exported", by=people.casemanager, at=timezone.now(), letter_ids=array("q", ids))
    assert last("list.exported").letter_ids == [*range(1, 30_001), 2**40]
    audit.record("list.exported", by=people.casemanager, at=timezone.now(), letter_ids=[])
    assert last("list.exported").letter_ids == []


def test_a_search_is_recorded_with_its_words_and_results(as_casemanager: Client, letters: list[int]) -> None:
    as_casemanager.get("/search/", {"q": "knee brace"})
    event = last("search.made")
    assert (event.detail["query"], event.detail["rows"], event.letter_ids) == ("q=knee+brace", 2, letters)


def test_every_page_of_a_case_is_recorded_and_parts_of_it_are_not(as_casemanager: Client, letters: list[int]) -> None:
    pages = [f"/cases/{letters[0]}/", f"/cases/{letters[0]}/report/", f"/cases/{letters[0]}/items/1/alike/"]
    for address in pages:
        assert as_casemanager.get(address).status_code == 200
    for _ in range(3):
        as_casemanager.get(f"/letters/{letters[0]}/boxes.json")
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", "letter_id"))
    assert actions == [("case.viewed", letters[0]), ("page.viewed", letters[0]), ("list.viewed", None)]


def test_an_export_at_once_records_its_letters(as_casemanager: Client, letters: list[int]) -> None:
    response = as_casemanager.post("/items/export/", {"format": "csv", "query": ""})
    assert len(content_of(response).splitlines()) == 3
    event = last("list.exported")
    assert (event.letter_ids, event.detail["rows"]) == (letters, 2)


def test_a_long_export_records_its_letters_when_its_file_is_ready_and_each_download(
    as_casemanager: Client, letters: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_views, "AT_ONCE", 1)
    as_casemanager.post("/cases/export/", {"format": "csv", "query": ""})
    export = Export.objects.get()
    assert last("export.requested").detail["export"] == export.pk
    assert not AuditEvent.objects.filter(action="list.exported").exists()
    write_export(export.pk, now=database_now)
    assert last("list.exported").letter_ids == letters
    for _ in range(2):
        content_of(as_casemanager.get(reverse("export_file", args=[export.pk])))
    assert AuditEvent.objects.filter(action="export.downloaded", detail__export=export.pk).count() == 2


def test_statistics_are_recorded_by_page_and_not_again_when_looked_at_again(as_admin: Client) -> None:
    for address in ("/statistics/", "/statistics/", "/statistics/?sex=female", "/citations/", "/statistics/glossary/"):
        assert as_admin.get(address).status_code == 200
    part = as_admin.get("/statistics/moved/", headers={"HX-Request": "true"})
    assert part.status_code == 200
    events = AuditEvent.objects.order_by("pk").values_list("action", "detail__path", "detail__query")
    assert list(events) == [
        ("statistics.viewed", "/statistics/", ""),
        ("statistics.viewed", "/statistics/", "sex=female"),
        ("statistics.viewed", "/citations/", ""),
    ]


def test_suggestions_are_recorded_with_the_cases_they_name_and_typing_does_not_flood(
    as_casemanager: Client, letters: list[int]
) -> None:
    for typed in ("", "k", "kn", "kne", "knee"):
        as_casemanager.get("/search/suggestions/", {"q": typed})
    assert last("search.suggested").detail == {"box": "search", "query": "k"}
    for typed in ("CM16-90", "CM16-900", "CM16-9000", "CM16-900000"):
        suggested = as_casemanager.get("/search/suggestions/", {"q": typed}).json()["suggestions"]
    assert len(suggested) == 2
    assert last("search.suggested").letter_ids == letters
    assert AuditEvent.objects.filter(action="search.suggested").count() == 2


def test_exported_lessons_are_recorded_with_their_letters(
    as_admin: Client, letters: list[int], people: People
) -> None:
    change = Change(operation=Operation.SET, path="age", value=50, reason="misread")
    save_changes(letters[1], [change], by=people.admin, now=timezone.now())
    for query, ids in (("?all=1", [letters[1]]), ("", [])):
        exported = content_of(as_admin.get(reverse("export_lessons") + query))
        assert last("lessons.exported").letter_ids == ids
        assert len(json.loads(exported)) == len(ids)


def test_a_change_of_settings_is_recorded_with_its_fields(as_admin: Client) -> None:
    row = ReviewSettings.objects.get()
    form = as_admin.get(f"/admin/determinations/reviewsettings/{row.pk}/change/").context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields} | {"snooze_days": 9}
    assert as_admin.post(f"/admin/determinations/reviewsettings/{row.pk}/change/", values).status_code == 302
    assert last("settings.changed").detail["fields"] == ["Snooze days"]
    reason = {"code": "other_words", "label": "Other words", "position": "9", "offered": "on"}
    as_admin.post("/admin/determinations/correctionreason/add/", reason)
    assert CorrectionReason.objects.filter(code="other_words").exists()
    assert last("settings.added").detail["what"] == "Other words"


def test_a_refused_page_is_recorded(as_casemanager: Client) -> None:
    assert as_casemanager.get(reverse("audit")).status_code == 403
    assert last("access.refused").detail["page"] == "audit"


def test_failed_attempts_remain_after_a_success(client: Client, people: People) -> None:
    for password in ("wrong", "wrong", PASSWORD):
        client.post(reverse("login"), {"username": "casemanager", "password": password}, REMOTE_ADDR="192.0.2.4")
    events = AuditEvent.objects.filter(action__startswith="signin").order_by("pk")
    assert list(events.values_list("action", "address")) == [
        ("signin.failed", "192.0.2.4"), ("signin.failed", "192.0.2.4"), ("signin.succeeded", "192.0.2.4"),
    ]  # fmt: skip


@pytest.mark.slow
def test_every_form_that_is_accepted_leaves_an_event(as_admin: Client, people: People, letters: list[int]) -> None:
    silent, apart = [], []
    for route in routes():
        if "logout" in route:
            continue
        path = re.sub(r"<[^>]*>|\(\?P<[^>]*>(?:[^()]|\([^()]*\))*\)", str(letters[0]), route)
        path = re.sub(r"^\d+/(facets|columns|views|export)", r"cases/\1", path)
        before = AuditEvent.objects.latest("pk").pk if AuditEvent.objects.exists() else 0
        response = as_admin.post(f"/{path.lstrip('/')}", {"format": "csv", "query": "", "do": "save", "action": "x"})
        events = AuditEvent.objects.filter(pk__gt=before)
        if response.status_code < 400 and not events:
            silent.append(route)
        accepted = response.status_code < 400 and response.status_code != 200  # 200: shown again
        if accepted and events.filter(action="form.sent") and not is_recorded_form(f"/{path.lstrip('/')}"):
            apart.append(route)
    assert not silent
    assert [route for route in apart if not route.startswith(OWN_EVENTS)] == []


#: Pages whose changes have events of their own; the empty form of this test changes nothing there.
OWN_EVENTS = (
    "accounts/",
    "admin/",
    "cases/<int:pk>/fields/",
    "cases/<int:pk>/work/",
    "offices/",
    "people/",
    "uploads/",
)


def is_recorded_form(address: str) -> bool:
    """Whether the view of this address changes and records in one transaction."""
    view: Any = resolve(address).func
    while "recorded_forms" not in view.__code__.co_filename and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return "recorded_forms" in view.__code__.co_filename


@pytest.mark.parametrize(
    ("address", "form", "table"),
    [
        ("/cases/views/save/", {"name": "Mine", "query": ""}, SavedView),
        ("/cases/columns/", {"column": ["outcome"], "query": ""}, ColumnChoice),
        ("/cases/{}/report/", {"path": "age", "note": "Synthetic words"}, ProblemReport),
        ("/cases/{}/watch/", {}, Watch),
        ("/notifications/mail/", {"choice": "off"}, MailPreference),
    ],
)
def test_a_form_that_cannot_be_recorded_changes_nothing(
    as_casemanager: Client, letters: list[int], address: str, form: dict[str, str], table: type[Model]
) -> None:
    address = address.format(letters[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'the trail is full'; END$$;"
            " CREATE TRIGGER refuse BEFORE INSERT ON determinations_auditevent FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(DatabaseError, match="the trail is full"):
        as_casemanager.post(address, form)
    assert not table._default_manager.exists()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON determinations_auditevent")
    assert as_casemanager.post(address, form).status_code == 302
    assert table._default_manager.count() == 1
    assert AuditEvent.objects.latest("pk").action in ("form.sent", "watch.began")

"""The pages: who opens them, searching, exports, the disclosures of a case."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.access.audit import events_from, record
from determinations.audit import upkeep
from determinations.browsing.exports import write_export
from determinations.models import AuditEvent, AuditState, Export
from determinations.models.clock import database_now
from determinations.views.audit import disclosures, tables, trail
from determinations.views.browsing import exports as export_views
from tests.corrections.letters import document, item, stored_letter
from tests.fixtures.answers import content_of
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def shown(page: Any) -> list[str]:
    return [entry.event.action for entry in page.context["entries"]]


@pytest.mark.parametrize("role", ["casemanager", "supervisor", "outsider"])
def test_only_administrators_open_the_pages(client: Client, people: People, role: str) -> None:
    letter = stored_letter(document(item("Knee brace")))
    client.force_login(getattr(people, role))
    for method, name, args in (
        ("get", "audit", []), ("post", "export_audit", []), ("get", "audit_alerts", []), ("post", "audit_alerts", []),
        ("get", "disclosures", [letter.pk]), ("post", "export_disclosures", [letter.pk]),
    ):  # fmt: skip
        assert getattr(client, method)(reverse(name, args=args)).status_code == 403
    assert reverse("audit") not in client.get("/?home=yes").content.decode()


def test_events_are_found_by_user_action_case_address_and_time(as_admin: Client, people: People) -> None:
    number = "CM17-9000142"
    letter, other = (stored_letter(document(item("Brace"), case_number=number if first else None)) for first in (1, 0))
    now = timezone.now()
    with events_from("192.0.2.8"):
        record("case.viewed", by=people.casemanager, at=now - timedelta(days=3), letter_id=letter.pk)
    record("list.viewed", by=people.supervisor, at=now, letter_ids=[letter.pk, other.pk], rows=2, query="q=x")
    record("original.downloaded", by=people.casemanager, at=now, letter_id=other.pk)
    three = {"case.viewed", "list.viewed", "original.downloaded"}
    day = timezone.localdate(now - timedelta(days=3)).isoformat()
    for query, expected in [
        ({"person": "CaseManager"}, {"case.viewed", "original.downloaded"}),
        ({"person": "nobody"}, set()),
        ({"action": "case.viewed"}, {"case.viewed"}),
        ({"action": "Viewing"}, three),
        ({"case": number}, {"case.viewed", "list.viewed"}),
        ({"case": str(other.pk)}, {"list.viewed", "original.downloaded"}),
        ({"case": "no such case"}, set()),
        ({"address": "192.0.2.8"}, {"case.viewed"}),
        ({"since": day, "until": day}, {"case.viewed"}),
        ({"case": number, "person": "supervisor"}, {"list.viewed"}),
    ]:
        page = as_admin.get(reverse("audit"), query)
        found = {entry.event.action for entry in page.context["entries"] if entry.event.by_id != people.admin.pk}
        assert found == expected, query
    assert as_admin.get(reverse("audit"), {"address": "x", "since": "x"}).status_code == 422


def test_a_page_makes_the_same_queries_for_many_events(
    as_admin: Client, people: People, django_assert_max_num_queries: Any
) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(at=timezone.now(), action="list.viewed", by_id=1, by_name="a", letter_ids=[1], detail={"rows": 1})
        for _ in range(120)
    )
    with django_assert_max_num_queries(18) as asked:
        page = as_admin.get(reverse("audit"))
    assert len(page.context["entries"]) == 50
    assert not [query for query in asked.captured_queries if '"letter_ids" FROM' in query["sql"]]
    assert shown(as_admin.get(reverse("audit") + page.context["page"].next_query)) == ["list.viewed"] * 50


def test_what_is_wrong_with_the_trail_is_on_its_page(as_admin: Client, people: People) -> None:
    record("case.viewed", by=None, at=timezone.now() - timedelta(minutes=9))
    AuditState.objects.update(fault="Event 7 was changed.", stream_fault="The file /x cannot be reached")
    page = as_admin.get(reverse("audit")).content.decode()
    for words in ("Event 7 was changed.", "wait to be chained", "The file /x cannot be reached"):
        assert words in page
    upkeep.seal_all()
    assert "wait to be chained" not in as_admin.get(reverse("audit")).content.decode()


def test_the_trail_is_exported_and_formulas_are_harmless(
    as_admin: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    record("search.made", by=people.casemanager, at=timezone.now(), query="=1+1")
    answer = as_admin.post(reverse("export_audit"), {"format": "csv", "query": "action=search.made"})
    text = content_of(answer).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["User"], row["In words"], row["Details"]) == ("casemanager", "searched", "query: =1+1")
    assert AuditEvent.objects.get(action="audit.exported").detail["rows"] == 1
    answer = as_admin.post(reverse("export_audit"), {"format": "xlsx", "query": ""})
    assert content_of(answer).startswith(b"PK")
    monkeypatch.setattr(trail, "MOST_IN_EXCEL", 1)
    answer = as_admin.post(reverse("export_audit"), {"format": "xlsx", "query": ""}, follow=True)
    assert "an Excel file has at most 1 events" in answer.content.decode()


def test_a_csv_file_has_all_events_read_in_parts_whatever_their_number(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(trail, "MOST_IN_EXCEL", 3)
    now = timezone.now()
    ages = [3, 1, 1, 1, 1, 2, 0]  # several of one moment, over the end of a part
    events = [record("case.viewed", by=None, at=now - timedelta(minutes=minutes)) for minutes in ages]
    answer = as_admin.post(reverse("export_audit"), {"format": "csv", "query": "action=case.viewed"})
    exported = AuditEvent.objects.get(action="audit.exported")
    text = content_of(answer).decode("utf-8-sig")
    newest_first = sorted(events, key=lambda event: (event.at, event.pk), reverse=True)
    assert [int(row["Event"]) for row in csv.DictReader(io.StringIO(text))] == [event.pk for event in newest_first]
    assert exported.detail["rows"] == 7


def test_a_large_export_of_the_trail_asks_who_it_is(as_admin: Client, settings: Any) -> None:
    settings.CONFIRM_EXPORT_ROWS = 1
    for _ in range(3):
        record("case.viewed", by=None, at=timezone.now())
    answer = as_admin.post(reverse("export_audit"), {"format": "csv", "query": ""})
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))


def test_the_disclosures_of_a_case_name_everyone(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    letter, other = (
        stored_letter(document(item("Brace"), case_number=f"CM16-900000{number}"), text="Synthetic letter.")
        for number in (1, 2)
    )
    client.force_login(people.casemanager)
    client.get(f"/cases/{letter.pk}/", REMOTE_ADDR="192.0.2.5")
    client.post(reverse("case_printed", args=[letter.pk]))
    client.get(f"/cases/{other.pk}/")
    client.get("/cases/")
    monkeypatch.setattr(export_views, "AT_ONCE", 1)
    client.post("/cases/export/", {"format": "csv", "query": ""})
    export = Export.objects.get()
    write_export(export.pk, now=database_now)
    content_of(client.get(reverse("export_file", args=[export.pk])))
    client.force_login(people.admin)
    assert reverse("disclosures", args=[letter.pk]) in client.get(f"/cases/{letter.pk}/").content.decode()
    with django_assert_max_num_queries(16):
        page = client.get(reverse("disclosures", args=[letter.pk]))
    assert shown(page) == [
        "case.viewed", "export.downloaded", "list.exported", "list.viewed", "case.printed", "case.viewed",
    ]  # fmt: skip
    assert "192.0.2.5" in page.content.decode()
    answer = client.post(reverse("export_disclosures", args=[letter.pk]), {"format": "csv"})
    lines = content_of(answer).decode().splitlines()
    assert len(lines) == 1 + 8, "the two openings of this page, too"
    monkeypatch.setattr(disclosures, "MOST_IN_EXCEL", 1)
    answer = client.post(reverse("export_disclosures", args=[letter.pk]), {"format": "xlsx"}, follow=True)
    assert "an Excel file has at most 1 events. Choose CSV" in answer.content.decode(), "it does not stop silently"
    assert AuditEvent.objects.filter(action="disclosures.exported").count() == 1
    monkeypatch.setattr(disclosures, "MOST_IN_EXCEL", 20)
    answer = client.post(reverse("export_disclosures", args=[letter.pk]), {"format": "xlsx"})
    assert content_of(answer).startswith(b"PK")

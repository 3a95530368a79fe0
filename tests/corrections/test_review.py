"""The review queue and the correction screen, through their addresses."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.cases import review_entries
from determinations.cases.open_letter import open_letter
from determinations.corrections import actions, review_queue
from determinations.models import (
    AuditEvent,
    Case,
    Correction,
    DisputedItem,
    ItemFact,
    ProblemReport,
    ReviewEntry,
    Upload,
    UploadedFile,
)
from determinations.models.browsing import ReportState
from tests.corrections.letters import NOW, document, doubtful, item, problem, store_reading, stored_letter
from tests.corrections.screen import fields_of, opened, path_of
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def test_the_queue_lists_the_highest_priority_first(as_admin: Client, people: People) -> None:
    doubt = stored_letter(doubtful("value_doubtful"))
    against = stored_letter(doubtful("guideline_contradicts_summary", case_number="CM16-9000002"))
    stored_letter(document(item("Fine"), case_number="CM16-9000003"))
    changed = stored_letter(document(item("Brace"), age=40, case_number="CM16-9000004"))
    actions.correct_field(changed.pk, "age", 41, by=people.admin, now=NOW, reason="misread")
    store_reading(changed, document(item("Brace"), age=42, case_number="CM16-9000004"), "2")
    reported = stored_letter(document(item("Walker"), case_number="CM16-9000005"))
    ProblemReport.objects.create(letter=reported, note="synthetic", by=people.casemanager, at=NOW)
    review_entries.note_report(reported.pk)
    order = list(ReviewEntry.objects.order_by("-urgency").values_list("pk", flat=True))
    assert order == [reported.pk, changed.pk, against.pk, doubt.pk]
    html = as_admin.get(reverse("review")).content.decode()
    assert [int(pk) for pk in re.findall(r'main-link" href="/admin/review/(\d+)/', html)] == order
    counts = dict(re.findall(r'value="(\w+)"> <span>[^<]+</span> <span class="count-of">(\d+)<', html))
    assert counts == {code: "1" for entry in ReviewEntry.objects.all() for code in entry.reasons}
    one = as_admin.get(reverse("review"), {"reason": "value_changed"}).content.decode()
    assert re.findall(r'main-link" href="/admin/review/(\d+)/', one) == [str(changed.pk)]


def test_a_letter_without_case_number_is_listed_by_file_name(as_admin: Client, people: People) -> None:
    letter = stored_letter(doubtful("value_doubtful", case_number=None))
    upload = Upload.objects.create(by=people.casemanager, started_at=NOW)
    for name in ("synthetic scan.pdf", "the same again.pdf"):
        UploadedFile.objects.create(upload=upload, name=name, outcome="accepted", letter=letter, received_at=NOW)
    for address in (reverse("review"), reverse("review_letter", args=[letter.pk])):
        html = as_admin.get(address).content.decode()
        assert "synthetic scan.pdf" in html
        assert "again.pdf" not in html


@pytest.mark.parametrize("role", ["casemanager", "supervisor", "outsider"])
def test_only_admins_see_the_queue_and_correct(client: Client, people: People, role: str) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    client.force_login(getattr(people, role))
    assert client.get(reverse("review")).status_code == 403
    assert client.get(reverse("review_letter", args=[letter.pk])).status_code == 403
    assert client.post(reverse("review_letter", args=[letter.pk]), {"value:age": "3"}).status_code == 403


def test_a_letter_without_its_first_page_gets_case_number_and_dates_here(as_admin: Client) -> None:
    missing = {"case_number": None, "decision_date": None, "date_of_injury": None}
    one = stored_letter(document(item("Brace"), problems=[problem("header_missing", "")], **missing))
    assert ReviewEntry.objects.get().reasons == ["header_missing"]
    fields = opened(as_admin, one.pk)
    given = {
        "value:case_number": "CM16-9000009",
        "value:decision_date": "2016-12-09",
        "value:date_of_injury": "2015-10-13",
    }
    as_admin.post(reverse("review_letter", args=[one.pk]), {**fields, **given, "reason": "misread"})
    case = Case.objects.get(pk=one.pk)
    assert (case.case_number, case.decision_date, case.date_of_injury) == (
        "CM16-9000009",
        date(2016, 12, 9),
        date(2015, 10, 13),
    )
    assert ItemFact.objects.get(case=case).decision_month == date(2016, 12, 1)
    assert not ReviewEntry.objects.exists()


def test_saving_an_unchanged_page_changes_nothing(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), opened(as_admin, letter.pk))
    assert response.status_code == 302
    assert not Correction.objects.exists()


def test_saving_leads_to_the_next_letter(as_admin: Client) -> None:
    later = stored_letter(doubtful("value_doubtful"))
    first = stored_letter(doubtful("guideline_contradicts_summary", case_number="CM16-9000002"))
    fields = opened(as_admin, first.pk)
    fields["value:age"] = "51"
    response = as_admin.post(reverse("review_letter", args=[first.pk]) + "?whose=", fields)
    assert response.headers["Location"].startswith(reverse("review_letter", args=[later.pk]))
    assert Case.objects.get(pk=first.pk).age == 51


def test_a_decision_and_a_citation_are_corrected_in_one_save(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    fields = opened(as_admin, letter.pk)
    decision, reviewer = path_of(letter.pk, 1, "decision"), path_of(letter.pk, 1, "reviewer")
    fields[f"value:{decision}"] = "overturned"
    fields |= {f"authority:{reviewer}:0": "mtus/knee", f"sections:{reviewer}:0": "Braces | Splints"}
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    row = DisputedItem.objects.get(case=letter.pk)
    cited = row.citations.get(side="reviewer")
    assert (row.decision, cited.authority.key, cited.sections) == ("overturned", "mtus/knee", ["Braces", "Splints"])
    assert set(Correction.objects.values_list("path", flat=True)) == {"items/1/decision", "items/1/reviewer"}


def test_selected_text_becomes_the_evidence(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_missing"), text="The worker is 51 years old.")
    fields = opened(as_admin, letter.pk) | {"value:age": "51", "evidence:age": "14-16"}
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert Correction.objects.get().evidence == [14, 16]
    assert open_letter(letter.pk).merged.record["spans"]["age"] == [14, 16]


def test_a_refused_value_keeps_everything_typed(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    decision = path_of(letter.pk, 1, "decision")
    fields = opened(as_admin, letter.pk) | {
        "value:age": "fifty",
        "value:summary": "Typed words.",
        f"value:{decision}": "approved",
    }
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert response.status_code == 422
    html = response.content.decode()
    assert "Age must be a whole number" in html
    assert "Decision must be one of: Upheld, Overturned" in html
    assert "Typed words." in html
    assert 'value="fifty"' in html
    assert '<a href="#field-age">Age must be a whole number' in html
    assert f'<a href="#field-{decision.replace("/", "-")}">Item 1 (Knee brace): Decision must be one of' in html
    assert not Correction.objects.exists()


def test_a_changed_line_with_unchanged_citations_warns_once(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    path = path_of(letter.pk, 1, "reviewer_text")
    fields = opened(as_admin, letter.pk) | {f"value:{path}": "Decision based on MTUS General Approaches."}
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert response.status_code == 422
    assert "“Reviewer cites” was not changed" in response.content.decode()
    assert not Correction.objects.exists()
    again = fields_of(response.content.decode())
    assert as_admin.post(reverse("review_letter", args=[letter.pk]), again).status_code == 302
    assert Correction.objects.get().path == "items/1/reviewer_text"


def test_a_date_before_the_injury_warns_once(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    fields = opened(as_admin, letter.pk) | {"value:decision_date": "2014-01-01"}
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert response.status_code == 422
    assert b"Decision date is before the date of injury." in response.content
    assert not Correction.objects.exists()
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields_of(response.content.decode()))
    assert Case.objects.get(pk=letter.pk).decision_date == date(2014, 1, 1)


def test_a_warning_that_the_user_has_not_seen_is_shown_first(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    fields = opened(as_admin, letter.pk) | {"value:decision_date": "1/1/2014"}
    page = as_admin.post(reverse("review_letter", args=[letter.pk]), fields).content.decode()
    fields = fields_of(page) | {"value:case_number": "16-1"}
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert response.status_code == 422
    assert "Case numbers look like" in response.content.decode()
    assert not Correction.objects.exists()
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields_of(response.content.decode()))
    assert (response.status_code, Correction.objects.count()) == (302, 2)


@pytest.mark.parametrize("typed", ["06/09/2016", "6-9-16", "Jun 9, 2016", "2016-06-09"])
def test_american_dates_are_accepted_and_echoed(as_admin: Client, typed: str) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    fields = opened(as_admin, letter.pk) | {"value:date_assigned": typed, "value:age": "fifty"}
    page = as_admin.post(reverse("review_letter", args=[letter.pk]), fields).content.decode()
    fields = fields_of(page)
    assert fields["value:date_assigned"] == "Jun 9, 2016"
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields | {"value:age": "50"})
    assert Case.objects.get(pk=letter.pk).date_assigned == date(2016, 6, 9)


def test_a_lost_race_keeps_what_was_typed_and_shows_the_other_value(as_admin: Client, people: People) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    fields = opened(as_admin, letter.pk) | {"value:age": "51", "value:summary": "Typed words."}
    for path, value in (("age", 60), ("priority", "expedited")):
        actions.correct_field(letter.pk, path, value, by=people.admin, now=NOW, reason="misread")
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert response.status_code == 409
    html = response.content.decode()
    assert 'value="51"' in html
    assert "Typed words." in html
    assert "Someone else saved <b>60</b> in the meantime" in html
    assert as_admin.post(reverse("review_letter", args=[letter.pk]), fields_of(html)).status_code == 302
    case = Case.objects.get(pk=letter.pk)
    assert (case.age, case.priority) == (51, "expedited")


def test_an_item_is_split_and_its_part_corrected_in_one_save(as_admin: Client) -> None:
    letter = stored_letter(document(item("MRI and x-ray"), problems=[problem("value_doubtful", "summary")]))
    key = path_of(letter.pk, 1, "request").split("/")[1]
    fields = opened(as_admin, letter.pk) | {"value:age": "51", f"split:{key}": "MRI\nx-ray", "do": f"split {key}"}
    page = as_admin.post(reverse("review_letter", args=[letter.pk]), fields).content.decode()
    assert not Correction.objects.exists()
    fields = fields_of(page)
    part = [name for name in fields if name.startswith("value:items/") and name.endswith("/decision")][1]
    fields |= {part: "overturned", "do": "save"}
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    items = list(DisputedItem.objects.filter(case=letter.pk).order_by("number").values_list("request", "decision"))
    assert items == [("MRI", "upheld"), ("x-ray", "overturned")]
    assert Case.objects.get(pk=letter.pk).age == 51


@pytest.mark.parametrize(
    ("button", "requests"),
    [
        ("down {A}", ["B", "A", "C"]),
        ("up {C}", ["A", "C", "B"]),
        ("remove {B}", ["A", "C"]),
        ("merge {A}", ["A; B", "C"]),
        ("add", ["A", "B", "C", "New"]),
    ],
)
def test_items_are_moved_removed_merged_and_added(as_admin: Client, button: str, requests: list[str]) -> None:
    letter = stored_letter(document(item("A"), item("B"), item("C")))
    keys = {values["request"]: values["key"] for values in open_letter(letter.pk).merged.record["items"]}
    fields = opened(as_admin, letter.pk) | {"do": button.format(**keys), "new_request": "New"}
    page = as_admin.post(reverse("review_letter", args=[letter.pk]), fields).content.decode()
    assert "Not saved yet" in page
    assert "saved change" not in page, "what is not saved cannot be undone as if it were"
    fields = fields_of(page) | {"do": "save"}
    fields |= {name: "upheld" for name in fields if name.startswith("value:") and name.endswith("/decision")}
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    stored = DisputedItem.objects.filter(case=letter.pk).order_by("number").values_list("request", flat=True)
    assert list(stored) == requests


def test_all_remaining_values_are_confirmed_at_once(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    fields = opened(as_admin, letter.pk) | {"value:age": "51", "confirm_rest": "on"}
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert list(actions.unconfirmed(open_letter(letter.pk))) == []
    assert not ReviewEntry.objects.filter(pk=letter.pk).exists()


def test_check_boxes_revert_a_value_and_dismiss_a_problem(as_admin: Client, people: People) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    actions.correct_field(letter.pk, "age", 60, by=people.admin, now=NOW, reason="misread")
    fields = opened(as_admin, letter.pk) | {"revert:age": "on", "dismiss": "value_doubtful summary"}
    as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert Case.objects.get(pk=letter.pk).age is None
    assert not ReviewEntry.objects.exists()


def test_a_letter_is_assigned_snoozed_and_unsnoozed(as_admin: Client, people: People) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    as_admin.post(reverse("review_assign", args=[letter.pk]), {"to": "admin"})
    assert ReviewEntry.objects.get().assigned_to == people.admin
    as_admin.post(reverse("review_assign", args=[letter.pk]), {"to": "casemanager"})
    assert ReviewEntry.objects.get().assigned_to == people.admin
    as_admin.post(reverse("review_snooze", args=[letter.pk]), {"days": "7"})
    assert not review_queue.queue(now=timezone.now()).exists()
    assert review_queue.queue(now=timezone.now() + timedelta(days=8)).exists()
    as_admin.post(reverse("review_snooze", args=[letter.pk]), {"days": "0"})
    assert review_queue.queue(now=timezone.now()).exists()


def test_a_letter_is_assigned_to_a_colleague_who_may_correct(as_admin: Client, people: People) -> None:
    other = User.objects.create_user("second.admin", password="synthetic")
    other.groups.set(people.admin.groups.all())
    User.objects.create_user("gone.admin", is_active=False).groups.set(people.admin.groups.all())
    letter = stored_letter(doubtful("value_doubtful"))
    html = as_admin.get(reverse("review_letter", args=[letter.pk])).content.decode()
    assert re.findall(r'class="menu-item" name="to" value="([^"]+)"', html) == ["second.admin"]
    as_admin.post(reverse("review_assign", args=[letter.pk]), {"to": "second.admin"})
    assert ReviewEntry.objects.get().assigned_to == other
    assert b"Assigned to second.admin: take over" in as_admin.get(reverse("review_letter", args=[letter.pk])).content


def test_a_users_report_is_answered_once_also_that_of_a_copy(as_admin: Client, people: People) -> None:
    letters = [stored_letter(document(item("Brace"))) for _ in range(2)]
    (counts,) = Case.objects.current()
    for letter in letters:
        report = ProblemReport.objects.create(letter=letter, note="synthetic", by=people.casemanager, at=NOW)
        review_entries.note_report(letter.pk)
        assert b"synthetic" in as_admin.get(reverse("review_letter", args=[counts.pk])).content
        address = reverse("review_answer_report", args=[counts.pk, report.pk])
        as_admin.post(address, {"state": "accepted", "answer": "Thank you."})
        page = as_admin.post(address, {"state": "declined", "answer": "A second one."}, follow=True)
        assert b"answered in the meantime. Nothing was saved." in page.content
        report.refresh_from_db()
        assert (report.state, report.answer, report.answered_by) == (ReportState.ACCEPTED, "Thank you.", people.admin)
        assert not ReviewEntry.objects.exists()
        assert AuditEvent.objects.filter(action="report.answered", letter_id=letter.pk).exists()


@pytest.mark.parametrize(
    ("path", "words", "field"),
    [
        ("items/2/decision", "item 2, decision", "field-items-{key}-decision"),
        ("items/2/subcategory", "item 2, subcategory", "field-items-{key}-category"),
        ("items/2/reviewer/1", "item 2, reviewer&#x27;s citations", "field-items-{key}-reviewer"),
        ("items/2", "item 2", "item-{key}"),
        ("decision_date", "decision date", "field-decision_date"),
    ],
)
def test_a_report_names_its_value_and_links_to_it(
    as_admin: Client, people: People, path: str, words: str, field: str
) -> None:
    letter = stored_letter(document(item("Brace"), item("Walker")))
    ProblemReport.objects.create(letter=letter, path=path, note="synthetic", by=people.casemanager, at=NOW)
    html = as_admin.get(reverse("review_letter", args=[letter.pk])).content.decode()
    place = field.format(key=open_letter(letter.pk).merged.record["items"][1]["key"])
    assert f'<a href="#{place}">{words}</a>' in html
    assert f'id="{place}"' in html
    assert ("(Walker)" in html) == path.startswith("items")


def test_a_selected_guideline_line_is_read(as_admin: Client) -> None:
    line = "Decision based on MTUS Shoulder Complaints 2004."
    letter = stored_letter(doubtful("value_doubtful"), text=f"Reviewer guideline: {line}")
    answer = as_admin.post(reverse("review_read_line", args=[letter.pk]), {"evidence": f"20-{20 + len(line)}"})
    assert [(citation["authority"], citation["edition"]) for citation in answer.json()["citations"]] == [
        ("MTUS Shoulder Complaints", "2004")
    ]

"""Every address, asked as a limited account of each role: nothing of the other office, not even that it exists."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from determinations.access.roles import STAFF_ROLES
from determinations.access.row_rules import OTHER_STAFF
from determinations.browsing.vocabulary import count_words
from determinations.casework import notes
from determinations.corrections.actions import correct_field
from determinations.models import (
    AuditEvent,
    CalendarFeed,
    CaseNote,
    CaseWork,
    Correction,
    Duty,
    DutyDocument,
    Export,
    Letter,
    LetterPair,
    LetterText,
    Notification,
    NotificationCase,
    OfficeField,
    OfficeImport,
    ProblemReport,
    ReparseRun,
    ReportSchedule,
    ReviewEntry,
    RowsAction,
    SavedReport,
    SavedView,
    Tag,
    Watch,
)
from determinations.models.browsing import ExportState
from determinations.models.duplicates import PairKind
from determinations.models.reparsing import Selection
from determinations.office_fields.records import Submitted, edit_values
from determinations.reports.definition import Definition
from determinations.views.duties.calendar_feed import _hash
from tests.access.addresses import ADDRESSES, OF_EVERY_TABLE, WITHOUT_LETTERS
from tests.access.offices import TwoOffices, give, letter_of, limit, two_offices
from tests.corrections.letters import NOW
from tests.fixtures.people import PASSWORD, People
from tests.safety.test_any_address import routes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

WORD, NUMBER = "zebrawood", "CM18-9000077"
#: What differs from request to request.
_CHANGING = re.compile(
    rb'name="(?:csrfmiddlewaretoken|kept-for)" value="[^"]+|data-token="\w+|<dcterms:[^/]+'
    rb"|X-Request-ID: \w+|Content-Length: \d+|[\d-]{10}T\d\d(?:%3A|:)\d\d(?:%3A|:)\d\dZ"
    rb"|Printed from imrsite by \w+ on [^.]+"
)


@dataclass(frozen=True)
class OtherOffice:
    """The IDs and words of the other office's things, for addresses and forms."""

    values: Mapping[str, str]

    def filled(self, address: str) -> str:
        return address.format_map(self.values)


def other_office(offices: TwoOffices, people: People) -> OtherOffice:
    """Everything that an office leaves behind: duties, reports, corrections, pairs, exports, views, runs, events."""
    from django.contrib.auth.models import Group, User

    theirs = offices.theirs
    person = User.objects.create_user(f"{WORD}user", password=PASSWORD)
    person.groups.set(Group.objects.filter(name="admin"))
    limit(person, offices.south)
    copy = letter_of(offices.south, WORD, NUMBER, decision_date="2016-12-10")
    correction, *_ = correct_field(
        theirs.pk, "summary", f"The patient has a {WORD}correction.", by=person, now=NOW, reason="misread",
        note=f"{WORD}note",
    )  # fmt: skip
    report = ProblemReport.objects.create(letter=theirs, note=f"{WORD}report", by=person, at=NOW)
    ReviewEntry.objects.get_or_create(letter=theirs, defaults={"reasons": ["no_age"], "urgency": 1})
    ReviewEntry.objects.filter(letter=theirs).update(assigned_to=person)
    pair = LetterPair.objects.create(
        older_id=min(theirs.pk, copy.pk), newer_id=max(theirs.pk, copy.pk), kind=PairKind.CASE_NUMBER, percent=99,
        found_at=NOW,
    )  # fmt: skip
    export = Export.objects.create(
        by=person, list_name="cases", format="csv", state=ExportState.READY, requested_at=NOW, rows=1
    )
    view = SavedView.objects.create(by=person, list_name="cases", name=f"{WORD}view", saved_at=NOW)
    saved_report = SavedReport.objects.create(
        by=person, name=f"{WORD}report", definition=Definition(title=f"{WORD}report").as_json(), saved_at=NOW
    )
    schedule = ReportSchedule.objects.create(
        report=saved_report, by=person, format="pdf", frequency="daily", at=time(6), next_at=NOW, saved_at=NOW
    )
    run = ReparseRun.objects.create(
        selection=Selection(what="ids", ids=[theirs.pk]), why=f"{WORD}run", by=person, at=NOW, parser_version="1",
        last_letter=theirs.pk,
    )  # fmt: skip
    event = AuditEvent.objects.create(
        at=NOW, by_id=person.pk, by_name=person.username, action="case.viewed", letter_id=theirs.pk
    )
    CaseWork.objects.create(letter=theirs, owner=person, tags=[f"{WORD}tag"], changed_at=NOW)
    Tag.objects.create(name=f"{WORD}tag", at=NOW)
    case_note = CaseNote.objects.create(letter=theirs, by=person, at=NOW, text=f"{WORD}casenote")
    field, _ = OfficeField.objects.get_or_create(
        slot=1, defaults={"key": "employer", "name": "Employer", "seen_by": list(STAFF_ROLES)}
    )
    edit_values(NUMBER, [Submitted(1, f"{WORD}employer", 0)], [field], by=person, now=NOW)
    table = OfficeImport.objects.create(by=person, file_name=f"{WORD}import", sha256="0" * 64, uploaded_at=NOW)
    action = RowsAction.objects.create(
        by=person, kind="work", before=[[theirs.pk, person.pk, "new", [f"{WORD}tag"]]], at=NOW
    )
    document = DutyDocument.objects.create(
        letter=theirs, item_number=1, name=f"{WORD}document", media_type="text/plain", size=1, sha256="0" * 64,
        store_name="0" * 32, by_name=person.username, at=NOW,
    )  # fmt: skip
    watch = Watch.objects.create(user=person, letter=theirs, at=NOW)
    told = Notification.objects.create(user=person, kind="changed", watch=watch, at=NOW)
    NotificationCase.objects.create(notification=told, letter=theirs)
    duty = Duty.objects.filter(letter__in=[theirs, copy]).order_by("pk").first()
    values = {
        "letter": theirs.pk, "upload": theirs.arrivals.get().upload_id, "duty": duty.pk if duty else 0,
        "report": report.pk, "pair": pair.pk, "correction": correction.pk, "export": export.pk, "view": view.pk,
        "run": run.pk, "event": event.pk, "person": person.pk, "office": offices.south.pk,
        "case_note": case_note.pk, "import": table.pk, "action": action.pk, "document": document.pk,
        "notification": told.pk, "watch": watch.pk, "saved_report": saved_report.pk, "schedule": schedule.pk,
    }  # fmt: skip
    return OtherOffice({name: str(value) for name, value in values.items()})


@pytest.fixture
def offices(people: People) -> TwoOffices:
    offices = two_offices()
    for user in (people.casemanager, people.supervisor, people.admin):
        limit(user, offices.north)
    CalendarFeed.objects.create(user=people.casemanager, token_sha256=_hash("synthetic-token"), at=NOW)
    return offices


@pytest.fixture
def other(offices: TwoOffices, people: People) -> OtherOffice:
    found = other_office(offices, people)
    count_words(now=timezone.now())
    words = {"word": WORD, "start": WORD[:4], "number": NUMBER, "ours": str(offices.ours.pk)}
    return OtherOffice({**found.values, **words, "token": "synthetic-token"})


def addresses(other: OtherOffice, of_each: int | None = None) -> Iterator[str]:
    """All addresses, or the first so many of each route."""
    for of_route in ADDRESSES.values():
        yield from (other.filled(address) for address in of_route[:of_each])


def body_of(response: Any) -> bytes:
    content: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    return content


def content_of(response: Any) -> bytes:
    """The whole response with its headers; of an Excel file, what is packed in it."""
    content = body_of(response)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b"".join(packed.read(name) for name in packed.namelist())
    headers = " ".join(f"{name}: {value}" for name, value in response.items())
    return content + b"\n" + headers.encode()


def marks_in(content: bytes, asked: str) -> list[str]:
    """What the response says of the other office, but for what the user typed into the address."""
    text = content.decode(errors="replace").lower()
    marks = [f"{WORD}{part}" for part in _PARTS if f"{WORD}{part}" not in asked.lower()]
    if NUMBER not in asked:
        marks.append(NUMBER.lower())
    return [mark for mark in marks if mark in text]


#: Words of the other office: what its letters, batches, users and records say.
_PARTS = (
    "request", "rationale", "cited", "section", "claims", "reviewer", "summary", "specialty", "file", "batch",
    "correction", "note", "casenote", "tag", "employer", "import", "document", "report", "view", "run",
    "user", " desk",
)  # fmt: skip


def test_every_address_is_walked() -> None:
    known = set(ADDRESSES)
    missing = [
        route
        for route in routes()
        if route not in known and not route.startswith(WITHOUT_LETTERS) and not route.startswith(OF_EVERY_TABLE)
    ]
    assert missing == [], "add these to tests/access/addresses.py, with the values of another office"
    assert [route for route in known if route not in routes()] == []


def test_the_marks_are_found_by_an_account_that_sees_everything(
    client: Client, people: People, other: OtherOffice
) -> None:
    limit_none = people.admin
    limit_none.account.office_ids = None
    limit_none.account.save()
    client.force_login(limit_none)
    found: set[str] = set()
    for address in ("/cases/", "/uploads/", "/admin/history/", "/cases/{letter}/", "/admin/review/", "/reports/"):
        found |= set(marks_in(content_of(client.get(other.filled(address))), ""))
    assert {NUMBER.lower(), f"{WORD}specialty", f"{WORD}rationale", f"{WORD}user", f"{WORD}batch"} <= found


def test_no_address_says_anything_of_another_office(client: Client, people: People, other: OtherOffice) -> None:
    """One address of each page as a case manager, and as a supervisor those that the case manager cannot open.

    The next test asks for all of them as an admin, whose pages include these.
    """
    of_supervisor = set[str]()
    for user in (people.casemanager, people.supervisor):
        client.force_login(user)
        for address in of_supervisor or addresses(other, 1):
            found = answer(client, address)
            assert found.marks == [], (address, user.username)
            if user == people.casemanager and found.status >= 400:
                of_supervisor.add(address)
    assert len(of_supervisor) > 20


@pytest.mark.slow
def test_no_address_answers_otherwise_when_another_office_exists(
    client: Client, people: People, offices: TwoOffices
) -> None:
    """Counts, orders, suggestions, statistics: all answers are those of an installation without the other office."""
    client.force_login(people.admin)

    class Undo(Exception):
        """Ends the other office's existence."""

    words = {
        "word": WORD,
        "start": WORD[:4],
        "number": NUMBER,
        "ours": str(offices.ours.pk),
        "token": "synthetic-token",
    }
    try:
        with transaction.atomic():
            values = {**other_office(offices, people).values, **words}
            count_words(now=timezone.now())
            with_other = {address: answer(client, address) for address in addresses(OtherOffice(values))}
            raise Undo
    except Undo:
        pass
    assert {address: found.marks for address, found in with_other.items() if found.marks} == {}
    remove(offices)
    count_words(now=timezone.now())
    # The trail lists what the walk itself asks for.
    asked = [address for address in with_other if not address.startswith("/audit/") and "/disclosures/" not in address]
    differing = [address for address in asked if answer(client, address) != with_other[address]]
    assert differing == []


@dataclass(frozen=True)
class Answer:
    """What an address answers; ``marks``: what it says of the other office."""

    status: int
    content: bytes
    marks: list[str]


def answer(client: Client, address: str) -> Answer:
    response = client.get(address)
    assert response.status_code < 500, address
    content = content_of(response)
    return Answer(response.status_code, _CHANGING.sub(b"", content), marks_in(content, address))


def remove(offices: TwoOffices) -> None:
    """As if the other office had never been."""
    from determinations.cases.effective import remove_letters
    from determinations.models import Upload

    remove_letters([offices.theirs.pk])
    Upload.objects.filter(office=offices.south).delete()


def test_no_form_reads_or_changes_another_office(client: Client, people: People, other: OtherOffice) -> None:
    client.force_login(people.admin)
    before = state_of(other)
    letter, person = other.values["letter"], other.values["person"]
    form = {
        "letter": letter, "upload": other.values["upload"], "office": other.values["office"], "offices": [letter],
        "query": f"q={WORD}request", "format": "csv", "name": "mine", "state": "", "do": "save", "go": "save",
        "action": "start", "decision": "merged", "counts": letter, "to": person, "assign": person, "items": letter,
        "duty": other.values["duty"], "received_on": "2026-01-02", "service": "mail", "reason": "test", "note": "test",
        "answer": "test", "confirm": "yes", "back": "/", "required": "yes", "done_on": "2026-01-02",
    }  # fmt: skip
    leaks = {}
    for route, of_route in ADDRESSES.items():
        if route.startswith(("accounts/", "profile/", "people/", "health/")):
            continue
        response = client.post(other.filled(of_route[0]), form)
        assert response.status_code < 500, route
        if marks := marks_in(content_of(response), str(form)):
            leaks[route] = marks
    assert leaks == {}
    assert state_of(other) == before


def state_of(other: OtherOffice) -> list[object]:
    """What forms could change of the other office."""
    letter = int(other.values["letter"])
    return [
        list(Letter.objects.filter(pk=letter).values()),
        list(LetterText.objects.filter(pk=letter).values()),
        list(ReviewEntry.objects.filter(pk=letter).values()),
        list(ProblemReport.objects.filter(letter=letter).values()),
        list(LetterPair.objects.filter(pk=other.values["pair"]).values()),
        list(Duty.objects.filter(letter=letter).values()),
        list(SavedView.objects.filter(pk=other.values["view"]).values()),
        list(ReparseRun.objects.filter(pk=other.values["run"]).values()),
        Correction.objects.filter(letter_id=letter).count(),
    ]


def test_a_letter_of_two_offices_shows_neither_the_others_names_nor_their_notes(
    client: Client, people: People, offices: TwoOffices, other: OtherOffice
) -> None:
    """What the others did to it shows, without who did it."""
    shared = offices.theirs
    for letter in (shared, Letter.objects.get(pk=LetterPair.objects.get(pk=other.values["pair"]).newer_id)):
        give(letter, offices.north, offices.south)
    person = User.objects.get(username=f"{WORD}user")
    Duty.objects.filter(letter=shared).update(
        assigned_to=person, closed_by_name=person.username, note=f"{WORD}dutynote"
    )
    of_duty = f"/worklist/{Duty.objects.get(letter=shared).pk}/"
    notes.add_note(shared.pk, f"{WORD}searched", by=person, now=timezone.now())
    hidden = [f"{WORD}{part}" for part in ("user", "note", "casenote", "searched", "report", "dutynote")]
    for user in (people.casemanager, people.admin):
        client.force_login(user)
        case = client.get(f"/cases/{shared.pk}/").content.decode()
        assert f"{WORD}correction" in case
        assert OTHER_STAFF in case
        for address in (
            "/cases/", "/worklist/?whose=all", of_duty, f"/admin/review/{shared.pk}/",
            f"/cases/{shared.pk}/disclosures/", f"/audit/?letter={shared.pk}", f"/admin/history/?letter={shared.pk}",
            f"/cases/{shared.pk}/retention/", "/notifications/", "/admin/review/",
        ):  # fmt: skip
            body = client.get(address).content.decode()
            assert [mark for mark in hidden if mark in body] == [], (address, user.username)
    for user in (people.casemanager, people.admin):  # afterwards, since the trail has what our own staff searched
        client.force_login(user)
        for search in (f"{WORD}note", f"{WORD}searched", f"notes:{WORD}note"):
            assert not client.get("/search/", {"q": search}).context["results"], search
    # The form of the case keeps the owner whose name it does not know, and changes are saved under the own name.
    client.force_login(people.casemanager)
    client.post(f"/cases/{shared.pk}/work/", {"do": "save", "owner": OTHER_STAFF, "status": "done"})
    work = CaseWork.objects.get(letter=shared)
    assert (work.owner, work.status) == (person, "done")
    client.post(f"/cases/{shared.pk}/notes/", {"text": "A note of our own."})
    assert "A note of our own." in client.get(f"/cases/{shared.pk}/").content.decode()
    # Its own staff sees all of it, but for what we noted.
    client.force_login(person)
    case = client.get(f"/cases/{shared.pk}/").content.decode()
    theirs = [case, *(client.get(address).content.decode() for address in (f"/admin/review/{shared.pk}/", of_duty))]
    assert [mark for mark in hidden if mark not in "".join(theirs) and mark != f"{WORD}note"] == []
    assert "A note of our own." not in case
    assert len(client.get("/search/", {"q": f"{WORD}searched"}).context["results"]) == 1

"""An outside party sees decisions, requests, guidelines and dates, and learns nothing from masked fields."""

import csv
import io
import re
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from determinations.access.open_pages import OUTSIDE_PARTIES
from determinations.access.roles import OUTSIDE_PARTY, scope_of
from determinations.access.scope import Scope
from determinations.corrections.actions import correct_field
from determinations.models import Correction, Export, ProblemReport
from determinations.tasks import write_export
from imrsite.local.people import make_people
from tests.access.addresses import ADDRESSES
from tests.access.offices import TwoOffices, limit, two_offices
from tests.access.test_offices_apart import body_of, content_of
from tests.corrections.letters import NOW
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

WORD = "aspenwood"
#: Words of fields that are masked; request and section are shown.
_MASKED = ("rationale", "cited", "claims", "reviewer", "summary", "specialty", "correction", "note", "report", "file")


@pytest.fixture(scope="module")
def _two_offices(module_transaction: None) -> TwoOffices:
    offices, admin = two_offices(), make_people(PASSWORD)["admin"]
    correct_field(
        offices.ours.pk, "summary", f"The patient has a {WORD}correction.", by=admin, now=NOW, reason="misread",
        note=f"{WORD}note",
    )  # fmt: skip
    ProblemReport.objects.create(letter=offices.ours, note=f"{WORD}report", by=admin, at=NOW)
    return offices


@pytest.fixture
def offices(_two_offices: TwoOffices, db: None) -> TwoOffices:
    return deepcopy(_two_offices)


@pytest.fixture
def employer(db: None) -> User:
    user = User.objects.create_user("employer")
    user.groups.set([Group.objects.get(name=OUTSIDE_PARTY)])
    return user


@pytest.fixture
def as_employer(client: Client, employer: User) -> Client:
    client.force_login(employer)
    return client


def own(offices: TwoOffices) -> dict[str, str]:
    """The addresses of the walk, with the values of a letter that the party may see masked."""
    arrival = offices.ours.arrivals.get()
    numbers = {name: str(offices.ours.pk) for name in ("letter", "ours")}
    names = (
        "case_note",
        "import",
        "action",
        "document",
        "notification",
        "watch",
        "duty",
        "report",
        "pair",
        "correction",
        "export",
        "view",
        "run",
        "event",
        "person",
        "office",
        "saved_report",
        "schedule",
    )
    words = {"word": WORD, "start": WORD[:4], "number": "CM18-9000011", "token": "none"}
    return {**numbers, "upload": str(arrival.upload_id), **dict.fromkeys(names, "1"), **words}


@pytest.mark.slow
def test_no_address_shows_a_masked_word(as_employer: Client, offices: TwoOffices) -> None:
    values, leaks, opened = own(offices), {}, set()
    for of_route in ADDRESSES.values():
        for address in (address.format_map(values) for address in of_route):
            response = as_employer.get(address)
            assert response.status_code < 500, address
            if response.status_code == 200:
                opened.add(response.resolver_match.url_name)
            text = content_of(response).decode(errors="replace").lower()
            words = [f"{WORD}{part}" for part in _MASKED if f"{WORD}{part}" not in address]
            if marks := [word for word in [*words, "female", "47"] if _says(text, word)]:
                leaks[address] = marks
    assert leaks == {}
    assert opened - {"login"} <= OUTSIDE_PARTIES
    assert {"home", "case_list", "item_list", "case_detail", "statistics", "citations"} <= opened


def test_an_outside_party_opens_its_own_view_by_its_address(as_employer: Client, employer: User) -> None:
    as_employer.post("/cases/views/save/", {"name": "Upheld", "query": "outcome=upheld"})
    view = employer.saved_views.get()
    assert as_employer.get(f"/views/{view.pk}/open/").headers["Location"] == "/cases/?outcome=upheld"


def _says(text: str, word: str) -> bool:
    """Whether the text has the word; an age counts as a cell or value alone, since many numbers have these digits."""
    return f">{word}<" in text or f",{word}," in text if word.isdigit() else word in text


_BY_MASKED_WORDS = (
    "?rationale_words={}rationale", "?summary_words={}summary", "?q={}rationale", "?q=-{}rationale",
    "?q=%22the+{}rationale%22", "?specialty={}specialty", "?cites_words={}claims", "?reviewer_words={}specialty",
    "?notes_words={}note", "?q=request:{}request",
)  # fmt: skip


@pytest.mark.parametrize("path", ["/cases/", "/items/", "/decisions/", "/cases/facets/", "/statistics/"])
def test_filters_by_masked_words_answer_alike_whether_or_not_they_occur(
    as_employer: Client, offices: TwoOffices, path: str
) -> None:
    csrf = 'name="csrfmiddlewaretoken" value="'
    for query in _BY_MASKED_WORDS:
        present, absent = (
            re.sub(f"{WORD}|quincewood", "…", as_employer.get(path + query.format(word)).content.decode())
            for word in (WORD, "quincewood")
        )
        assert [part[64:] for part in present.split(csrf)] == [part[64:] for part in absent.split(csrf)], query


def test_a_filter_by_words_finds_nothing_by_their_absence_either_and_says_so(
    as_employer: Client, people: People, offices: TwoOffices
) -> None:
    as_admin = Client()
    as_admin.force_login(people.admin)
    for query in ("?q=-quincewood", "?rationale_words=-quincewood", "?q=-%22the+quincewood%22&priority=Standard"):
        for path in ("/cases/", "/items/", "/decisions/"):
            page = as_employer.get(path + query).content.decode()
            assert "CM18-9000011" not in page
            assert "finds nothing. Remove it to see cases." in page
    page = as_admin.get("/cases/?q=-quincewood").content.decode()
    assert "CM18-9000011" in page
    assert "Remove it to see cases." not in page
    assert "Remove it to see cases." not in as_employer.get("/cases/").content.decode()


@pytest.mark.parametrize("query", ["?sex=female", "?age=40-49", "?region=Knee", "?problem=no_age"])
def test_no_filter_by_a_masked_value_finds_a_case(as_employer: Client, offices: TwoOffices, query: str) -> None:
    for path in ("/cases/", "/items/"):
        assert "CM18-9000011" not in as_employer.get(path + query).content.decode()


def test_the_case_page_shows_what_was_decided(as_employer: Client, offices: TwoOffices) -> None:
    page = as_employer.get(f"/cases/{offices.ours.pk}/").content.decode()
    assert "CM18-9000011" in page
    assert f"Brace {WORD}request" in page
    assert "This view leaves out medical narrative" in page
    assert "Shoulder" in page
    assert "Overturned" in page


def test_an_outside_party_limited_to_an_office_sees_its_cases_alone(
    as_employer: Client, employer: User, offices: TwoOffices
) -> None:
    limit(employer, offices.south)
    assert scope_of(User.objects.get(pk=employer.pk)) == Scope((offices.south.pk,), masked=True)
    page = as_employer.get("/cases/").content.decode()
    assert "CM18-9000077" in page
    assert "CM18-9000011" not in page
    assert as_employer.get(f"/cases/{offices.ours.pk}/").status_code == 404


def test_an_outside_party_changes_nothing(as_employer: Client, offices: TwoOffices) -> None:
    values, before = own(offices), Correction.objects.count()
    for of_route in ADDRESSES.values():
        response = as_employer.post(of_route[0].format_map(values), {"query": "", "letter": str(offices.ours.pk)})
        assert response.status_code < 500
    assert Correction.objects.count() == before
    assert ProblemReport.objects.count() == 1
    assert as_employer.post("/uploads/", {}).status_code == 403


@pytest.mark.parametrize("kind", ["cases", "items"])
def test_staff_export_a_list_for_an_employer(as_casemanager: Client, offices: TwoOffices, kind: str) -> None:
    response = as_casemanager.post(f"/{kind}/export/", {"format": "csv", "query": "", "masked": "yes"})
    assert "for-employer" in response["Content-Disposition"]
    text = body_of(response).decode()
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert {"CM18-9000011", "CM18-9000077"} == {row["Case number"] for row in rows}
    assert not {"Age", "Sex", "Injured", "Reviewer's specialty", "Grounds", "Doubts"} & rows[0].keys()
    assert not [part for part in _MASKED if f"{WORD}{part}" in text]
    whole = content_of(as_casemanager.post(f"/{kind}/export/", {"format": "csv", "query": ""})).decode()
    assert f"{WORD}specialty" in whole


def test_a_filter_by_masked_words_finds_nothing_in_a_masked_export(
    as_casemanager: Client, offices: TwoOffices
) -> None:
    form = {"format": "csv", "query": f"q={WORD}rationale"}
    assert b"CM18-9000011" in content_of(as_casemanager.post("/cases/export/", form))
    assert b"CM18-9000011" not in content_of(as_casemanager.post("/cases/export/", {**form, "masked": "yes"}))


def _made(user: User, **values: Any) -> Export:
    export = Export.objects.create(
        by=user, list_name="cases", format="csv", requested_at=timezone.now() - timedelta(minutes=1), **values
    )
    write_export(export.pk)
    return Export.objects.get(pk=export.pk)


def test_an_export_holds_what_its_owner_may_see_when_it_is_written_and_downloaded(
    client: Client, people: People, offices: TwoOffices
) -> None:
    user = people.casemanager
    client.force_login(user)
    before = _made(user)
    assert b"CM18-9000077" in content_of(client.get(f"/exports/{before.pk}/file"))
    waiting = Export.objects.create(by=user, list_name="cases", format="csv", requested_at=timezone.now())
    limit(user, offices.north)
    assert client.get(f"/exports/{before.pk}/file").status_code == 404
    write_export(waiting.pk)
    ours = body_of(client.get(f"/exports/{waiting.pk}/file"))
    assert b"CM18-9000011" in ours
    assert b"CM18-9000077" not in ours
    limit(user, offices.south)
    assert client.get(f"/exports/{waiting.pk}/file").status_code == 404
    limit(user, offices.north, offices.south)
    assert body_of(client.get(f"/exports/{waiting.pk}/file")) == ours
    masked = _made(user, masked=True)
    assert f"{WORD}specialty".encode() not in content_of(client.get(f"/exports/{masked.pk}/file"))

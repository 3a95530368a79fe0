"""Access tokens: made once, kept as hashes, limited by scopes, account, time and rate."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from determinations.api.tokens import TokenRefused, make_token
from determinations.models import ApiToken, AuditEvent, Case, TokenScope
from imrsite.serving.body_limits import Allowance, allowance_of_token
from tests.access.conftest import sign_in
from tests.access.offices import limit, two_offices
from tests.api.conftest import Bearer, Caller
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
FORM = {"do": "make", "name": "Claims system", "scopes": ["read", "work"], "days": "90"}


def _text_in(page: Any) -> str:
    found = re.search(r"imr_[\w-]+", page.content.decode())
    assert found
    return found[0]


def test_a_token_is_shown_once_and_kept_as_a_hash(people: People) -> None:
    client = Client()
    sign_in(client, "casemanager", PASSWORD)
    page = client.post("/profile/tokens/", FORM)
    text, token = _text_in(page), ApiToken.objects.get()
    assert token.secret_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (token.user, token.scopes, token.hint) == (people.casemanager, ["read", "work"], text[:8])
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    listed = client.get("/profile/tokens/").content.decode()
    assert "Claims system" in listed
    assert text not in listed
    assert text not in str(AuditEvent.objects.values_list("detail", flat=True))
    assert AuditEvent.objects.get(action="token.created").by_id == people.casemanager.pk
    assert client.post("/profile/tokens/", {**FORM, "scopes": []}).status_code == 422
    assert client.post("/profile/tokens/", {**FORM, "days": "9999"}).status_code == 422
    assert ApiToken.objects.count() == 1


def test_making_a_token_asks_who_it_is(as_casemanager: Client, settings: Any) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = as_casemanager.post("/profile/tokens/", FORM)
    assert answer.headers["Location"].startswith("/accounts/")
    assert not ApiToken.objects.exists()


def test_a_token_acts_as_its_user_until_it_ends(people: People, bearer: Caller, collection: list[Case]) -> None:
    token = bearer(people.casemanager, "read")
    assert token.get("/api/v1/cases").json()["count"]["number"] == len(collection)
    row = ApiToken.objects.get()
    assert row.used_at is not None
    assert row.used_from == "127.0.0.1"
    event = AuditEvent.objects.filter(action="list.viewed").latest("pk")
    assert (event.by_id, event.detail["access_token"]) == (people.casemanager.pk, row.pk)
    assert token.get("/cases/").status_code == 302  # tokens open no pages
    as_casemanager = Client()
    sign_in(as_casemanager, "casemanager", PASSWORD)
    as_casemanager.post("/profile/tokens/", {"do": "revoke", "token": row.pk})
    refused = token.get("/api/v1/cases")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert AuditEvent.objects.filter(action="token.revoked").count() == 1
    token.get("/api/v1/cases")
    assert AuditEvent.objects.filter(action="token.refused").count() == 1  # once an hour


@pytest.mark.parametrize("end", ["expired", "inactive", "unknown", "without the API"])
def test_an_ended_token_opens_nothing(people: People, bearer: Caller, end: str) -> None:
    token = bearer(people.casemanager)
    if end == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif end == "inactive":
        type(people.casemanager).objects.filter(pk=people.casemanager.pk).update(is_active=False)
    elif end == "without the API":  # the role may still browse cases
        Group.objects.get(name="case manager").permissions.remove(Permission.objects.get(codename="use_api"))
    else:
        ApiToken.objects.all().delete()
    assert token.get("/api/v1/cases").status_code == 401


def test_a_token_may_no_more_than_its_scopes_and_its_account(people: People, bearer: Caller) -> None:
    reads, all_of_it = bearer(people.casemanager, "read"), bearer(people.casemanager)
    assert reads.get("/api/v1/letters").status_code == 403
    assert "scope" in reads.get("/api/v1/letters").json()["detail"]
    assert all_of_it.get("/api/v1/letters").status_code == 200
    assert all_of_it.get("/api/v1/audit").status_code == 403  # the scope is there, the permission is not
    assert bearer(people.admin).get("/api/v1/audit").status_code == 200
    people.supervisor.groups.clear()
    people.supervisor.user_permissions.add(Permission.objects.get(codename="use_api"))
    assert bearer(type(people.supervisor).objects.get(pk=people.supervisor.pk)).get("/api/v1/cases").status_code == 403


def test_offices_limit_tokens(people: People, bearer: Caller) -> None:
    offices = two_offices()
    limit(people.supervisor, offices.north)
    token = bearer(type(people.supervisor).objects.get(pk=people.supervisor.pk))
    assert [case["id"] for case in token.get("/api/v1/cases").json()["results"]] == [offices.ours.pk]
    assert token.get(f"/api/v1/cases/{offices.theirs.pk}").status_code == 404
    assert token.get(f"/api/v1/cases/{offices.theirs.pk}/notes").status_code == 404
    assert token.write("POST", f"/api/v1/cases/{offices.theirs.pk}/notes", {"text": "A note."}).status_code == 404


def test_administrators_make_and_revoke_tokens_of_others(people: People) -> None:
    admin = Client()
    sign_in(admin, "admin", PASSWORD)
    page = admin.post("/people/tokens/", {**FORM, "user": "casemanager"})
    text, token = _text_in(page), ApiToken.objects.get()
    assert (token.user, token.created_by_name) == (people.casemanager, "admin")
    assert Bearer(text, token).get("/api/v1/cases").status_code == 200
    assert "no account" in admin.post("/people/tokens/", {**FORM, "user": "nobody"}).content.decode()
    admin.post("/people/tokens/", {"do": "revoke", "token": token.pk})
    assert Bearer(text, token).get("/api/v1/cases").status_code == 401
    assert "revoked" in admin.get("/people/tokens/").content.decode()
    casemanager = Client()
    sign_in(casemanager, "casemanager", PASSWORD)
    assert casemanager.get("/people/tokens/").status_code == 403
    assert casemanager.post("/profile/tokens/", {"do": "revoke", "token": token.pk + 1}).status_code == 404
    with pytest.raises(TokenRefused, match="may not use"):
        make_token(people.outsider, "x", ["read"], days=30, by=people.admin, now=timezone.now())


def test_a_session_reads_but_never_writes(as_casemanager: Client, people: People, collection: list[Case]) -> None:
    assert as_casemanager.get("/api/v1/cases").status_code == 200
    answer = as_casemanager.post(f"/api/v1/cases/{collection[0].pk}/notes", {"text": "x"}, "application/json")
    assert answer.status_code == 401
    assert Client().get("/api/v1/cases").status_code == 401
    assert Client().get("/api/v1/openapi.json").headers["Content-Type"] == "application/problem+json"


def test_requests_per_minute_are_limited_by_token(people: People, bearer: Caller, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    one, other = bearer(people.casemanager), bearer(people.casemanager)
    answers = [one.get("/api/v1/grounds") for _ in range(5)]  # a minute may end between two of them
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["status"] == 429
    assert 0 < int(refused[0].headers["Retry-After"]) <= 61
    assert other.get("/api/v1/grounds").headers["RateLimit-Limit"] == "2"


def test_the_web_server_accepts_files_by_the_signature_of_a_token(people: People, bearer: Caller) -> None:
    text = bearer(people.casemanager).text
    assert allowance_of_token(text) is Allowance.FILES
    assert allowance_of_token(text[:-1] + ("0" if text[-1] != "0" else "1")) is None
    assert allowance_of_token("imr_") is None
    assert TokenScope.UPLOAD in ApiToken.objects.get().scopes

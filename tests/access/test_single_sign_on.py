"""Single sign-on with a real provider on this machine: accounts made and matched, roles by group, faults."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from determinations.access import accounts
from determinations.access.roles import role_of
from determinations.models import AuditEvent, Office
from imrsite import env
from tests.access.conftest import sign_in
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

IDENTITIES = {
    "erica": {"email": "erica@example.org", "email_verified": True, "groups": ["staff", "imr-supervisors"]},
    "boss": {"email": "boss@example.org", "email_verified": True, "groups": ["imr-admins", "imr-supervisors"]},
    "unverified": {"email": "cm@example.org", "email_verified": False, "groups": ["imr-supervisors"]},
    "cass": {"email": "cm@example.org", "email_verified": True, "groups": "imr-supervisors"},
    "visitor": {"email": "visitor@example.org", "email_verified": True, "groups": ["staff"]},
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an OpenID Connect provider, a process of its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    users = [json.dumps({"sub": sub, **claims}) for sub, claims in IDENTITIES.items()]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    for user in users:
        command += ["--user-claims", user]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            requests.get(f"{address}/jwks", timeout=5)
            break
        except requests.ConnectionError:
            assert process.poll() is None, "the provider does not start"
            time.sleep(0.05)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def provider(server: str, settings: Any) -> str:
    """The provider, in the settings."""
    settings.OIDC_SERVER = server
    settings.OIDC_NAME = "Example Co"
    app = {"provider_id": "sso", "name": "Example Co", "client_id": "imrsite", "secret": "secret"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{**app, "settings": {"server_url": server}}]}}
    settings.OIDC_ROLES = {"imr-admins": "admin", "imr-supervisors": "supervisor"}
    return server


def come_as(sub: str, client: Client, address: str = "/accounts/oidc/sso/login/") -> Any:
    """Walk from our sign-in page to the provider, be this identity there, and come back."""
    leaving = client.get(address)
    assert leaving.status_code == 302, leaving.content
    answer = requests.post(leaving.headers["Location"], data={"sub": sub}, allow_redirects=False, timeout=10)
    back = re.sub(r"^https?://[^/]+", "", answer.headers["Location"])
    return client.get(back)


def refusal() -> str:
    return str(AuditEvent.objects.filter(action="signin.refused").latest("pk").detail["reason"])


def test_an_account_is_made_with_the_role_of_the_groups(client: Client, provider: str, settings: Any) -> None:
    settings.OIDC_CREATE_ACCOUNTS = True
    page = client.get(reverse("login") + "?next=/items/").content.decode()
    assert "Sign in with Example Co" in page
    address = re.search(r'href="(/accounts/oidc/sso/login/[^"]*)"', page)
    assert address
    assert come_as("erica", client, address[1]).headers["Location"] == "/items/"
    erica = User.objects.get(email="erica@example.org")
    assert (role_of(erica), erica.has_usable_password(), erica.is_staff) == ("supervisor", False, False)
    assert client.get(reverse("statistics")).status_code == 200
    assert AuditEvent.objects.get(action="person.added").detail["role"] == "supervisor"
    assert AuditEvent.objects.get(action="signin.succeeded").detail["methods"] == ["socialaccount"]
    settings.OIDC_ROLES = {"imr-supervisors": "case manager"}
    again = Client()
    assert come_as("erica", again).headers["Location"] == "/"
    assert User.objects.get(email="erica@example.org") == erica
    assert again.get(reverse("statistics")).status_code == 403
    assert AuditEvent.objects.get(action="role.changed").detail["source"] == "single sign-on"


def test_the_role_with_most_rights_counts(client: Client, provider: str, settings: Any) -> None:
    settings.OIDC_CREATE_ACCOUNTS = True
    come_as("boss", client)
    assert client.get(reverse("people")).status_code == 200


@pytest.mark.parametrize("sub", ["erica", "unverified"])
def test_no_account_is_made_unless_the_settings_say_so(client: Client, provider: str, sub: str) -> None:
    answer = come_as(sub, client)
    assert answer.status_code == 403
    assert "Ask an administrator to add you" in answer.content.decode()
    assert refusal() == "no_account"
    assert not SocialAccount.objects.exists()


def test_an_account_is_matched_by_verified_address_alone_and_only_if_so_set(
    client: Client, people: People, provider: str, settings: Any
) -> None:
    User.objects.filter(pk=people.casemanager.pk).update(email="CM@example.org")
    settings.OIDC_CREATE_ACCOUNTS = True
    assert come_as("cass", Client()).status_code == 403
    assert refusal() == "taken"
    settings.OIDC_MATCH_EMAIL = True
    assert come_as("unverified", Client()).status_code == 403
    assert refusal() == "unverified"
    assert come_as("cass", client).headers["Location"] == "/"
    assert SocialAccount.objects.get().user == people.casemanager
    assert role_of(User.objects.get(pk=people.casemanager.pk)) == "supervisor"
    assert sign_in(Client(), "casemanager", PASSWORD).status_code == 302, "the password stays"
    User.objects.create_user("second", email="cm@example.org")
    SocialAccount.objects.all().delete()
    assert come_as("cass", Client()).status_code == 403, "two accounts have the address"


def test_groups_without_a_role_open_nothing(client: Client, provider: str, settings: Any) -> None:
    settings.OIDC_CREATE_ACCOUNTS = True
    assert "no group that has access" in come_as("visitor", client).content.decode()
    assert refusal() == "no_role"


def test_the_last_administrator_keeps_the_role(client: Client, people: People, provider: str, settings: Any) -> None:
    User.objects.filter(pk=people.admin.pk).update(email="erica@example.org")
    settings.OIDC_MATCH_EMAIL = True
    come_as("erica", client)
    assert client.get(reverse("people")).status_code == 200
    assert AuditEvent.objects.get(action="role.kept").detail["wanted"] == "supervisor"


def test_the_groups_decide_which_offices_an_account_sees(
    client: Client, people: People, provider: str, settings: Any
) -> None:
    acme, west, closed = (
        Office.objects.create(name=name, active=name != "Closed") for name in ("Acme", "West", "Closed")
    )
    settings.OIDC_CREATE_ACCOUNTS = True
    settings.OIDC_OFFICES = {"staff": "Acme", "imr-supervisors": "West", "imr-admins": "Closed"}
    come_as("erica", client)
    erica = User.objects.get(email="erica@example.org")
    assert accounts.offices_of(erica) == [acme, west]
    settings.OIDC_OFFICES = {"staff": "Acme"}
    come_as("erica", Client())
    assert accounts.offices_of(erica) == [acme], "from the next sign-in on"
    assert AuditEvent.objects.filter(action="person.limited").latest("pk").detail["after"] == ["Acme"]
    settings.OIDC_OFFICES = {"imr-supervisors": "*", "staff": "Acme"}
    come_as("erica", Client())
    assert accounts.offices_of(erica) is None
    for mapped in ({"elsewhere": "Acme"}, {"staff": "No such office"}, {"staff": closed.name}):
        settings.OIDC_OFFICES = mapped
        assert "no group of an office" in come_as("erica", Client()).content.decode()
        assert refusal() == "no_office"
    settings.OIDC_OFFICES = {"imr-supervisors": "West"}
    User.objects.filter(pk=people.admin.pk).update(is_active=False)
    come_as("boss", Client())
    boss = User.objects.get(email="boss@example.org")
    assert accounts.offices_of(boss) is None
    assert AuditEvent.objects.get(action="limit.kept").detail["wanted"] == ["West"]


def test_a_deactivated_account_stays_out(client: Client, people: People, provider: str, settings: Any) -> None:
    User.objects.filter(pk=people.supervisor.pk).update(email="erica@example.org", is_active=False)
    settings.OIDC_MATCH_EMAIL = True
    answer = come_as("erica", client)
    assert "not active" in answer.content.decode()
    assert client.get(reverse("case_list")).status_code == 302


def test_local_passwords_can_be_turned_off(people: People, provider: str, settings: Any) -> None:
    settings.LOCAL_PASSWORDS = False
    User.objects.filter(pk=people.supervisor.pk).update(email="erica@example.org")
    settings.OIDC_MATCH_EMAIL = True
    page = Client().get(reverse("login")).content.decode()
    assert "Sign in with Example Co" in page
    assert 'type="password"' not in page
    assert "turned off" in sign_in(Client(), "supervisor", PASSWORD).content.decode()
    assert Client().get(reverse("request_password_link")).status_code == 403
    client = Client()
    come_as("erica", client)
    assert client.get(reverse("case_list")).status_code == 200
    assert client.get(reverse("password_change")).status_code == 403


def test_a_user_without_password_confirms_at_the_provider_and_the_form_is_kept(
    client: Client, people: People, provider: str, settings: Any
) -> None:
    settings.OIDC_CREATE_ACCOUNTS = True
    come_as("boss", client)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    address = reverse("person", args=[people.casemanager.pk])
    answer = client.post(address, {"name": "", "email": "", "role": "supervisor"})
    assert (
        answer.headers["Location"] == f"{reverse('confirm_by_provider')}?next=%2Fpeople%2F{people.casemanager.pk}%2F"
    )
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    assert come_as("erica", client, answer.headers["Location"]).status_code == 403
    assert refusal() == "other"
    back = come_as("boss", client, answer.headers["Location"])
    assert client.get(back.headers["Location"]).headers["Location"] == address
    assert role_of(User.objects.get(pk=people.casemanager.pk)) == "supervisor"


@pytest.mark.parametrize("process", ["connect", "redirect"])
def test_an_address_cannot_choose_what_a_walk_to_the_provider_is_for(
    client: Client, people: People, provider: str, settings: Any, process: str
) -> None:
    sign_in(client, "casemanager", PASSWORD)
    address = f"/accounts/oidc/sso/login/?process={process}&auth_params=redirect_uri%3Dhttps%3A%2F%2Fexample.org"
    assert come_as("boss", client, address).status_code == 403
    assert not SocialAccount.objects.exists()


def test_faults_of_the_provider_are_told_in_words(client: Client, provider: str, settings: Any) -> None:
    forged = client.get("/accounts/oidc/sso/login/callback/?code=x&state=forged")
    assert forged.status_code == 401
    assert "not valid, or too old" in forged.content.decode()
    leaving = client.get("/accounts/oidc/sso/login/").headers["Location"]
    state = re.search(r"state=(\w+)", leaving)
    assert state
    canceled = client.get(f"/accounts/oidc/sso/login/callback/?error=access_denied&state={state[1]}")
    assert canceled.headers["Location"] == reverse("socialaccount_login_cancelled")
    assert client.get(canceled.headers["Location"]).headers["Location"] == reverse("login")
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps[0]["settings"]["server_url"] = "http://127.0.0.1:9"
    away = client.get("/accounts/oidc/sso/login/")
    assert away.status_code == 502
    assert "Example Co does not answer" in away.content.decode()
    assert client.get("/accounts/oidc/other/login/").status_code == 404


def test_groups_are_mapped_to_roles_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ROLES", "cn=a b=admin, staff = case manager")
    assert env.mapping("OIDC_ROLES", ("case manager", "admin")) == {"cn=a b": "admin", "staff": "case manager"}
    for wrong in ("staff", "staff=root", "=admin"):
        monkeypatch.setenv("OIDC_ROLES", wrong)
        with pytest.raises(ImproperlyConfigured, match="OIDC_ROLES"):
            env.mapping("OIDC_ROLES", ("case manager", "admin"))

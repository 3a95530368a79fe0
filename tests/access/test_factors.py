"""Second factors: authenticator apps, passkeys, recovery codes; roles that need one; reset by an administrator."""

import re
import time
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.access import accounts
from determinations.models import AuditEvent
from tests.access.conftest import sign_in
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def code_of(secret: str, steps: int = 0) -> str:
    """What an app shows now, or some steps of half a minute later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def add_app(client: Client) -> tuple[str, list[str]]:
    """Add an authenticator app; returns its key and the recovery codes."""
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r'class="secret-key">(\w+)<', page)
    assert secret
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret[1])})
    shown = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    return secret[1], re.findall(r"<code>(\d{8})</code>", shown)


@pytest.fixture
def with_app(people: People, django_capture_on_commit_callbacks: Any) -> tuple[str, list[str]]:
    """The case manager has an app."""
    client = Client()
    sign_in(client, "casemanager", PASSWORD)
    with django_capture_on_commit_callbacks(execute=True):
        return add_app(client)


def test_an_app_asks_for_a_code_at_sign_in(client: Client, with_app: tuple[str, list[str]]) -> None:
    answer = sign_in(client, "casemanager", PASSWORD)
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("case_list")).status_code == 302, "the password alone opens nothing"
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "not correct" in wrong.content.decode()
    code = code_of(with_app[0], 1)
    assert client.post(reverse("mfa_authenticate"), {"code": code}).headers["Location"] == "/"
    assert client.get(reverse("case_list")).status_code == 200
    event = AuditEvent.objects.filter(action="signin.succeeded").latest("pk")
    assert event.detail["methods"] == ["password", "totp"]
    assert AuditEvent.objects.filter(action__in=("signin.code_failed", "factor.added")).count() == 3
    other = Client()
    sign_in(other, "casemanager", PASSWORD)
    assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200, "a code works once"


def test_a_recovery_code_works_once(with_app: tuple[str, list[str]]) -> None:
    _, codes = with_app
    assert len(codes) == 10
    for expected in (302, 200):
        client = Client()
        sign_in(client, "casemanager", PASSWORD)
        assert client.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == expected


def test_wrong_codes_are_limited(with_app: tuple[str, list[str]]) -> None:
    client = Client()
    sign_in(client, "casemanager", PASSWORD)
    for _ in range(5):
        page = client.post(reverse("mfa_authenticate"), {"code": "000000"}).content.decode()
    assert "The next attempt counts at" in page
    assert AuditEvent.objects.filter(action="signin.delayed", by_name="casemanager").count() == 1
    page = client.post(reverse("mfa_authenticate"), {"code": with_app[1][0]}).content.decode()
    assert "The next attempt counts at" in page


def test_secrets_are_encrypted_in_the_database(with_app: tuple[str, list[str]], settings: Any) -> None:
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert with_app[0] not in stored
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new key " * 8
    client = Client()
    sign_in(client, "casemanager", PASSWORD)
    assert client.post(reverse("mfa_authenticate"), {"code": code_of(with_app[0], 1)}).status_code == 302


@pytest.mark.parametrize("by_setting", [True, False])
def test_a_role_that_needs_a_factor_sets_one_up_after_signing_in(
    people: People, settings: Any, by_setting: bool
) -> None:
    before = Client()
    sign_in(before, "supervisor", PASSWORD)
    if by_setting:
        settings.SECOND_FACTOR_ROLES = ["supervisor"]
    else:
        accounts.set_policy(["supervisor"], by=people.admin, at=timezone.now())
        assert before.get(reverse("case_list")).status_code == 302, "open sessions without a factor end"
    client = Client()
    sign_in(client, "supervisor", PASSWORD)
    for address in ("/", reverse("case_list"), reverse("profile")):
        assert client.get(address).headers["Location"] == reverse("set_up_factor")
    assert "An authenticator app" in client.get(reverse("set_up_factor")).content.decode()
    add_app(client)
    assert client.get(reverse("set_up_factor")).headers["Location"] == "/"
    assert client.get(reverse("case_list")).status_code == 200
    casemanager = Client()
    sign_in(casemanager, "casemanager", PASSWORD)
    assert casemanager.get(reverse("case_list")).status_code == 200


def test_an_administrator_resets_the_factor_of_another_user(with_app: tuple[str, list[str]], people: People) -> None:
    assert accounts.reset_factor(people.casemanager, by=people.admin, at=timezone.now()) == 1
    assert not Authenticator.objects.exists()
    client = Client()
    assert sign_in(client, "casemanager", PASSWORD).headers["Location"] == "/"
    event = AuditEvent.objects.get(action="factor.reset")
    assert (event.by_name, event.detail["person"]) == ("admin", "casemanager")


def test_an_operator_lets_in_a_user_without_an_administrator(with_app: tuple[str, list[str]]) -> None:
    said = StringIO()
    call_command("reset_sign_in", "casemanager", stdout=said)
    assert "casemanager: 1 second factors were removed" in said.getvalue()
    assert sign_in(Client(), "casemanager", PASSWORD).headers["Location"] == "/"
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_sign_in", "nobody")


def test_changing_factors_needs_a_recent_proof_of_who_it_is(client: Client, people: People, settings: Any) -> None:
    sign_in(client, "casemanager", PASSWORD)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = client.get(reverse("mfa_activate_totp"))
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Confirm it is you" in page
    assert "not your password" in client.post(answer.headers["Location"], {"password": "x"}).content.decode()
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    sent = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": reverse("mfa_activate_totp")})
    assert sent.headers["Location"] == reverse("mfa_activate_totp")


@pytest.fixture
def authenticator(page: Any) -> Any:
    """A virtual security key in the browser, which verifies its user at once."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def test_a_passkey_is_added_and_signs_in_alone_in_the_browser(page: Any, people: People, authenticator: Any) -> None:
    page.goto("/accounts/login/")
    page.fill("#id_username", "supervisor")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".user-menu summary").click()
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("link", name="Continue").click()
    page.get_by_text("Passkey “Laptop”").wait_for()
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/items/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r"\d/items/$"))
    assert AuditEvent.objects.filter(action="signin.succeeded").latest("pk").detail["methods"] == ["webauthn"]
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.fill("#id_username", "supervisor")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.locator(".user-menu").wait_for()
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None
    devtools, key = authenticator
    devtools.send("WebAuthn.clearCredentials", {"authenticatorId": key})
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("No passkey was used").wait_for()

"""Requests that no page of sign-in sends get an answer, never a server error."""

import base64
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.conftest import sign_in
from tests.access.test_factors import with_app
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
__all__ = ["with_app"]


def credential(**values: Any) -> str:
    """What a browser sends, with other values."""
    coded = base64.urlsafe_b64encode(b"{}").decode()
    response = {"clientDataJSON": coded, "authenticatorData": coded, "signature": coded, "userHandle": coded}
    response |= values.pop("response", {})
    return json.dumps({"id": "x", "rawId": "x", "type": "public-key", "response": response} | values)


CREDENTIALS = [
    "", "null", "1", "[]", "{}", "[" * 5_000, '"x"', "{\"response\": 5}", "{\"response\": []}", credential(),
    credential(rawId=5), credential(id=None, rawId=None), credential(type="x"), credential(response={"userHandle": 5}),
    credential(response={"userHandle": None}), credential(response={"clientDataJSON": "!"}),
    credential(response={"authenticatorData": ""}), credential(response={"userHandle": "__8"}),
    credential(rawId="=" * 9), credential(id="eA", rawId="eA"),
    credential(id="eA", rawId="eA", response={"attestationObject": "oA"}),
]  # fmt: skip


def test_any_passkey_gets_an_answer(client: Client, with_app: tuple[str, list[str]], people: People) -> None:
    sign_in(client, "casemanager", PASSWORD)
    other, stranger = Client(), Client()
    sign_in(other, "admin", PASSWORD)
    for typed in CREDENTIALS:
        stranger.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
        assert stranger.post(reverse("mfa_login_webauthn"), {"credential": typed}).status_code in (200, 302), typed
        assert client.post(reverse("mfa_authenticate"), {"credential": typed}).status_code in (200, 302), typed
        other.get(reverse("mfa_add_webauthn"))
        for name in ("\0" * 3, "x"):
            fields = {"credential": typed, "name": name}
            assert other.post(reverse("mfa_add_webauthn"), fields).status_code == 200, typed
    assert client.get(reverse("case_list")).status_code == 302


@pytest.mark.parametrize(
    "after", ["%00", "//example.org", "https://example.org", "\\\\example.org", "x" * 5_000, "%0d%0aX:y"]
)
def test_any_next_address_gets_an_answer(client: Client, people: People, after: str) -> None:
    assert client.get(f"{reverse('login')}?next={after}").status_code == 200
    answer = client.post(f"{reverse('login')}?next={after}", {"username": "admin", "password": PASSWORD})
    assert answer.status_code == 302
    assert "example.org" not in answer.headers["Location"]
    assert client.get(f"{reverse('account_reauthenticate')}?next={after}").status_code == 200
    assert client.get(f"{reverse('confirmed_by_provider')}?next={after}").status_code == 302


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
def test_any_method_gets_an_answer(client: Client, people: People, method: str) -> None:
    sign_in(client, "admin", PASSWORD)
    for name in (
        "login", "logout", "account_reauthenticate", "password_change", "request_password_link", "set_up_factor",
        "profile",
        "end_session", "people", "add_person", "change_sign_in_policy", "mfa_authenticate", "mfa_reauthenticate",
        "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes", "mfa_deactivate_totp", "mfa_index", "mfa_list_webauthn", "confirm_by_provider",
    ):  # fmt: skip
        assert getattr(client, method)(reverse(name)).status_code < 500, name

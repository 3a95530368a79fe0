"""Forms filled in by a passkey. The packages behind them expect well-formed data, so it is checked here."""

import struct
from collections.abc import Callable
from typing import TypeVar

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from determinations.access.audit import record
from determinations.access.sign_in import address_of

_UNUSABLE = "The passkey could not be used. Try again, or choose another way."
#: What fido2 and django-allauth raise for data that no browser sends, and for a signature that is wrong.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error, InvalidSignature)

_Value = TypeVar("_Value")


def _checked(check: Callable[[], _Value]) -> _Value:
    """What the check returns; a validation error in plain words if the data is malformed or wrong."""
    try:
        return check()
    except (*_MALFORMED, ValidationError):
        raise ValidationError(_UNUSABLE, code="wrong") from None


class CredentialField(forms.JSONField):
    """What the browser sends: a JSON object."""

    widget = forms.HiddenInput

    def bound_data(self, data: object, initial: object) -> None:
        """Nothing: a form shown again asks the browser again."""

    def prepare_value(self, value: object) -> str:
        """Nothing, likewise."""
        return ""

    def to_python(self, value: object) -> object:  # type: ignore[override] # of a JSON field, any value
        """The object."""
        credential: object = _checked(lambda: super(CredentialField, self).to_python(value))
        if not isinstance(credential, dict):
            raise ValidationError(_UNUSABLE, code="wrong")
        return credential


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey, and whether it signs in alone."""

    name = forms.CharField(label="Name", required=False, max_length=60)
    credential = CredentialField()
    passwordless = forms.BooleanField(label="Sign in with it alone, without a password", required=False, initial=True)

    def clean(self) -> dict[str, object]:
        """The name and the passkey."""
        cleaned: dict[str, object] = _checked(super().clean)
        return cleaned


class _PasskeyForm(forms.Form):
    user: User | None

    def clean_credential(self) -> Authenticator:
        """The passkey that was used. Failures are recorded."""
        try:
            return _checked(super().clean_credential)  # type: ignore[misc] # of the form that this is mixed into
        except ValidationError:
            address = address_of(context.request)
            record("signin.passkey_failed", by=self.user, at=timezone.now(), address=address)
            raise


class PasskeyForm(_PasskeyForm, AuthenticateWebAuthnForm):
    """A passkey as second factor."""

    credential = CredentialField()


class SignInByPasskeyForm(_PasskeyForm, LoginWebAuthnForm):
    """A passkey alone."""

    credential = CredentialField()


class ConfirmByPasskeyForm(_PasskeyForm, ReauthenticateWebAuthnForm):
    """A passkey, to confirm who the user is."""

    credential = CredentialField()

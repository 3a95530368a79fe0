"""Forms of sign-in. Those that check a password or code count failed attempts."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.account.models import Login
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from determinations.access import throttle
from determinations.access.audit import record
from determinations.access.passwords import RULES
from determinations.access.sign_in import AttemptsWait, address_of, record_delay
from determinations.access.throttle import Wait, limit
from determinations.models import LimitKind

_WRONG = "The user name or password is not correct. Both are case-sensitive."
_WRONG_CODE = "This code is not correct. Use the newest code of your app, or a recovery code that was not used before."


class SignInForm(LoginForm):
    """A user name and a password."""

    def __init__(self, *args: object, **details: object) -> None:
        super().__init__(*args, **details)
        username = forms.CharField(
            label="User name",
            max_length=150,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
        )
        password = forms.CharField(
            label="Password", strip=False, max_length=4096,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )  # fmt: skip
        self.fields = {"username": username, "password": password}

    def user_credentials(self) -> dict[str, str]:
        """What to authenticate with."""
        return {"username": self.cleaned_data["username"], "password": self.cleaned_data["password"]}

    def _clean_with_password(self, credentials: dict[str, str]) -> dict[str, object]:
        user = get_adapter(self.request).authenticate(self.request, **credentials)
        if user is None:
            raise ValidationError(_WRONG, code="wrong")
        self.user, self._login = user, Login(user=user)
        cleaned: dict[str, object] = self.cleaned_data
        return cleaned


class NewPasswordForm(SetPasswordForm):
    """A new password, typed twice. What is wrong with it is said at the first of the two."""

    new_password1, new_password2 = SetPasswordForm.create_password_fields("New password", "New password again")
    new_password1.help_text, new_password2.help_text = RULES, ""

    def validate_password_for_user(self, user: User, password_field_name: str = "") -> None:
        """Check the rules, and report at the field where the password was typed first."""
        super().validate_password_for_user(user, "new_password1")


class ChangePasswordForm(PasswordChangeForm, NewPasswordForm):
    """The same, after the old one."""

    old_password = forms.CharField(
        label="Old password", strip=False, max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )  # fmt: skip
    field_order = ("old_password", "new_password1", "new_password2")

    def clean_old_password(self) -> str:
        """The user's password; wrong ones are counted as at sign-in."""
        password: str = self.cleaned_data["old_password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise ValidationError("This is not your old password.", code="wrong")
        return password


class ConfirmPasswordForm(AllauthReauthenticateForm):
    """The password of the signed-in user, to confirm who they are."""

    password = forms.CharField(
        label="Password", strip=False, max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )  # fmt: skip

    def clean_password(self) -> str:
        """The password, if it is the user's own."""
        password: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise ValidationError("This is not your password.", code="wrong")
        return password


class CountedCode(forms.Form):
    """Counts wrong codes of the user, and asks to wait after several."""

    user: User

    def clean_code(self) -> str:
        """The code, if it is right."""
        now = timezone.now()
        attempt = throttle.begin([limit(LimitKind.CODE, self.user.pk, owner=self.user.get_username())], now=now)
        if isinstance(attempt, Wait):
            raise AttemptsWait(attempt.until, now)
        try:
            code: str = super().clean_code()  # type: ignore[misc] # allauth has no types
        except ValidationError:
            record("signin.code_failed", by=self.user, at=now, address=address_of(context.request))
            if until := record_delay(context.request, self.user, attempt, now):
                raise AttemptsWait(until, now) from None
            raise ValidationError(_WRONG_CODE, code="wrong") from None
        throttle.succeeded(attempt)
        return code


class CodeForm(CountedCode, AuthenticateForm):
    """A code of an authenticator app, or a recovery code, at sign-in."""


class ConfirmCodeForm(CountedCode, AllauthCodeForm):
    """The same, to confirm who the user is."""


class ActivateAppForm(CountedCode, ActivateTOTPForm):
    """The first code of an authenticator app."""

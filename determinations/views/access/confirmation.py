"""Asks users to confirm who they are before what does most harm in a browser left open; their form is kept."""

from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest

from determinations.access.sign_in import confirmed_recently


def need_confirmation(request: HttpRequest) -> None:
    """Raises ``ReauthenticationRequired`` unless the user confirmed it recently.

    The middleware of django-allauth then keeps the form in the session, asks, and runs the view again with it.
    """
    if not confirmed_recently(request):
        raise ReauthenticationRequired


def is_resumed(request: HttpRequest) -> bool:
    """Whether the view runs again after the user confirmed who they are: what it returns replaces that page."""
    return request.resolver_match is not None and request.resolver_match.url_name in (
        "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "confirmed_by_provider",
    )  # fmt: skip

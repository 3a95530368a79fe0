"""Second factors: how their secrets are stored, how they are named, and what is recorded about them."""

import hashlib
from base64 import urlsafe_b64encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from determinations.access.audit import record

_SITE = "imrsite"


class FactorAdapter(DefaultMFAAdapter):
    """Encrypts the keys of authenticator apps and recovery codes with ``SECRET_KEY``."""

    def encrypt(self, text: str) -> str:
        """As it is stored."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """As it was; also with an earlier key of ``SECRET_KEY_FALLBACKS``."""
        return _box().decrypt(encrypted_text.encode()).decode()

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return _SITE

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """A first name for a new passkey."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return "My passkey" if not count else f"My passkey {count + 1}"


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"determinations.access.factors:" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])


def record_factors() -> None:
    """From now on, record factors that are added, removed or made anew."""
    authenticator_added.connect(_added, dispatch_uid="imrsite")
    authenticator_removed.connect(_removed, dispatch_uid="imrsite")
    authenticator_reset.connect(_renewed, dispatch_uid="imrsite")


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **details: object) -> None:
    record("factor.added", by=user, at=timezone.now(), factor=authenticator.type)


def _removed(request: HttpRequest, user: User, authenticator: Authenticator, **details: object) -> None:
    record("factor.removed", by=user, at=timezone.now(), factor=authenticator.type)


def _renewed(request: HttpRequest, user: User, authenticator: Authenticator, **details: object) -> None:
    record("factor.renewed", by=user, at=timezone.now(), factor=authenticator.type)

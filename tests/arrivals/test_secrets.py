"""Passwords of sources: encrypted, bound to their row, given the current key by a rotation, never without a key."""

import os
from typing import Any

import pytest

from determinations.models import ArrivalSource, FileKeyInUse
from determinations.operations.checking.safeguards import sources_of_letters
from determinations.operations.findings import Level
from determinations.storage.keys import make_key_ring
from determinations.storage.rotation import rotate
from determinations.storage.sealed import KeyUnknown, NotAuthentic
from determinations.storage.secrets import NoKeyForSecrets, open_secret, purpose_of, seal_secret
from tests.arrivals.conftest import source_of
from tests.storage.conftest import own_store

__all__ = ["own_store"]

pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW = os.urandom(32), os.urandom(32)


def test_a_secret_follows_the_key_and_keeps_a_key_that_is_missing(own_store: None, settings: Any) -> None:
    from django.db import transaction

    settings.FILE_KEYS = [OLD]
    source = source_of("folder", {})
    with transaction.atomic():
        source.sealed_secret = seal_secret(purpose_of(source), "a synthetic password")
        source.save()
    assert b"password" not in bytes(source.sealed_secret)
    with pytest.raises(NotAuthentic):
        open_secret("arrivals/0", bytes(source.sealed_secret))
    settings.FILE_KEYS = [NEW]
    with pytest.raises(KeyUnknown):
        open_secret(purpose_of(source), bytes(source.sealed_secret))
    list(rotate())
    old, new = (make_key_ring((secret,)).names.pop() for secret in (OLD, NEW))
    assert set(FileKeyInUse.objects.values_list("pk", flat=True)) == {old, new}
    settings.FILE_KEYS = [NEW, OLD]
    list(rotate())
    assert FileKeyInUse.objects.get().pk == new
    settings.FILE_KEYS = [NEW]
    assert open_secret(purpose_of(source), bytes(ArrivalSource.objects.get().sealed_secret)) == "a synthetic password"
    settings.FILE_KEYS = []
    with pytest.raises(NoKeyForSecrets, match="FILE_KEYS"):
        seal_secret(purpose_of(source), "another")


def test_a_source_that_fails_is_a_check_that_fails() -> None:
    assert sources_of_letters().level is Level.OK
    source_of("folder", {}, fault="The folder cannot be opened.")
    finding = sources_of_letters()
    assert finding.level is Level.FAILING
    assert "Synthetic folder" in finding.what
    ArrivalSource.objects.update(enabled=False)
    assert sources_of_letters().level is Level.OK

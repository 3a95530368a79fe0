"""Passwords and keys of other systems, kept in rows: encrypted with the current key of stored files, or not at all."""

import io
from collections.abc import Iterator

from django.db import transaction

from determinations.models import ArrivalSource
from determinations.storage.keys import key_ring
from determinations.storage.locking import lock_store
from determinations.storage.register import register_current_key
from determinations.storage.sealed import HEADER, KeyUnknown, NotAuthentic, SealedReader, SealedWriter, key_id_of


class NoKeyForSecrets(Exception):
    """Encryption is turned off, so no secret is stored. The message says what to do."""

    def __init__(self) -> None:
        super().__init__("Passwords and keys are stored encrypted only: set FILE_KEYS first (encryption.md).")


def seal_secret(purpose: str, secret: str) -> bytes:
    """The secret, encrypted for this purpose; within the transaction that stores it. Raises ``NoKeyForSecrets``."""
    key = key_ring().current
    if key is None:
        raise NoKeyForSecrets
    lock_store(to_delete=False)  # the key is not released meanwhile
    register_current_key()
    target = io.BytesIO()
    with SealedWriter(target, key, f"secrets/{purpose}") as writer:
        writer.write(secret.encode())
    return target.getvalue()


def open_secret(purpose: str, sealed: bytes) -> str:
    """The secret; empty if none is stored. Raises ``NotAuthentic`` or ``KeyUnknown``."""
    if not sealed:
        return ""
    with SealedReader(io.BytesIO(sealed), key_ring(), f"secrets/{purpose}") as reader:
        return reader.readall().decode()


def purpose_of(source: ArrivalSource) -> str:
    """What binds a source's secret to its row: copied to another row, it does not open."""
    return f"arrivals/{source.pk}"


def seal_secrets_anew() -> None:
    """Encrypt all stored secrets with the current key. Those whose key is missing stay, and so does their key."""
    current = key_ring().current
    if current is None:
        return
    for pk in ArrivalSource.objects.exclude(sealed_secret=b"").values_list("pk", flat=True):
        with transaction.atomic():
            source = ArrivalSource.objects.select_for_update().filter(pk=pk).first()
            if source is None or key_id_of(bytes(source.sealed_secret)[:HEADER]) in (None, current.id):
                continue
            try:
                secret = open_secret(purpose_of(source), bytes(source.sealed_secret))
            except (KeyUnknown, NotAuthentic):
                continue
            source.sealed_secret = seal_secret(purpose_of(source), secret)
            source.save(update_fields=["sealed_secret"])


def keys_of_secrets() -> Iterator[str]:
    """The IDs of the keys that stored secrets need."""
    for sealed in ArrivalSource.objects.exclude(sealed_secret=b"").values_list("sealed_secret", flat=True):
        if key_id := key_id_of(bytes(sealed)[:HEADER]):
            yield key_id.hex()

"""The keys that protect stored files: the first one encrypts, all of them decrypt."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

#: Bytes of an ID.
ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class FileKey:
    """A key of 32 bytes. Its ID is stored in each file; it tells nothing about the key."""

    id: bytes
    cipher: AESGCM

    @property
    def name(self) -> str:
        """The ID in words of pages and commands."""
        return self.id.hex()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The configured keys."""

    current: FileKey | None
    by_id: dict[bytes, FileKey]
    turned_off: bool = False

    @property
    def names(self) -> set[str]:
        """The IDs of all keys."""
        return {key.name for key in self.by_id.values()}


def key_ring() -> KeyRing:
    """The keys in the settings; without any, files are stored as they are."""
    return make_key_ring(tuple(settings.FILE_KEYS))


@lru_cache(maxsize=8)
def make_key_ring(secrets: Sequence[bytes]) -> KeyRing:
    """The ring of these keys, the current one first; an empty one in front turns encryption off."""
    turned_off, secrets = not all(secrets[:1]), secrets[not all(secrets[:1]) :]
    keys = [
        FileKey(hashlib.sha256(b"imrsite file key ID\0" + secret).digest()[:ID_BYTES], AESGCM(secret))
        for secret in secrets
    ]
    return KeyRing(keys[0] if keys and not turned_off else None, {key.id: key for key in keys}, turned_off)

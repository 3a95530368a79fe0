"""The format of an encrypted file: a header, then chunks, each encrypted and authenticated by AES-256-GCM.

Header: ``MAGIC``, version, the key's ID, a nonce, and the file's own random key encrypted with that key. The file's
purpose and name are authenticated with it, so that an encrypted file does not open under another name.

Each chunk has 64 KB and its tag. Its nonce is its number and whether it is the last one (the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizar), so that chunks cannot be exchanged, left out or cut off, and any range can be
read by itself. Only an empty file ends with an empty chunk.
"""

import io
import os
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from determinations.storage.keys import ID_BYTES, FileKey, KeyRing
from determinations.storage.pieces import PieceReader

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"\0imrfile"
_VERSION = b"\1"
CHUNK = 64 * 1024
_TAG = 16
_NONCE = 12
_PREFIX = len(MAGIC) + len(_VERSION) + ID_BYTES
#: Bytes before the first chunk.
HEADER = _PREFIX + _NONCE + 32 + _TAG


class NotAuthentic(Exception):
    """The file was changed, cut or put under another name after it was encrypted."""


class KeyUnknown(Exception):
    """The key with this ID is not configured."""

    def __init__(self, key_name: str) -> None:
        super().__init__(f"The file key {key_name} is not configured.")
        self.key_name = key_name


def key_id_of(head: bytes) -> bytes | None:
    """The ID of the key that a file starting with ``head`` (``HEADER`` bytes) needs; None if it is not encrypted.

    Raises ``NotAuthentic`` for a version that this one does not know.
    """
    if not head.startswith(MAGIC):
        return None
    if head[len(MAGIC) :][:1] != _VERSION or len(head) < _PREFIX:
        raise NotAuthentic
    return head[len(MAGIC) + 1 : _PREFIX]


def sealed_size(size: int) -> int:
    """Bytes that a file of ``size`` bytes has when encrypted."""
    return HEADER + size + _TAG * max(1, -(-size // CHUNK))


class SealedWriter(io.RawIOBase):
    """Encrypts what is written to it into ``target``. ``close`` completes the file; ``abandon`` leaves it unusable."""

    def __init__(self, target: BinaryIO, key: FileKey, name: str) -> None:
        super().__init__()
        self._target = target
        self._waiting = bytearray()
        self._number = 0
        file_key, nonce = AESGCM.generate_key(256), os.urandom(_NONCE)
        prefix = MAGIC + _VERSION + key.id
        self._cipher = AESGCM(file_key)
        target.write(prefix + nonce + key.cipher.encrypt(nonce, file_key, prefix + name.encode()))

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: "ReadableBuffer") -> int:
        """Take the bytes; a full chunk is written once it is known not to be the last."""
        taken = memoryview(data).nbytes
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._write_chunk(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        return taken

    def close(self) -> None:
        """Write the last chunk; ``target`` stays open."""
        if not self.closed:
            self._write_chunk(bytes(self._waiting), is_last=True)
            self._waiting.clear()
        super().close()

    def abandon(self) -> None:
        """Close without the last chunk, so that the file never opens."""
        super().close()

    def _write_chunk(self, chunk: bytes, *, is_last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), chunk, None))
        self._number += 1


class SealedReader(PieceReader):
    """The content of an encrypted file: readable from any place, each byte authenticated before it is returned.

    Opening raises ``KeyUnknown``, or ``NotAuthentic`` for a wrong name or end; reading raises ``NotAuthentic``.
    """

    def __init__(self, source: BinaryIO, keys: KeyRing, name: str) -> None:
        super().__init__(CHUNK)
        self._source = source
        head = source.read(HEADER)
        key_id = key_id_of(head)
        if key_id is None or len(head) < HEADER:
            raise NotAuthentic
        if key_id not in keys.by_id:
            raise KeyUnknown(key_id.hex())
        prefix, nonce, wrapped = head[:_PREFIX], head[_PREFIX : _PREFIX + _NONCE], head[_PREFIX + _NONCE :]
        try:
            self._cipher = AESGCM(keys.by_id[key_id].cipher.decrypt(nonce, wrapped, prefix + name.encode()))
        except InvalidTag:
            raise NotAuthentic from None
        body = source.seek(0, os.SEEK_END) - HEADER
        self._last = max(0, -(-body // (CHUNK + _TAG)) - 1)
        self.size = body - _TAG * (self._last + 1)
        if self.size < 0 or (self._last and self.size <= self._last * CHUNK):
            raise NotAuthentic
        self._number, self._chunk = -1, b""
        self._piece(self._last)  # the end first: a file that was cut is not opened at all

    def readall(self) -> bytes:
        """Everything up to the end."""
        parts = []
        while self._at < self.size:
            number, start = divmod(self._at, CHUNK)
            chunk = self._piece(number)
            parts.append(chunk[start:] if start else chunk)
            self._at += len(parts[-1])
        return b"".join(parts)

    def close(self) -> None:
        """Close the file itself too."""
        if not self.closed:
            self._source.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if number == self._number:
            return self._chunk
        self._source.seek(HEADER + number * (CHUNK + _TAG))
        sealed = self._source.read(CHUNK + _TAG)
        try:
            self._chunk = self._cipher.decrypt(_nonce(number, is_last=number == self._last), sealed, None)
        except (InvalidTag, ValueError):
            raise NotAuthentic from None
        self._number = number
        return self._chunk


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + bytes([is_last])

"""Stored files, compared with their SHA-256 whenever they are read: a file that was cut or swapped is never used."""

import hashlib
from io import BufferedReader

from determinations.intake.store import letter_store
from determinations.intake.store_health import unavailable
from determinations.models import Letter
from determinations.storage.places import StoreFault
from determinations.storage.register import missing_keys
from determinations.storage.sealed import KeyUnknown, NotAuthentic


class StoredFileFault(Exception):
    """The letter's stored file is not the one that was received. The message says what to do; no letter text."""

    kind = "stored file"


class FileMissing(StoredFileFault):
    """The letter's file is not in the store."""

    kind = "stored file missing"

    def __init__(self) -> None:
        super().__init__(
            "The stored file is missing from the letter store. Upload the same file again to restore it, or have an "
            "administrator restore it from a backup."
        )


class FileChanged(StoredFileFault):
    """The bytes in the store are others than those received."""

    kind = "stored file changed"

    def __init__(self) -> None:
        super().__init__(
            "The stored file was changed, cut or replaced after it was received, and is not used. Upload the same "
            "file again to restore it, or have an administrator restore it from a backup."
        )


class KeyMissing(StoredFileFault):
    """The file is encrypted with a key that this process does not have."""

    kind = "file key missing"

    def __init__(self) -> None:
        super().__init__(
            "The stored file is encrypted with a key that is not configured here. An administrator has to add the key "
            "to FILE_KEYS; nothing is lost."
        )


def stored_bytes(letter: Letter) -> bytes:
    """The letter's file as it was received. Raises :class:`StoredFileFault` or ``StoreUnavailable``."""
    with _opened(letter) as file:
        try:
            data = file.read()
        except NotAuthentic:
            raise FileChanged from None
        except StoreFault as fault:
            raise unavailable(fault) from fault
    if hashlib.sha256(data).hexdigest() != letter.sha256:
        raise FileChanged
    return data


def open_stored(letter: Letter) -> BufferedReader:
    """The letter's file as it was received, open at its start. Raises ``StoredFileFault`` or ``StoreUnavailable``."""
    file = _opened(letter)
    try:
        is_ours = hashlib.file_digest(file, "sha256").hexdigest() == letter.sha256
    except NotAuthentic:
        is_ours = False
    except StoreFault as fault:
        file.close()
        raise unavailable(fault) from fault
    if not is_ours:
        file.close()
        raise FileChanged
    file.seek(0)
    return file


def _opened(letter: Letter) -> BufferedReader:
    try:
        return letter_store().area.open(letter.store_name)
    except FileNotFoundError:
        raise FileMissing from None
    except NotAuthentic:
        raise FileChanged from None
    except StoreFault as fault:
        raise unavailable(fault) from fault
    except KeyUnknown as unknown:  # a key that no file of ours needs: the file itself says something else now
        raise (KeyMissing if unknown.key_name in missing_keys() else FileChanged) from None

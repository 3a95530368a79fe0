"""Stored files, compared with their SHA-256 whenever they are read: a file that was cut or swapped is never used."""

import hashlib
from io import BufferedReader
from typing import cast

from determinations.intake.store import letter_store
from determinations.models import Letter


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


def stored_bytes(letter: Letter) -> bytes:
    """The letter's file as it was received. Raises :class:`StoredFileFault`."""
    try:
        with letter_store().open(letter.store_name) as file:
            data = bytes(file.read())
    except FileNotFoundError:
        raise FileMissing from None
    if hashlib.sha256(data).hexdigest() != letter.sha256:
        raise FileChanged
    return data


def open_stored(letter: Letter) -> BufferedReader:
    """The letter's file as it was received, open at its start. Raises :class:`StoredFileFault`."""
    try:
        file = cast(BufferedReader, letter_store().open(letter.store_name))
    except FileNotFoundError:
        raise FileMissing from None
    if hashlib.file_digest(file, "sha256").hexdigest() != letter.sha256:
        file.close()
        raise FileChanged
    file.seek(0)
    return file

"""Encryption of backups in the format of age: with public keys, or a passphrase that protects a key of the folder.

A host that makes backups needs no secret key to do so; ``age`` itself can decrypt what is made here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyrage

from determinations.backups.faults import BackupRefused
from determinations.storage.folder import new_private

#: The key of a folder whose backups are encrypted with a passphrase.
KEY_FILE = "key.age"


@dataclass(frozen=True, slots=True)
class Keys:
    """Public keys that backups are encrypted for, and secret ones that decrypt them; none for plain backups."""

    recipients: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """Tells files for other recipients apart; empty for plain ones."""
        return hashlib.sha256(" ".join(sorted(self.recipients)).encode()).hexdigest()[:8] if self.recipients else ""

    def encrypt(self, source: BinaryIO, target: BinaryIO) -> None:
        """Copy, encrypted if there are recipients."""
        if not self.recipients:
            for chunk in iter(lambda: source.read(1 << 20), b""):
                target.write(chunk)
            return
        recipients = [pyrage.x25519.Recipient.from_str(recipient) for recipient in self.recipients]
        pyrage.encrypt_io(source, target, recipients)

    def decrypt(self, source: BinaryIO, target: BinaryIO) -> None:
        """Copy what was encrypted. Raises :class:`BackupRefused` if no key fits, or it was changed."""
        identities = [pyrage.x25519.Identity.from_str(identity) for identity in self.identities]
        try:
            pyrage.decrypt_io(source, target, identities)
        except (pyrage.DecryptError, OSError) as fault:
            raise BackupRefused(f"This cannot be decrypted with the given key, or was changed ({fault}).") from None


def keys_for_making(folder: Path, recipients: Sequence[str], passphrase_file: Path | None) -> Keys:
    """The keys to make a backup with."""
    if passphrase_file is not None:
        if recipients:
            raise BackupRefused("Encrypt with public keys or with a passphrase, not both.")
        identity = _identity_of_folder(folder, _passphrase(passphrase_file))
        return Keys((str(pyrage.x25519.Identity.from_str(identity).to_public()),), (identity,))
    for recipient in recipients:
        try:
            pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError:
            raise BackupRefused(f"{recipient[:20]} is not a public key of age: it begins with age1.") from None
    return Keys(tuple(recipients))


def keys_for_reading(folder: Path, identity_file: Path | None, passphrase_file: Path | None) -> Keys:
    """The keys to read an encrypted backup with; none if none are given."""
    if passphrase_file is not None:
        if not (folder / KEY_FILE).is_file():
            raise BackupRefused(f"{folder} has no {KEY_FILE}: its backups were not encrypted with a passphrase.")
        return Keys(identities=(_identity_of_folder(folder, _passphrase(passphrase_file)),))
    if identity_file is None:
        return Keys()
    lines = [line.strip() for line in _text(identity_file).splitlines()]
    identities = tuple(line for line in lines if line.startswith("AGE-SECRET-KEY-"))
    if not identities:
        raise BackupRefused(f"{identity_file} has no secret key of age.")
    return Keys(identities=identities)


def _identity_of_folder(folder: Path, passphrase: str) -> str:
    """The secret key that the folder keeps under the passphrase; made at the first backup."""
    file = folder / KEY_FILE
    if not file.exists():
        identity = str(pyrage.x25519.Identity.generate())
        with new_private(file) as target:
            target.write(pyrage.passphrase.encrypt(identity.encode(), passphrase))
        return identity
    try:
        return str(pyrage.passphrase.decrypt(file.read_bytes(), passphrase), "ascii")
    except pyrage.DecryptError:
        raise BackupRefused("The passphrase does not open the key of this backup folder.") from None


def _passphrase(file: Path) -> str:
    passphrase = _text(file).strip()
    if len(passphrase) < 12:
        raise BackupRefused(f"The passphrase in {file} is shorter than 12 characters.")
    return passphrase


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError as fault:
        raise BackupRefused(f"{file} cannot be read ({fault.strerror}).") from None

"""What the commands of backups share: where backups are, and the keys to read them."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from determinations.backups.encryption import Keys, keys_for_reading
from determinations.backups.repository import Repository


def add_folder(parser: ArgumentParser) -> None:
    """``--to`` or ``--from`` would differ by command; all take ``--folder``."""
    parser.add_argument("--folder", type=Path, help="the folder of backups (default: BACKUP_DIR)")


def add_reading_options(parser: ArgumentParser) -> None:
    """Which backup, and the key to read it."""
    parser.add_argument("name", nargs="?", default="", help="which backup (default: the newest)")
    add_folder(parser)
    parser.add_argument("--identity", type=Path, metavar="FILE", help="secret key of age, if the backup is encrypted")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def repository_of(folder: Path | None) -> Repository:
    """The folder of backups."""
    if folder is None and not settings.BACKUP_DIR:
        raise CommandError("Say where backups are: --folder FOLDER, or the setting BACKUP_DIR.")
    return Repository(folder or Path(settings.BACKUP_DIR))


def passphrase_file() -> Path | None:
    """The file with the passphrase, if one is set."""
    return Path(settings.BACKUP_PASSPHRASE_FILE) if settings.BACKUP_PASSPHRASE_FILE else None


def keys_to_read(repository: Repository, identity: Path | None) -> Keys:
    """The keys that the options and settings give."""
    from_folder = passphrase_file() if identity is None else None
    return keys_for_reading(repository.folder, identity, from_folder)

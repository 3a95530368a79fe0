"""Which keys the stored files of this installation need: recorded in the database before a key's first use."""

from determinations.models import FileKeyInUse
from determinations.storage.keys import key_ring
from imrsite.connections import on_primary


def register_current_key() -> None:
    """Record that files are encrypted with the current key, if there is one."""
    if current := key_ring().current:
        with on_primary():
            FileKeyInUse.objects.bulk_create([FileKeyInUse(pk=current.name)], ignore_conflicts=True)


def missing_keys() -> list[str]:
    """The IDs of keys that stored files need and that are not configured here."""
    return sorted(set(FileKeyInUse.objects.values_list("pk", flat=True)) - key_ring().names)

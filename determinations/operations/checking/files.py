"""Checks of files: the letters and their disk, and the static files of pages."""

from django.conf import settings
from django.core.files.storage import storages

from determinations.intake.store_health import disk_words, free_bytes, space_obstacle, store_folder, store_obstacle
from determinations.models import Installation, Letter
from determinations.operations.findings import Finding, Level
from imrsite.static_files import FingerprintedStorage, uncollected


def store() -> Finding:
    """Whether the folder of letters is that of this database. Writes nothing: the first upload ties them."""
    if not Installation.objects.exists() and not Letter.objects.exists():
        return Finding(Level.OK, "No letter was received yet; the first one ties the letter store to this database.")
    return Finding.of(store_obstacle(), "The letter store belongs to this database.")


def space() -> Finding:
    """Whether the disk of the letters has room."""
    if obstacle := space_obstacle():
        return Finding.of(obstacle, "")
    try:
        free = free_bytes(store_folder()) // 2**20
    except OSError:
        return Finding(Level.OK, "The folder of files does not exist yet; the first upload creates it.")
    if free * 2**20 < settings.STORE_LOW_BYTES:
        return Finding(
            Level.FAILING,
            f"{disk_words()} is filling up: {free:,} MB are free. Below "
            f"{settings.STORE_FREE_BYTES // 2**20:,} MB letters are neither received nor read.",
            "Free space on it or enlarge it. STORE_LOW_MB sets when this is said.",
        )
    return Finding(Level.OK, f"{disk_words()} has {free:,} MB free.")


def static_files() -> Finding:
    """Whether this process serves collected static files."""
    remedy = "Run manage.py collectstatic, then restart the web server."
    storage = storages["staticfiles"]
    if not isinstance(storage, FingerprintedStorage):
        return Finding(Level.OK, "Static files are served from the source: this is a development server.")
    if not storage.hashed_files:
        return Finding(Level.FAILING, "Static files have not been collected; pages load slowly.", remedy)
    if uncollected:
        return Finding(Level.FAILING, f"{len(uncollected)} static files of this version were not collected.", remedy)
    return Finding(Level.OK, "Static files are collected.")

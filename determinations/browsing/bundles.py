"""The original files of several letters in one ZIP file, written by a worker: bounded, recorded for each letter."""

import shutil
import zipfile
from collections.abc import Collection
from datetime import datetime
from typing import BinaryIO

from django.contrib.auth.models import User

from determinations.access import audit
from determinations.casework.work import MOST_AT_ONCE
from determinations.intake.file_names import name_of_original
from determinations.intake.stored_files import StoredFileFault, open_stored
from determinations.models import Letter

#: Bytes of all files of a bundle together.
MOST_BYTES = 500 * 1024 * 1024
_MISSING = "FILES THAT ARE MISSING.txt"


class BundleRefused(Exception):
    """The bundle was not written; the message tells the user why."""


def write_bundle(file: BinaryIO, letter_ids: Collection[int], *, by: User, now: datetime, **detail: object) -> int:
    """Write the files of these letters, each file once; returns how many letters they hold. Raises ``BundleRefused``.

    Files that cannot be read are named in a text file inside, by their letters.
    """
    if len(letter_ids) > MOST_AT_ONCE:
        raise BundleRefused(f"More than {MOST_AT_ONCE} letters match. Filter the list, or select fewer.")
    letters = list(Letter.objects.filter(pk__in=letter_ids).select_related("case").order_by("pk"))
    files = {letter.sha256: letter for letter in reversed(letters)}
    size = sum(letter.size for letter in files.values())
    if size > MOST_BYTES:
        raise BundleRefused(
            f"The files have {size // 2**20:,} MB together, and {MOST_BYTES // 2**20} MB is the limit."
        )
    missing = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for letter in sorted(files.values(), key=lambda letter: letter.pk):
            try:
                with (
                    open_stored(letter) as original,
                    bundle.open(f"{letter.pk}-{name_of_original(letter)}", "w") as copy,
                ):
                    shutil.copyfileobj(original, copy)
            except StoredFileFault as fault:
                missing.append(f"letter {letter.pk}: {fault}")
        if missing:
            bundle.writestr(_MISSING, "\n".join(missing))
    audit.record_each("original.bundled", [letter.pk for letter in letters], by=by, at=now, **detail)
    return len(letters)

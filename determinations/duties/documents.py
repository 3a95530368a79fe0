"""Documents attached to duties: the authorization that was sent, the payment, the appeal.

A document is stored like a letter (whole or not at all, encrypted if a key is configured) and sent as a download that
no browser runs. It is never read or parsed.
"""

import hashlib
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import BufferedReader

from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.access.scope import EVERYTHING, within
from determinations.duties.actions import DutyRefused
from determinations.extraction.kinds import FORMATTED_KINDS, HEAD, LETTER_KINDS, Kind, kind_of
from determinations.models import Duty, DutyDocument
from determinations.retention.holds import holds_on
from determinations.storage.files import documents_area
from determinations.storage.locking import lock_store, may_delete_now
from determinations.storage.sealed import KeyUnknown, NotAuthentic

log = logging.getLogger(__name__)

MOST_BYTES = 10 * 1024 * 1024
#: Documents of one item.
MOST_DOCUMENTS = 20
_KINDS = LETTER_KINDS - {Kind.HTML} | FORMATTED_KINDS - {Kind.HTML} | {Kind.MAIL, Kind.OFFICE, Kind.OLD_OFFICE}
#: A file gets its row within seconds. One without a row for this long never will.
_WITHOUT_ROW_AFTER = timedelta(hours=24)
_MOST_DELETED = 1_000
_LOOKS_EVERY = 0.1


class DocumentUnreadable(Exception):
    """The stored file is missing, was changed, or its key is not configured."""


def documents_of(duty: Duty) -> list[DutyDocument]:
    """The documents of a duty's item, in the order in which they were attached."""
    rows = DutyDocument.objects.filter(letter=duty.letter_id, item_number=duty.item_number)
    return list(rows.order_by("pk")[:MOST_DOCUMENTS])


def attach(duty: Duty, file: File, *, by: User, now: datetime) -> DutyDocument:
    """Attach a file to the item of a duty. Raises :class:`DutyRefused`, and PermissionDenied."""
    check_permission(by, "work_duties")
    kind = _checked_kind(file)
    area, store_name, digest = documents_area(), uuid.uuid4().hex, hashlib.sha256()
    with transaction.atomic():
        lock_store(to_delete=False)
        # The letter's row is locked, so that two users at once cannot exceed the limit.
        letter = type(duty.letter).objects.select_for_update(no_key=True).get(pk=duty.letter_id)
        of_item = DutyDocument.objects.filter(letter=letter, item_number=duty.item_number)
        if of_item.count() >= MOST_DOCUMENTS:
            raise DutyRefused(f"This item has {MOST_DOCUMENTS} documents already. The document was not attached.")
        with area.write(store_name) as stored:
            for chunk in file.chunks():
                digest.update(chunk)
                stored.write(chunk)
        with within(EVERYTHING):  # views of offices show names, and take none
            document = DutyDocument.objects.create(
                letter=letter, item_number=duty.item_number, name=_clean(file.name or ""), media_type=kind.value,
                size=file.size, sha256=digest.hexdigest(), store_name=store_name, by_name=by.get_username(), at=now,
            )  # fmt: skip
        audit.record(
            "duty.document_attached", by=by, at=now, letter_id=letter.pk, item=duty.item_number, document=document.pk
        )
    return document


def _checked_kind(file: File) -> Kind:
    if file.size > MOST_BYTES:
        raise DutyRefused(
            f"The document has {file.size / 1024**2:.1f} MB; {MOST_BYTES // 1024**2} MB are allowed. "
            "It was not attached. Choose a smaller file."
        )
    file.seek(0)
    kind = kind_of(file.read(HEAD))
    file.seek(0)
    if kind is Kind.EMPTY:
        raise DutyRefused("The document is empty. It was not attached. Choose the file again.")
    if kind not in _KINDS:
        raise DutyRefused(
            "The document is not a PDF, picture, text, e-mail or Office file. It was not attached. Save it as a PDF "
            "and choose that."
        )
    return kind


def _clean(name: str) -> str:
    """A file name without path, control characters and quotes, cut from the left so that its ending is kept."""
    shown = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable() and c not in '"<>')
    return shown.strip()[-200:] or "document"


def open_document(document: DutyDocument) -> BufferedReader:
    """The document's content, compared with its SHA-256. Raises :class:`DocumentUnreadable`."""
    try:
        file = documents_area().open(document.store_name)
        whole = hashlib.file_digest(file, "sha256").hexdigest() == document.sha256
    except (FileNotFoundError, NotAuthentic, KeyUnknown) as fault:
        raise DocumentUnreadable from fault
    if not whole:
        file.close()
        raise DocumentUnreadable
    file.seek(0)
    return file


def remove(document: DutyDocument, *, by: User, now: datetime) -> None:
    """Remove a document and its file. Raises PermissionDenied, and :class:`DutyRefused` under a legal hold."""
    check_permission(by, "work_duties")
    with transaction.atomic():
        if holds_on([document.letter_id]):
            raise DutyRefused("The case is under a legal hold. The document was not removed.")
        audit.record(
            "duty.document_removed", by=by, at=now, letter_id=document.letter_id, item=document.item_number,
            document=document.pk,
        )  # fmt: skip
        document.delete()
        transaction.on_commit(lambda: delete_stored([document.store_name]))


def delete_stored(names: Sequence[str], *, wait: float = 0.0) -> None:
    """Delete the files of documents whose rows are gone, within ``wait`` seconds. What cannot be deleted now is swept,
    as all files without a row: also while a backup is made, which may need them for the rows that it saw."""
    until = time.monotonic() + wait
    while names and not _delete_now(names):
        if time.monotonic() >= until:
            log.warning("%d documents that were removed are deleted by a later sweep.", len(names))
            return
        time.sleep(_LOOKS_EVERY)


def _delete_now(names: Sequence[str]) -> bool:
    """Delete the files, unless files are added or a backup is made; returns whether it was tried."""
    with transaction.atomic():
        if not may_delete_now():
            return False
        for name in names:
            try:
                documents_area().delete(name)
            except OSError as fault:
                log.error("A document that was removed cannot be deleted yet (%s).", type(fault).__name__)
    return True


def delete_files_without_row(*, now: datetime) -> int:
    """Delete files whose row is gone with its letter, or that a killed process left; returns how many."""
    old = (now - _WITHOUT_ROW_AFTER).timestamp() * 1e9
    names = [entry.name for entry in documents_area().place.entries() if entry.changed_ns < old]
    deleted = 0
    for start in range(0, len(names), _MOST_DELETED):
        deleted += _delete_unknown(names[start : start + _MOST_DELETED])
    return deleted


def _delete_unknown(names: Iterable[str]) -> int:
    some = list(names)
    with transaction.atomic():
        lock_store(to_delete=True)
        known = set(DutyDocument.objects.filter(store_name__in=some).values_list("store_name", flat=True))
        unknown = [name for name in some if name not in known]
        for name in unknown:
            documents_area().delete(name)
    return len(unknown)

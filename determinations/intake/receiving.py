"""Receives files: stores their bytes and adds one row per file; identical bytes are stored once.

When ``receive_files`` returns, bytes and rows are safe. The caller queues the letters afterwards.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.db import connection, transaction
from django.utils import timezone

from determinations.access import audit
from determinations.access.scope import all_letters
from determinations.extraction.archives import ArchiveLimits
from determinations.extraction.clutter import is_clutter
from determinations.extraction.contents import Content, ContentLimits, ContentReader
from determinations.extraction.kinds import DOCUMENT_KINDS, LETTER_KINDS, Kind
from determinations.intake.offices import join_office
from determinations.intake.store import letter_limits, letter_store
from determinations.intake.store_health import check_store
from determinations.models import ErasedLetter, Letter, LetterState, Office, OfficeSet, Upload, UploadedFile
from determinations.models.letters import LARGEST_INTERACTIVE_BATCH, OPEN_STATES, Lane
from determinations.models.uploads import FileOutcome
from determinations.storage.locking import lock_store
from determinations.storage.sealed import MAGIC

#: Files are stored and written to the database in windows of this size, so that memory does not grow with a batch.
_WINDOW_FILES = 100
_WINDOW_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Arrival:
    """An incoming file: either its bytes with their hash, or the reason it is refused."""

    name: str
    size: int = 0
    kind: Kind = Kind.OTHER
    sha256: str = ""
    file: File | None = None
    reason: str = ""
    message: str = ""


@all_letters
def receive_files(
    *,
    by: User | None,
    files: Iterable[File],
    lane: str | None = None,
    note: str = "",
    office: Office | None = None,
    upload: Upload | None = None,
    resumed: bool = False,
) -> Upload:
    """Receive letters, also from archives, messages and PDF portfolios; returns their batch with a row per file.

    The letters belong to ``office``; those that are stored already for others belong to it as well, and its users
    are not told that they were. None: to no office, that is, only accounts without a limit see them.

    ``upload`` adds the files to an existing batch, for browsers that send a large drop in several requests. With
    ``resumed``, files that the batch already has under the same name are left out, for an import that was interrupted
    within an archive. Without a ``lane``, the batch's size decides. Files are read in windows, so ``files`` may be a
    lazy iterable of any length.
    Raises ``StoreUnavailable``; what was stored before is kept.
    """
    check_store()
    if upload is None:
        upload = Upload.objects.create(by=by, started_at=timezone.now(), note=note[:200], office=office)
    counts: Counter[str] = Counter()
    for window in _windows(files):
        arrivals = _without_received(upload, window) if resumed else window
        counts += receive_window(upload=upload, arrivals=arrivals, lane=lane or _lane_of(upload))
    audit.record(
        "letters.uploaded", by=by, at=timezone.now(), upload=upload.pk, accepted=counts[FileOutcome.ACCEPTED],
        duplicate=counts[FileOutcome.DUPLICATE], refused=counts[FileOutcome.REFUSED],
    )  # fmt: skip
    return upload


def _without_received(upload: Upload, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals that have no row in the batch yet: another name, other bytes, or another reason to refuse them."""
    rows = UploadedFile.objects.filter(upload=upload, name__in={arrival.name for arrival in arrivals})
    received = {
        (name, reason or sha256) for name, reason, sha256 in rows.values_list("name", "reason", "letter__sha256")
    }
    new = []
    for arrival in arrivals:
        if (arrival.name, arrival.reason or arrival.sha256) not in received:
            new.append(arrival)
        elif arrival.file is not None:
            arrival.file.close()
    return new


def receive_window(*, upload: Upload, arrivals: Sequence[Arrival], lane: str) -> Counter[str]:
    """Store one window of files and write its rows in one transaction; returns the number of files per outcome."""
    check_store()
    with transaction.atomic():
        lock_store(to_delete=False)
        _refuse_erased(arrivals)
        accepted = [arrival for arrival in arrivals if not arrival.reason]
        written = letter_store().keep(
            {
                Letter(sha256=arrival.sha256).store_name: arrival.file
                for arrival in accepted
                if arrival.file is not None
            }
        )
        for arrival in accepted:
            if arrival.file is not None:
                arrival.file.close()
        new = _insert_letters(accepted, lane, upload.office)
        known = dict(
            Letter.objects.filter(sha256__in={a.sha256 for a in accepted} - new.keys(), part=1).values_list(
                "sha256", "id"
            )
        )
        joined = join_office(known.keys(), upload.office)
        restored = {sha256 for sha256 in known if Letter(sha256=sha256).store_name in written}
        _read_again(restored, lane)
        new |= {sha256: known[sha256] for sha256 in joined}
        rows = [_row(upload, arrival, new, known, restored) for arrival in arrivals]
        UploadedFile.objects.bulk_create([*rows, *_further_letters(rows, joined)])
    return Counter(row.outcome for row in rows)


def _refuse_erased(arrivals: Sequence[Arrival]) -> None:
    """Refuse files that were erased for good, unless an administrator allowed them again."""
    digests = {arrival.sha256 for arrival in arrivals if arrival.sha256}
    erased = dict(ErasedLetter.objects.filter(sha256__in=digests, allowed_at=None).values_list("sha256", "at"))
    for arrival in arrivals:
        if at := erased.get(arrival.sha256):
            arrival.reason, arrival.message = "erased", f"It was erased on {timezone.localdate(at):%Y-%m-%d}."
            if arrival.file is not None:
                arrival.file.close()
                arrival.file = None


def _insert_letters(arrivals: Sequence[Arrival], lane: str, office: Office | None) -> dict[str, int]:
    """Insert letters for new bytes; returns their IDs by hash. Concurrent uploads of the same bytes insert one row."""
    office_set = OfficeSet.of([office.pk]) if office else None
    distinct = {arrival.sha256: arrival for arrival in reversed(arrivals)}
    arrived = [distinct.pop(a.sha256) for a in arrivals if a.sha256 in distinct]
    # Numbered in order of arrival, because the first of equal copies counts; inserted in order of their hashes,
    # so that two windows that share several files wait for each other instead of deadlocking.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO determinations_letter (id, sha256, part, size, media_type, state, message, lane, attempts,
                                               received_at, layout, text_method, parser_version, office_set_id)
            SELECT id, sha256, 1, size, media_type, 'received', '', %s, 0, statement_timestamp(), '', '', '', %s
            FROM (
                SELECT nextval(pg_get_serial_sequence('determinations_letter', 'id')) AS id, arrived.*
                FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS arrived (sha256, size, media_type)
            ) AS numbered
            ORDER BY sha256
            ON CONFLICT (sha256, part) DO NOTHING
            RETURNING sha256, id
            """,
            [
                lane,
                office_set.pk if office_set else None,
                [a.sha256 for a in arrived],
                [a.size for a in arrived],
                [a.kind.value for a in arrived],
            ],
        )
        return dict(cursor.fetchall())


def _read_again(restored: Collection[str], lane: str) -> None:
    """Requeue the letters of files that were missing or damaged in the store and are whole again."""
    Letter.objects.filter(sha256__in=restored).exclude(state__in=OPEN_STATES).update(
        state=LetterState.RECEIVED,
        message="",
        lane=lane,
        attempts=0,
        queued_at=None,
        started_at=None,
        finished_at=None,
        pages_scanned=None,
    )


def _row(
    upload: Upload, arrival: Arrival, new: dict[str, int], known: dict[str, int], restored: Collection[str]
) -> UploadedFile:
    row = UploadedFile(upload=upload, name=arrival.name, size=arrival.size, received_at=timezone.now())
    if arrival.reason:
        row.outcome, row.reason, row.message = FileOutcome.REFUSED, arrival.reason, arrival.message[:500]
    elif arrival.sha256 in new:
        row.outcome = FileOutcome.ACCEPTED
        row.letter_id = known[arrival.sha256] = new.pop(arrival.sha256)  # later copies are duplicates
    else:
        row.outcome, row.letter_id = FileOutcome.DUPLICATE, known[arrival.sha256]
        row.message = _RESTORED if arrival.sha256 in restored else ""
    return row


def _further_letters(rows: Sequence[UploadedFile], joined: Collection[str]) -> list[UploadedFile]:
    """An entry for each further letter of the files that were read before, for another office."""
    further = Letter.objects.filter(sha256__in=joined, part__gt=1).order_by("pk")
    first = dict(Letter.objects.filter(sha256__in=joined, part=1).values_list("sha256", "pk"))
    arrived = {row.letter_id: row for row in rows if row.outcome == FileOutcome.ACCEPTED}
    return [
        UploadedFile(
            upload=row.upload, name=row.name, size=row.size, outcome=row.outcome, letter=letter,
            received_at=row.received_at,
        )
        for letter in further
        if (row := arrived.get(first.get(letter.sha256)))
    ]  # fmt: skip


_RESTORED = "The stored file was missing or damaged. This copy replaced it, and its letters are read again."


def _lane_of(upload: Upload) -> Lane:
    large = UploadedFile.objects.filter(upload=upload).order_by("id")[LARGEST_INTERACTIVE_BATCH:].exists()
    return Lane.BULK if large else Lane.INTERACTIVE


# From files to arrivals


def _windows(files: Iterable[File]) -> Iterator[list[Arrival]]:
    window: list[Arrival] = []
    size = 0
    archive = ArchiveLimits(member_bytes=letter_limits().bytes)
    with ContentReader(ContentLimits(settings.ARCHIVE_BYTES, archive)) as reader:
        for file in files:
            for arrival in arrivals_of(file, reader):
                window.append(arrival)
                size += arrival.size
                if len(window) >= _WINDOW_FILES or size >= _WINDOW_BYTES:
                    yield window
                    window, size = [], 0
    if window:
        yield window


def arrivals_of(file: File, reader: ContentReader) -> Iterator[Arrival]:
    """The file itself or, for an archive, message or portfolio, each file in it; nothing for clutter."""
    name = clean_name(file.name or "")
    if is_clutter(name):
        file.close()
        return
    try:
        for content in reader.contents(name, file.file or file):  # type: ignore[arg-type]
            yield _arrival(content, file)
    except OSError as fault:
        yield Arrival(name, reason="unreadable", message=f"The file could not be read: {fault.strerror or 'error'}.")


def _arrival(content: Content, container: File) -> Arrival:
    name = clean_name(content.name)
    if content.file is None:
        return Arrival(name, content.size, content.kind, reason=content.reason, message=content.message)
    if _is_sealed(content.file):
        content.file.close()
        return Arrival(name, content.size, reason="unsupported", message=_SEALED)
    if content.file is container or content.file is container.file:
        return _hashed(name, container, content.kind)
    member = File(content.file, name)
    member.size = content.size
    return _hashed(name, member, content.kind)


def _hashed(name: str, file: File, kind: Kind) -> Arrival:
    limit = letter_limits().bytes
    if kind is Kind.EMPTY:
        arrival = Arrival(name, reason="empty", message="The file is empty.")
    elif kind not in LETTER_KINDS:
        reason = "document" if kind in DOCUMENT_KINDS else "unsupported"
        arrival = Arrival(name, file.size, kind, reason=reason, message=_UNSUPPORTED[kind])
    elif file.size > limit:
        arrival = Arrival(
            name, file.size, kind, reason="too_large", message=f"{file.size:,} bytes; {limit:,} are allowed."
        )
    else:
        digest = hashlib.sha256()
        size = 0
        for chunk in file.chunks():
            digest.update(chunk)
            size += len(chunk)
        return Arrival(name, size, kind, digest.hexdigest(), file)
    file.close()
    return arrival


def _is_sealed(file: IO[bytes]) -> bool:
    """Whether it is an encrypted file of a letter store: stored as it is, it could not be told from one of ours."""
    file.seek(0)
    head = file.read(len(MAGIC))
    file.seek(0)
    return head == MAGIC


_SEALED = "An encrypted file of a letter store. Upload the original letter."
_UNSUPPORTED = {
    Kind.OFFICE: "An Excel, PowerPoint or other Office document.",
    Kind.OPEN_DOCUMENT: "An OpenDocument spreadsheet or presentation.",
    Kind.IMAGE: "An image that is not a TIFF, PNG or JPEG.",
    Kind.OTHER: "Not a supported PDF, text, image, document, message or archive.",
}


# File names are untrusted input


def clean_name(name: str) -> str:
    """Replace control and bidirectional characters; keep the last 500 characters."""
    shown = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character)[0] == "C" else character for character in name
    )
    return shown.strip()[-500:] or "(no name)"

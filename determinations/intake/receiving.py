"""Receives files: stores their bytes and adds one row per file; identical bytes are stored once.

When ``receive_files`` or ``receive_upload`` returns, bytes and rows are safe. The caller queues the letters, and what
is to be opened, afterwards.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.core.files import File
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from determinations.access import audit
from determinations.access.scope import all_letters
from determinations.intake.arrivals import Arrival, opened_files, unopened_files, windows_of
from determinations.intake.offices import join_office
from determinations.intake.store import letter_store
from determinations.intake.store_health import check_store, unavailable
from determinations.models import (
    ErasedLetter,
    Letter,
    LetterState,
    Office,
    OfficeSet,
    UnopenedFile,
    Upload,
    UploadedFile,
)
from determinations.models.letters import LARGEST_INTERACTIVE_BATCH, OPEN_STATES, Lane
from determinations.models.uploads import FileOutcome
from determinations.storage.locking import lock_store
from determinations.storage.places import StoreFault


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

    ``upload`` adds the files to an existing batch. With ``resumed``, files that the batch already has under the same
    name are left out, for an import that was interrupted within an archive. Without a ``lane``, the batch's size
    decides. Files are read in windows, so ``files`` may be a lazy iterable of any length.
    Raises ``StoreUnavailable``; what was stored before is kept.
    """
    check_store()
    upload = upload or _new_batch(by, note, office)
    windows = windows_of(opened_files(files))
    if resumed:
        windows = (_without_received(upload, window) for window in windows)
    _receive_windows(upload, windows, by=by, lane=lane)
    return upload


@all_letters
def receive_upload(
    *, by: User | None, files: Iterable[File], office: Office | None = None, upload: Upload | None = None
) -> Upload:
    """Receive the files of a web request: as ``receive_files`` does, but archives, messages and portfolios are only
    stored, each with an entry in the batch, for a worker to open (``intake.opening``).

    Browsers send a large drop in several requests, which add to the same ``upload``.
    Raises ``StoreUnavailable``; what was stored before is kept.
    """
    check_store()
    upload = upload or _new_batch(by, "", office)
    _receive_windows(upload, windows_of(unopened_files(files)), by=by)
    return upload


def _new_batch(by: User | None, note: str, office: Office | None) -> Upload:
    return Upload.objects.create(by=by, started_at=timezone.now(), note=note[:200], office=office)


def _receive_windows(
    upload: Upload, windows: Iterable[Sequence[Arrival]], *, by: User | None, lane: str | None = None
) -> None:
    counts: Counter[str] = Counter()
    for window in windows:
        counts += receive_window(upload=upload, arrivals=window, lane=lane or lane_of(upload))
    audit.record(
        "letters.uploaded", by=by, at=timezone.now(), upload=upload.pk, accepted=counts[FileOutcome.ACCEPTED],
        duplicate=counts[FileOutcome.DUPLICATE], refused=counts[FileOutcome.REFUSED],
        unopened=counts[FileOutcome.OPENING],
    )  # fmt: skip


def _without_received(upload: Upload, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals that have no row in the batch yet: another name, other bytes, or another reason to refuse them."""
    refuse_erased(arrivals)
    rows = UploadedFile.objects.filter(upload=upload, name__in={arrival.name for arrival in arrivals})
    received = set(rows_received(rows))
    new = []
    for arrival in arrivals:
        if arrival.identity not in received:
            new.append(arrival)
        else:
            arrival.close()
    return new


def rows_received(rows: QuerySet[UploadedFile]) -> Iterator[tuple[str, str]]:
    """What rows say that an arrival says as well: its name, and its bytes or why it is refused."""
    for name, reason, sha256 in rows.values_list("name", "reason", "letter__sha256"):
        yield name, reason or sha256


def receive_window(
    *, upload: Upload, arrivals: Sequence[Arrival], lane: str, container: UploadedFile | None = None
) -> Counter[str]:
    """Store one window of files and write its rows in one transaction; returns the number of files per outcome.

    Files that a worker took out of a ``container`` count as received with it.
    """
    check_store()
    try:
        return _store_window(upload, arrivals, lane, container)
    except StoreFault as fault:
        raise unavailable(fault) from fault


def _store_window(
    upload: Upload, arrivals: Sequence[Arrival], lane: str, container: UploadedFile | None
) -> Counter[str]:
    with transaction.atomic():
        lock_store(to_delete=False)
        refuse_erased(arrivals)
        accepted = [arrival for arrival in arrivals if not arrival.reason]
        written = letter_store().keep(
            {
                Letter(sha256=arrival.sha256).store_name: arrival.file
                for arrival in accepted
                if arrival.file is not None
            }
        )
        for arrival in accepted:
            arrival.close()
        letters = [arrival for arrival in accepted if not arrival.opens]
        new = _insert_letters(letters, lane, upload.office, container.received_at if container else None)
        known = dict(
            Letter.objects.filter(sha256__in={a.sha256 for a in letters} - new.keys(), part=1).values_list(
                "sha256", "id"
            )
        )
        joined = join_office(known.keys(), upload.office)
        restored = {sha256 for sha256 in known if Letter(sha256=sha256).store_name in written}
        _read_again(restored, lane)
        new |= {sha256: known[sha256] for sha256 in joined}
        rows = [_row(upload, arrival, new, known, restored, container) for arrival in arrivals]
        UploadedFile.objects.bulk_create([*rows, *_further_letters(rows, joined)])
        UnopenedFile.objects.bulk_create(
            UnopenedFile(file=row, sha256=arrival.sha256)
            for row, arrival in zip(rows, arrivals, strict=True)
            if row.outcome == FileOutcome.OPENING
        )
    return Counter(row.outcome for row in rows)


def refuse_erased(arrivals: Sequence[Arrival]) -> None:
    """Refuse files that were erased for good, unless an administrator allowed them again.

    When that was is not said: it may have been another office's letter.
    """
    digests = {arrival.sha256 for arrival in arrivals if arrival.sha256}
    erased = set(ErasedLetter.objects.filter(sha256__in=digests, allowed_at=None).values_list("sha256", flat=True))
    for arrival in arrivals:
        if arrival.sha256 in erased:
            arrival.reason = "erased"
            arrival.close()


def _insert_letters(
    arrivals: Sequence[Arrival], lane: str, office: Office | None, received_at: datetime | None
) -> dict[str, int]:
    """Insert letters for new bytes; returns their IDs by hash. Concurrent uploads of the same bytes insert one row.

    ``received_at`` is now if none is given.
    """
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
            SELECT id, sha256, 1, size, media_type, 'received', '', %s, 0,
                COALESCE(%s, statement_timestamp()), '', '', '', %s
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
                received_at,
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
    upload: Upload,
    arrival: Arrival,
    new: dict[str, int],
    known: dict[str, int],
    restored: Collection[str],
    container: UploadedFile | None,
) -> UploadedFile:
    row = UploadedFile(upload=upload, name=arrival.name, size=arrival.size, received_at=timezone.now())
    if container:
        row.container, row.received_at = container.pk, container.received_at
    if arrival.reason:
        row.outcome, row.reason, row.message = FileOutcome.REFUSED, arrival.reason, arrival.message[:500]
    elif arrival.opens:
        row.outcome = FileOutcome.OPENING
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


def lane_of(upload: Upload) -> Lane:
    """The lane of letters that arrive in the batch now: a large one yields to others."""
    large = UploadedFile.objects.filter(upload=upload).order_by("id")[LARGEST_INTERACTIVE_BATCH:].exists()
    return Lane.BULK if large else Lane.INTERACTIVE

"""Stores files that were fetched, in one transaction with the rows that say so."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from determinations.access import audit
from determinations.arrivals.connections import Connection
from determinations.arrivals.fetching import Look, Taken, refusal_of
from determinations.arrivals.set_aside import FileFailed, work_on
from determinations.intake.receiving import lane_of, receive_window
from determinations.models import ArrivalRun, ArrivalSource, ArrivedItem, Upload
from determinations.models.clock import database_now
from determinations.models.uploads import FileOutcome


class WindowFailed(Exception):
    """Something unforeseen went wrong with one of several files."""


def store(source: ArrivalSource, connection: Connection, fetched: Sequence[Taken], look: Look) -> str:
    """Store what is new of these files; the lane of its letters, if there are any.

    Raises :class:`WindowFailed` if something unforeseen goes wrong with one of several.
    """
    if not fetched:
        return ""
    try:
        with work_on(fetched[0].item):
            known = _left_before(source, fetched) if connection.leaves_files else set()
            new = [taken for taken in fetched if taken.sha256 not in known]
            lane = _keep(source, new, look) if new else ""
            note_taken(source, [taken for taken in fetched if taken.sha256 in known])
            return lane
    except FileFailed:
        if len(fetched) > 1:
            raise WindowFailed from None
        raise


def _left_before(source: ArrivalSource, fetched: Sequence[Taken]) -> set[str]:
    """The bytes that were taken from this source before, and left there, also under another name or time."""
    digests = {taken.sha256 for taken in fetched if taken.sha256}
    rows = ArrivedItem.objects.filter(source=source, sha256__in=digests)
    return set(rows.values_list("sha256", flat=True))


def _keep(source: ArrivalSource, taken: Sequence[Taken], look: Look) -> str:
    """Store the files with the rows that say so, in one transaction; returns the lane of their letters."""
    arrivals = [arrival for file in taken for arrival in file.arrivals]
    with transaction.atomic():
        now = database_now()
        run = look.run or _begun_run(source, now)
        if run.upload is None:
            run.upload = Upload.objects.create(
                by=None, started_at=now, note=f"arrived from {source.name}", office=source.office
            )
            run.save(update_fields=["upload"])
        lane = lane_of(run.upload)
        counts: Counter[str] = receive_window(upload=run.upload, arrivals=arrivals, lane=lane)
        audit.record(
            "letters.uploaded", by=None, at=now, upload=run.upload.pk, source=source.pk,
            accepted=counts[FileOutcome.ACCEPTED], duplicate=counts[FileOutcome.DUPLICATE],
            refused=counts[FileOutcome.REFUSED], unopened=counts[FileOutcome.OPENING],
        )  # fmt: skip
        note_taken(source, taken)
    look.run = run
    return lane


def _begun_run(source: ArrivalSource, now: datetime) -> ArrivalRun:
    """The run that was not finished, because its turn was over or its worker was killed, or a new one."""
    unfinished = ArrivalRun.objects.select_related("upload__office").filter(source=source, ended_at=None)
    if run := unfinished.first():
        if run.upload is None or run.upload.office_id == source.office_id:
            return run
        unfinished.update(ended_at=now)  # the source is for another office since
    return ArrivalRun.objects.create(source=source, started_at=now)


def note_taken(source: ArrivalSource, taken: Sequence[Taken]) -> None:
    """Note that these files were taken, and why one was refused."""
    now = database_now()
    ArrivedItem.objects.bulk_create(
        [
            ArrivedItem(
                source=source, identity=file.item.identity, sha256=file.sha256, seen_at=now, looked_at=now,
                taken=True, reason=refusal_of(file),
            )
            for file in taken
        ],
        update_conflicts=True, unique_fields=["source", "identity"],
        update_fields=["sha256", "taken", "reason", "looked_at"],
    )  # fmt: skip

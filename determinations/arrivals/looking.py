"""When workers look at sources, and what a look leaves in their rows."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from determinations.arrivals import taking
from determinations.arrivals.connections import SourceFault
from determinations.arrivals.fetching import Look
from determinations.arrivals.kinds import open_source
from determinations.arrivals.taking import take
from determinations.intake.store_health import StoreUnavailable
from determinations.models import ArrivalRun, ArrivalSource
from determinations.models.clock import database_now
from determinations.storage.sealed import KeyUnknown, NotAuthentic

#: A worker that was told to look and has not begun after this long has lost the message.
_MESSAGE_LOST_AFTER = timedelta(minutes=1)
#: For how long runs that only failed are listed.
_FAILED_KEPT = timedelta(days=30)
_NOT_OPENED = (
    "The stored password or key cannot be opened: the file key that encrypts it is not configured here. Add it to "
    "FILE_KEYS, or enter the password or key again."
)
_UNEXPECTED = "The look failed unexpectedly and is tried again ({name}). The log of the worker says more."


def due(now: datetime) -> QuerySet[ArrivalSource]:
    """Sources to look at now that no worker was told of lately."""
    untold = Q(sent_at=None) | Q(sent_at__lt=F("due_at")) | Q(sent_at__lt=now - _MESSAGE_LOST_AFTER)
    return ArrivalSource.objects.filter(untold, enabled=True, due_at__lte=now).order_by("due_at")


def note_sent(source_id: int) -> None:
    """Note that a worker is told to look at the source."""
    ArrivalSource.objects.filter(pk=source_id).update(sent_at=database_now())


def is_due(source_id: int) -> bool:
    """Whether the source is to be looked at now: its turn was over before everything was taken."""
    return ArrivalSource.objects.filter(pk=source_id, enabled=True, due_at__lte=database_now()).exists()


def look_at(source_id: int, *, seconds: float) -> Iterator[str]:
    """Take letters from a source that is due, for so long; yields the lane of letters as they are received.

    The caller holds the lock that keeps other processes from this source.
    """
    source = ArrivalSource.objects.select_related("office").filter(pk=source_id, enabled=True).first()
    if source is None or source.due_at > database_now():
        return
    look = Look()
    try:
        with closing(open_source(source)) as connection:
            yield from take(source, connection, look, seconds=seconds)
    except (SourceFault, StoreUnavailable) as fault:
        look.note(fault)
    except (KeyUnknown, NotAuthentic):
        look.note(SourceFault(_NOT_OPENED))
    except Exception as fault:
        look.note(SourceFault(_UNEXPECTED.format(name=type(fault).__name__)))
        _end(source, look)
        raise
    _end(source, look)


def _end(source: ArrivalSource, look: Look) -> None:
    """Write down what the look found, and when the next one is."""
    now, fault = database_now(), look.fault
    goes_on = not look.is_over and not fault
    if not goes_on:
        _end_run(source, look, now, fault)
    if goes_on:
        next_look = now
    elif look.unsettled:
        next_look = now + min(taking.SETTLED_AFTER, timedelta(minutes=source.minutes))
    else:
        next_look = now + timedelta(minutes=source.minutes)
    rows = ArrivalSource.objects.filter(pk=source.pk)
    rows.update(
        looked_at=now, unsettled=look.unsettled, fault=fault,
        failing_since=(source.failing_since or now) if fault else None,
    )  # fmt: skip
    rows.filter(due_at=source.due_at).update(due_at=next_look)  # unless a user asked for a look meanwhile


def _end_run(source: ArrivalSource, look: Look, now: datetime, fault: str) -> None:
    """End the run, also one that was left unfinished; a fault without files is a run of its own."""
    if ArrivalRun.objects.filter(source=source, ended_at=None).update(ended_at=now, fault=fault) or not fault:
        return
    last = ArrivalRun.objects.filter(source=source).order_by("-pk").first()
    if last and last.fault == fault and last.upload_id is None:
        ArrivalRun.objects.filter(pk=last.pk).update(ended_at=now, times=F("times") + 1)
    else:
        ArrivalRun.objects.create(source=source, started_at=now, ended_at=now, fault=fault)


def failing_sources() -> list[ArrivalSource]:
    """The sources whose last look failed, those that fail longest first."""
    return list(ArrivalSource.objects.filter(enabled=True).exclude(fault="").order_by("failing_since", "name")[:100])


def delete_old_runs(now: datetime) -> None:
    """Delete runs that only failed, after a while; those with a batch stay as long as the batch."""
    ArrivalRun.objects.filter(upload=None, ended_at__lt=now - _FAILED_KEPT).delete()

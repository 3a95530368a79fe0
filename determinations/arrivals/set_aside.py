"""Files that fail unexpectedly: each is set aside, and its source goes on with the others.

Such a file stays in its source, untouched, until an administrator has it tried again or it changes. What failed is
noted by the kind of the exception and its place in the code, since its words may quote a letter.
"""

import errno
import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from traceback import extract_tb

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db import Error, InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.db.models import Count, QuerySet

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.arrivals.connections import Item, ItemChanged, ItemFault, SourceFault
from determinations.intake.arrivals import clean_name
from determinations.intake.store_health import StoreUnavailable
from determinations.models import ArrivalSource, SetAsideItem
from determinations.models.clock import database_now
from determinations.storage.places import StoreFault

#: With so many files set aside, the fault is rather of the source: it waits for an administrator.
MOST_SET_ASIDE = 20
_FORESEEN = (ItemChanged, ItemFault, SourceFault, StoreUnavailable, StoreFault)
#: What no file can be blamed for: the database, memory, the network, disks.
_OF_THE_MACHINE = (
    OperationalError, InterfaceError, ProgrammingError, MemoryError, SoftTimeLimitExceeded, ConnectionError,
    TimeoutError, ssl.SSLError,
)  # fmt: skip
_NUMBERS_OF_THE_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
}  # fmt: skip
log = logging.getLogger(__name__)


class FileFailed(Exception):
    """Something unforeseen went wrong with this file alone; the cause says what."""

    def __init__(self, item: Item) -> None:
        super().__init__("a file of a source failed")
        self.item = item


@contextmanager
def work_on(item: Item) -> Iterator[None]:
    """Tell what goes wrong in the block as a fault of the file, unless it was foreseen or no file's fault."""
    try:
        yield
    except _FORESEEN:
        raise
    except Exception as fault:
        if _is_of_the_machine(fault):
            raise
        raise FileFailed(item) from fault


def _is_of_the_machine(fault: Exception) -> bool:
    number = fault.errno if isinstance(fault, OSError) else None
    is_cut_off = isinstance(fault, Error) and not connection.is_usable()
    return is_cut_off or isinstance(fault, _OF_THE_MACHINE) or number in _NUMBERS_OF_THE_MACHINE


def set_aside(source: ArrivalSource, failure: FileFailed) -> None:
    """Leave this file alone from now on. Raises ``SourceFault`` if too many are set aside already."""
    if files_of(source).count() >= MOST_SET_ASIDE:
        raise SourceFault(
            f"{MOST_SET_ASIDE} files are set aside and another one failed. Nothing more is taken until they are tried "
            "again or removed from the source."
        )
    now, where = database_now(), _where(failure.__cause__)
    log.error("A file of source %d is set aside (%s).", source.pk, where)
    SetAsideItem.objects.update_or_create(
        source=source, identity=failure.item.identity,
        defaults={"name": clean_name(failure.item.name), "fault": where, "at": now, "looked_at": now},
    )  # fmt: skip


def _where(fault: BaseException | None) -> str:
    """The kind of an exception and the place in the code that raised it."""
    frames = extract_tb(fault.__traceback__) if fault is not None else []
    place = f", {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"[:120]


def files_of(source: ArrivalSource) -> QuerySet[SetAsideItem]:
    """The files of a source that are set aside, oldest first."""
    return SetAsideItem.objects.filter(source=source).order_by("at", "pk")


def without_set_aside(source: ArrivalSource, items: Sequence[Item], now: datetime) -> list[Item]:
    """Those of these files that are not set aside; the others are noted as being there."""
    identities = set(files_of(source).values_list("identity", flat=True))
    here = [item.identity for item in items if item.identity in identities] if identities else []
    if here:
        files_of(source).filter(identity__in=here).update(looked_at=now)
    return [item for item in items if item.identity not in identities] if here else list(items)


def forget_gone(source: ArrivalSource, since: datetime) -> None:
    """Forget files that were set aside and are gone, or changed: a whole look since then did not see them."""
    files_of(source).filter(looked_at__lt=since).delete()


def try_again(source: ArrivalSource, *, by: User, now: datetime) -> int:
    """Have the files that are set aside taken with the next look; returns how many. Raises ``PermissionDenied``."""
    check_permission(by, "manage_arrivals")
    with transaction.atomic():
        files, _by_model = files_of(source).delete()
        if files:
            ArrivalSource.objects.filter(pk=source.pk).update(due_at=now)
            audit.record("arrival.tried_again", by=by, at=now, source=source.pk, name=source.name, files=files)
    return files


def sources_with_files() -> dict[str, int]:
    """How many files are set aside, by the name of their source, for those that are not paused."""
    rows = SetAsideItem.objects.filter(source__enabled=True)
    counts = rows.values("source__name").annotate(files=Count("pk")).order_by("source__name")
    return {row["source__name"]: row["files"] for row in counts[:100]}

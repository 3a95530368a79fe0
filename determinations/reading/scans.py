"""Reads scanned letters: one at a time, page by page, in the scan lane.

No transaction is open in the meantime, so that progress is visible and nothing is blocked; the claim's advisory lock
shows that a worker is reading the letter (see ``turns``).
"""

import logging
from collections.abc import Sequence

from determinations.extraction.process import ReaderBroken
from determinations.extraction.scanning.engine import missing_engine
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Letter, LetterState
from determinations.reading.breaker import ReadingStopped, check_breaker, return_set_aside
from determinations.reading.file_letters import page_ranges
from determinations.reading.ingest import raise_for_the_system, requeue, stop_killers, write_scan
from determinations.reading.one_letter import scan_letter
from determinations.reading.turns import claimed, give_back
from determinations.reference.aliases import aliases_in_force

log = logging.getLogger(__name__)


def read_scans(ids: Sequence[int]) -> None:
    """Recognize and read these letters. Letters already read, or claimed by another worker, are skipped.

    Without the engine they wait, with a message that says how to install it; the sweep requeues them.
    """
    if missing := missing_engine():
        Letter.objects.filter(pk__in=ids, state=LetterState.SCAN_WAITING).update(message=missing, queued_at=None)
        return
    stop_killers(ids)
    try:
        for pk in ids:
            for begun in (False, True):
                check_breaker()
                with claimed([pk], begun=begun, scans=True) as mine:
                    for letter_id in mine:
                        _read_scan(letter_id)
    except (ReadingStopped, StoreUnavailable) as fault:
        log.error("Scans return to the queue: %s", fault)
        if isinstance(fault, ReadingStopped):
            return_set_aside(fault.set_aside)
        requeue(ids)


def _read_scan(pk: int) -> None:
    letter = Letter.objects.get(pk=pk)

    def progress(done: int, pages: int) -> None:
        Letter.objects.filter(pk=pk).update(pages_scanned=done, pages_to_scan=pages, message="")

    try:
        ranges = page_ranges([letter]).get(letter.sha256, ())
        reading = scan_letter(letter, aliases_in_force(), progress, ranges)
    except (ReaderBroken, StoreUnavailable, OSError) as fault:
        give_back([pk])
        raise_for_the_system(fault)
    write_scan(reading)

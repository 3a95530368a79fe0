"""A synthetic letter that is known to be good: whether it can be read and written tells a fault of a letter from a
fault of the system."""

import logging
import uuid
from functools import cache
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from determinations.extraction.kinds import Kind
from determinations.models import Letter, LetterState
from determinations.reading.one_letter import TooLong, read_bytes
from determinations.reading.writing import write_readings
from determinations.reference.aliases import aliases_in_force

log = logging.getLogger(__name__)


def fault_with_known_letter() -> str:
    """What goes wrong with a good letter, from its bytes to its rows; empty if nothing does.

    The rows are rolled back. The letter has no file: whether the store can be read is another question.
    """
    data = _known_pdf()
    try:
        with transaction.atomic():
            letter = Letter.objects.create(
                sha256=sha256(uuid.uuid4().bytes).hexdigest(),
                size=len(data),
                media_type=Kind.PDF,
                state=LetterState.PARSING,
                attempts=1,
                received_at=timezone.now(),
            )
            reading = read_bytes(letter, data, aliases_in_force())
            if reading.parts:
                write_readings([reading])
            transaction.set_rollback(True)
    except (Exception, TooLong) as fault:
        log.error("A known good letter cannot be read (%s).", type(fault).__name__)
        return type(fault).__name__
    return "" if reading.parts else reading.message or reading.state


@cache
def _known_pdf() -> bytes:
    from determinations.synthetic import letter_pdf, write_letter  # a third of a second, which few processes need

    return letter_pdf(write_letter(0))

"""The demo's synthetic letters, through the same upload and the same worker as any others."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db.models import QuerySet
from django.utils import timezone

from determinations.duties.actions import enter_receipt
from determinations.intake.receiving import receive_files
from determinations.models import Case, Duty, Letter, LetterState, OfficeImport, Receipt, Service, UploadedFile
from determinations.models.letters import OPEN_STATES, Lane
from determinations.office_fields import imports
from determinations.synthetic.claims import claim_table
from determinations.tasks import send_office_values, send_waiting

NOTE = "Synthetic letters of the demo"
SEED = 2014  # the same letters every time
AT_ONCE = 25


def send_again() -> None:
    """Queue all open letters again without the usual wait: after a kill, no worker reads what was queued before.

    Call it before the worker starts, and only where no other worker uses the same broker.
    """
    Letter.objects.filter(state__in=OPEN_STATES).update(state=LetterState.RECEIVED, queued_at=None)
    for lane in Lane:
        send_waiting(lane)


def bring_letters(count: int) -> Iterator[str]:
    """Upload the letters missing from ``count`` and follow them until read; yields progress messages."""
    yield from _upload(count)
    yield from _follow()


def _upload(count: int) -> Iterator[str]:
    """Continue where an interrupted demo stopped."""
    person = User.objects.get(username="casemanager")
    earlier = UploadedFile.objects.filter(upload__note=NOTE).select_related("upload").order_by("id")
    there = earlier.count()
    last = earlier.last()
    upload = last.upload if last else None
    if there >= count:
        return
    from determinations.synthetic.demo import demo_files  # takes a second to import, and is needed once

    files_of_demo = demo_files(count, SEED, timezone.localdate())
    letters = (ContentFile(content, name) for name, content in islice(files_of_demo, there, None))
    while files := list(islice(letters, AT_ONCE)):
        upload = receive_files(by=person, files=files, lane=Lane.INTERACTIVE, note=NOTE, upload=upload)
        send_waiting(Lane.INTERACTIVE)
        there += len(files)
        yield f"Uploading synthetic letters: {there} of {count}, {_parsed()} parsed"


def _follow() -> Iterator[str]:
    began_at, before = time.monotonic(), _parsed()
    while waiting := Letter.objects.filter(state__in=OPEN_STATES).count():
        done = _parsed()
        rate = (done - before) / max(time.monotonic() - began_at, 0.1)
        yield f"Parsing letters: {done} done, {waiting} waiting, {rate:.0f} per second"
        if not Letter.objects.filter(state__in=OPEN_STATES).exclude(lane=Lane.SCANS).exists():
            _enter_some_receipts()  # scans take their time
            _import_claims()
        time.sleep(0.3)
    _enter_some_receipts()
    _import_claims()
    states = Counter(Letter.objects.values_list("state", flat=True))
    summary = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in states.most_common())
    yield f"{states.total()} letters: {summary or 'none'}"


def _enter_some_receipts() -> None:
    """Of the demo's recent letters, two in three get a date of receipt once, so that the worklist has due dates."""
    if Receipt.objects.exists():
        return
    person, now = User.objects.get(username="casemanager"), timezone.now()
    letters = sorted(set(Duty.objects.filter(letter__in=_of_demo()).values_list("letter_id", flat=True)))
    for at, letter_id in enumerate(letters):
        issued = Case.objects.values_list("decision_date", flat=True).get(pk=letter_id)
        if at % 3 and issued:
            received_on = min(issued + timedelta(days=at % 4), timezone.localdate())
            enter_receipt([letter_id], received_on, Service.ELECTRONIC, by=person, now=now)


def _import_claims() -> None:
    """Once, the office's fields of the demo's letters read so far, by the same import as any others."""
    of_demo = Case.objects.filter(pk__in=_of_demo()).values_list("case_number", flat=True)
    numbers = sorted({number for number in of_demo if number})
    if OfficeImport.objects.exists() or not numbers:
        return
    person, now = User.objects.get(username="supervisor"), timezone.now()
    table = claim_table(numbers, SEED)
    source = imports.receive_table(table, "synthetic-claims.csv", by=person, now=now)
    imports.work_on(source.pk, now=now)
    imports.apply_import(source.pk, by=person, now=now)
    imports.work_on(source.pk, now=now)
    send_office_values()


def _of_demo() -> QuerySet[UploadedFile, int | None]:
    """The letters of the demo's own batch: what users upload meanwhile is theirs, and gets no made-up values."""
    return UploadedFile.objects.filter(upload__note=NOTE, letter__isnull=False).values_list("letter", flat=True)


def _parsed() -> int:
    return Letter.objects.exclude(state__in=OPEN_STATES).count()

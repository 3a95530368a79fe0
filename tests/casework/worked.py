"""A case that somebody works on, for tests."""

from django.utils import timezone

from determinations.casework import notes, work
from determinations.models import (
    CaseNote,
    CaseWork,
)
from tests.casework.conftest import Store
from tests.fixtures.people import People


def worked_on(store: Store, people: People, number: int) -> int:
    """A case with an owner, a status, a tag and a note."""
    pk, now = store(number), timezone.now()
    work.assign([pk], people.casemanager, by=people.supervisor, now=now)
    work.set_status([pk], "authorizing", by=people.casemanager, now=now)
    work.change_tags([pk], add=["urgent"], by=people.casemanager, now=now)
    notes.add_note(pk, "Called the provider.", by=people.casemanager, now=now)
    return pk


def kept(letter_id: int) -> tuple[str, str, list[str], int]:
    row = CaseWork.objects.select_related("owner").get(pk=letter_id)
    owner = row.owner.get_username() if row.owner else ""
    return owner, row.status, row.tags, CaseNote.objects.filter(letter=letter_id).count()


ALL_KEPT = ("casemanager", "authorizing", ["urgent"], 1)

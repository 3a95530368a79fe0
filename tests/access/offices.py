"""Two offices with a letter each, whose words say which office they are of. All of it is synthetic."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from determinations.cases.moved_letters import settle_moved
from determinations.models import Account, Case, ItemFact, Letter, Office, OfficeSet, Upload, UploadedFile
from determinations.models.uploads import FileOutcome
from tests.corrections.letters import NOW, citation, document, item, problem, stored_letter


def limit(user: User, *offices: Office) -> User:
    """Limit a user's account to these offices."""
    Account.objects.update_or_create(user=user, defaults={"office_ids": sorted(office.pk for office in offices)})
    return user


def give(letter: Letter, *offices: Office) -> None:
    """Let the letter belong to these offices, as a move does."""
    target = OfficeSet.of(office.pk for office in offices)
    Letter.objects.filter(pk=letter.pk).update(office_set=target)
    Case.objects.filter(pk=letter.pk).update(office_set=target)
    ItemFact.objects.filter(case=letter.pk).update(office_set=target)
    settle_moved([letter.pk])


def words_of(word: str) -> str:
    """A letter's text in which every part has the word."""
    return f"Synthetic letter of {word}. " * 20


def letter_of(office: Office, word: str, number: str, **values: Any) -> Letter:
    """A letter whose every value has the word, in a batch of its office."""
    letter = stored_letter(
        document(
            item(
                f"Brace {word}request", "overturned", disputed=f"Brace {word}request",
                rationale=f"The {word}rationale does not support it.",
                claims=[{**citation("mtus/shoulder", "2004", f"{word}section"), "text": f"Printed {word}cited"}],
                reviewer=[{**citation("mtus/shoulder", "2004"), "text": f"Printed {word}cited"}],
                claims_text=f"Decision based on {word}claims.", reviewer_text=f"Decision based on {word}reviewer.",
            ),
            problems=[problem("no_age", "age")],
            **{"decision_date": (timezone.localdate() - timedelta(days=10)).isoformat(), **values},
            case_number=number,
            summary=f"The patient has {word}summary.",
            specialties=[f"{word}specialty"],
            age=47,
            sex="female",
        ),
        text=words_of(word),
    )  # fmt: skip
    give(letter, office)
    upload = Upload.objects.create(started_at=NOW, office=office, note=f"{word}batch")
    UploadedFile.objects.create(
        upload=upload, name=f"{word}file.txt", outcome=FileOutcome.ACCEPTED, letter=letter, received_at=NOW
    )
    return letter


@dataclass(frozen=True)
class TwoOffices:
    """Each with a letter: ``north`` is the user's own, ``south`` the other."""

    north: Office
    south: Office
    ours: Letter
    theirs: Letter


def two_offices() -> TwoOffices:
    """The offices with their letters."""
    north, south = Office.objects.create(name="North desk"), Office.objects.create(name="Zebrawood desk")
    ours = letter_of(north, "aspenwood", "CM18-9000011")
    theirs = letter_of(south, "zebrawood", "CM18-9000077")
    return TwoOffices(north, south, ours, theirs)

"""Notes on cases: plain text that mentions users as ``@name``. The author may edit a note for a while."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from determinations.access import audit
from determinations.access.roles import check_permission, people_with
from determinations.casework import notifications
from determinations.casework.work import WorkRefused, lock_counting
from determinations.models import CaseNote, EarlierNote
from determinations.models.casework import LONGEST_NOTE
from determinations.searching.terms import version
from determinations.searching.vectors import LetterWords, letter_vector

#: How long the author may edit a note.
EDITED_WITHIN = timedelta(minutes=30)
#: Users that one note may mention.
MOST_MENTIONED = 20
#: A user name after an at sign that does not belong to an e-mail address; a period at its end ends the sentence.
_MENTION = re.compile(r"(?<![\w.+-])@([\w.@+-]{1,150})")


def add_note(letter_id: int, text: str, *, by: User, now: datetime) -> CaseNote:
    """Add a note to a case. Raises ``WorkRefused`` for no text or too much, and PermissionDenied."""
    check_permission(by, "work_cases")
    text = _checked(text)
    with transaction.atomic():
        (counting,) = lock_counting([letter_id]) or (letter_id,)
        mentioned = mentioned_in(text)
        names = [person.get_username() for person in mentioned]
        note = CaseNote.objects.create(
            letter_id=counting,
            by=by,
            at=now,
            text=text,
            mentioned=names,
            search=search_vector(text),
            words_version=version(),
        )
        notifications.tell_mentioned(note, mentioned, by=by, now=now)
        notifications.tell_watchers_of_note(note, by=by, now=now)
        audit.record("note.added", by=by, at=now, letter_id=counting, note=note.pk, mentioned=len(names))
    return note


def edit_note(note_id: int, text: str, *, by: User, now: datetime) -> CaseNote:
    """Edit one's own note; what it said before is kept. Raises ``WorkRefused`` if the time for it is over."""
    check_permission(by, "work_cases")
    text = _checked(text)
    with transaction.atomic():
        note = CaseNote.objects.select_for_update().get(pk=note_id)
        if note.by_id != by.pk:
            raise PermissionDenied
        if now - note.at > EDITED_WITHIN:
            minutes = EDITED_WITHIN.seconds // 60
            raise WorkRefused(f"A note can be edited for {minutes} minutes. Add another note instead.")
        if text != note.text:
            EarlierNote.objects.create(note=note, text=note.text, until=now)
            note.text, note.edited_at = text, now
            note.search, note.words_version = search_vector(text), version()
            mentioned, before = mentioned_in(text), set(note.mentioned)
            note.mentioned = [person.get_username() for person in mentioned]
            new = [person for person in mentioned if person.get_username() not in before]
            notifications.tell_mentioned(note, new, by=by, now=now)
            note.save(update_fields=["text", "edited_at", "mentioned", "search", "words_version"])
            audit.record("note.edited", by=by, at=now, letter_id=note.letter_id, note=note.pk)
    return note


def search_vector(text: str) -> str:
    """The words of a note, in the same normal form as those of letters."""
    return letter_vector(LetterWords(number=text))


def old_words(limit: int) -> list[int]:
    """Notes whose search vectors are missing or of an earlier form, up to ``limit``."""
    return list(CaseNote.objects.exclude(words_version=version()).order_by("pk").values_list("pk", flat=True)[:limit])


def rewrite_old_words(limit: int) -> int:
    """Write the search vectors of such notes again; returns how many there were."""
    with transaction.atomic():
        notes = list(CaseNote.objects.select_for_update().filter(pk__in=old_words(limit)).order_by("pk"))
        for note in notes:
            note.search, note.words_version = search_vector(note.text), version()
        CaseNote.objects.bulk_update(notes, ["search", "words_version"])
    return len(notes)


def _checked(text: str) -> str:
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise WorkRefused("Write a note first.")
    if len(text) > LONGEST_NOTE:
        raise WorkRefused(f"A note has up to {LONGEST_NOTE:,} characters (this one has {len(text):,}).")
    return text


def mentioned_in(text: str) -> list[User]:
    """The users who are mentioned and who may read cases, in the order of their names."""
    names = {name for match in _MENTION.finditer(text) for name in (match[1], match[1].rstrip(".-+@"))}
    if not names:
        return []
    return list(people_with("browse_cases").filter(username__in=names)[:MOST_MENTIONED])


def pieces(text: str, mentioned: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is a mention."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for match in _MENTION.finditer(text):
        name = next((name for name in (match[1], match[1].rstrip(".-+@")) if name in mentioned), None)
        if name is not None:
            end = match.start(1) + len(name)
            parts += [(text[at : match.start()], False), (text[match.start() : end], True)]
            at = end
    return [part for part in [*parts, (text[at:], False)] if part[0]]


def suggested(typed: str, *, limit: int = 8) -> list[User]:
    """The users to mention whose user name or own name begins with what was typed."""
    users = people_with("browse_cases")
    typed = typed.replace("\x00", "")[:150]
    if typed:
        users = users.filter(username__istartswith=typed) | users.filter(first_name__istartswith=typed)
    return list(users[:limit])

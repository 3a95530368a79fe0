"""The text of a file that holds several letters: stored once, with one of them."""

from collections.abc import Collection, Iterable

from django.db import connection

from determinations.models import LetterText, ScannedPage

#: Columns that describe the file's text, not the letter that stores it.
_OF_FILE = ("text", "page_offsets")


def lock_files(digests: Iterable[str]) -> None:
    """Serialize writers and removers of letters in the same file; keys are sorted to prevent deadlocks."""
    keys = [f"letters of file {sha256}" for sha256 in sorted(set(digests))]
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key", [keys])


def hand_over_texts(letter_ids: Collection[int]) -> None:
    """Before these letters are removed, move shared file texts to another letter of the same file."""
    remaining = LetterText.objects.filter(kept_with__in=letter_ids).exclude(pk__in=letter_ids)
    heirs: dict[int, LetterText] = {}
    for text in remaining.select_related("kept_with").order_by("pk"):
        keeper = text.of_file
        if heir := heirs.get(keeper.pk):
            text.kept_with = heir
            text.save(update_fields=["kept_with"])
            continue
        for name in _OF_FILE:
            setattr(text, name, getattr(keeper, name))
        text.kept_with = None
        text.save(update_fields=["kept_with", *_OF_FILE])
        ScannedPage.objects.filter(letter=keeper.pk).update(letter=text.pk)
        heirs[keeper.pk] = text

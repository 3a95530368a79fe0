"""Holds the letters of a case while one transaction writes them: the one order in which all writers lock.

LOCK_ORDER: a worker, an import and a correction take their locks in this order. Writers may wait for each other's
letters, but never in a circle.
 1. families of authorities (``hold_families``), shared: a change of family waits for all writers.
 2. files, by digest: the letters found in a file get their rows from one writer at a time.
 3. case numbers, sorted: writers of new letters of one number cannot see each other's rows.
 4. rows of letters, by id: the letters to write with all their copies and versions, since writing one letter can
    change which of them counts, and the values of the one that counts.
 5. everything else, only of held letters: pairs, problem reports, documents, cases, items, facts, review entries. Rows
    that letters share (categories, authorities, names of sections) are added in this order, each kind sorted.

Only under the locks is it certain which letters belong together, and a correction can change a case number. A writer
that needs more than it holds never takes it late: it raises ``NotHeld``. Its transaction or savepoint is rolled back,
which releases the locks, and it starts again with everything in order.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from determinations.access.scope import all_letters
from determinations.cases.facts import hold_families
from determinations.cases.file_text import lock_files
from determinations.models import Case, Letter, LetterPair, PairDecision, PairKind
from determinations.models.any_of import AnyOf, AnyOfTexts

_Written = TypeVar("_Written")

#: Pairs that do not link letters: they are only similar until staff decide. Identical text links letters immediately.
UNDECIDED = Q(decision=PairDecision.OPEN) & ~Q(kind__in=(PairKind.TEXT, PairKind.CONTAINED))


@dataclass(frozen=True, slots=True)
class Held:
    """What the transaction holds: existing letters with all their copies and versions, case numbers, and files."""

    letters: frozenset[int]
    numbers: frozenset[str]
    files: frozenset[str]

    def with_new(self, letter_ids: Iterable[int]) -> "Held":
        """The same with letters that this transaction has added: no one else sees them yet."""
        return Held(self.letters.union(letter_ids), self.numbers, self.files)

    def require(
        self, *, letters: Iterable[int] = (), numbers: Iterable[str | None] = (), files: Iterable[str] = ()
    ) -> None:
        """Raise :class:`NotHeld` if one of these is not held."""
        more_letters = set(letters) - self.letters
        more_numbers = set(filter(None, numbers)) - self.numbers
        more_files = set(files) - self.files
        if more_letters or more_numbers or more_files:  # an error with a name here would keep all callers' frames
            raise NotHeld(letters=more_letters, numbers=more_numbers, files=more_files)


class NotHeld(Exception):
    """A writer needs more locks than it holds. :func:`holding` starts it again with these too."""

    def __init__(self, *, letters: Iterable[int] = (), numbers: Iterable[str] = (), files: Iterable[str] = ()) -> None:
        super().__init__("more letters must be held")
        self.letters, self.numbers, self.files = set(letters), set(numbers), set(files)


@all_letters
def holding(
    letter_ids: Iterable[int],
    write: Callable[[Held], _Written],
    *,
    numbers: Iterable[str | None] = (),
    files: Iterable[str] = (),
) -> _Written:
    """Call ``write`` in a transaction that holds these letters, with their copies and versions; returns its result.

    ``numbers`` and ``files`` are those that the letters may get. ``write`` is called again if it turns out to need
    more; what it wrote before is rolled back. The caller holds none of these locks. ``write`` sees all letters,
    whatever its user may see: the caller has found the letter among those.
    """
    letters, all_numbers, all_files = set(letter_ids), set(filter(None, numbers)), set(files)
    while True:
        try:
            with transaction.atomic():
                return write(_hold(letters, all_numbers, all_files))
        except NotHeld as missing:
            letters |= missing.letters
            all_numbers |= missing.numbers
            all_files |= missing.files


def lock_letters(letter_ids: Iterable[int]) -> QuerySet[Letter]:
    """Lock the rows of these letters in the order of their ids, until the caller's transaction ends.

    The lock allows foreign keys to the letter, such as those of an upload of the same file.
    """
    return Letter.objects.filter(AnyOf("pk", list(letter_ids))).select_for_update(no_key=True).order_by("pk")


def _hold(letter_ids: set[int], numbers: set[str], files: set[str]) -> Held:
    hold_families()
    lock_files(files)
    letters, related_numbers = _related(letter_ids, numbers, files)
    _lock_case_numbers(related_numbers)
    locked = set(lock_letters(letters).values_list("pk", flat=True))
    letters_now, numbers_now = _related(letter_ids, numbers, files)
    if letters_now - locked or numbers_now - related_numbers:
        raise NotHeld(letters=letters_now, numbers=numbers_now)
    return Held(frozenset(locked), frozenset(related_numbers), frozenset(files))


def _lock_case_numbers(numbers: Iterable[str]) -> None:
    keys = [f"case number {number}" for number in sorted(numbers)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key", [keys])


def _related(letter_ids: set[int], numbers: set[str], files: set[str]) -> tuple[set[int], set[str]]:
    """These letters and those of these numbers and files, all letters linked to them directly or indirectly, and the
    numbers of their cases."""
    wanted = Q(AnyOf("pk", letter_ids)) | Q(sha256__in=files) if files else Q(AnyOf("pk", letter_ids))
    letters = set(Letter.objects.filter(wanted).values_list("pk", flat=True))
    all_numbers = set(numbers)
    while True:
        cases = Case.objects.filter(Q(AnyOfTexts("case_number", all_numbers)) | Q(AnyOf("pk", letters)))
        number_of = dict(cases.values_list("pk", "case_number"))
        known = letters | number_of.keys()
        pairs = LetterPair.objects.filter(Q(AnyOf("older", known)) | Q(AnyOf("newer", known)))
        tied = pairs.exclude(UNDECIDED).exclude(decision=PairDecision.APART).values_list("older_id", "newer_id")
        more = number_of.keys() | {pk for pair in tied for pk in pair}
        more_numbers = set(filter(None, number_of.values()))
        if more <= letters and more_numbers <= all_numbers:
            return letters, all_numbers
        letters |= more
        all_numbers |= more_numbers

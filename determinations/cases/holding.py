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
from determinations.models import Letter, PairDecision, PairKind
from determinations.models.any_of import AnyOf, array_literal

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
    locked = _locked(letters)
    letters_now, numbers_now = _related(letter_ids, numbers, files)
    if letters_now - locked or numbers_now - related_numbers:
        raise NotHeld(letters=letters_now, numbers=numbers_now)
    return Held(frozenset(locked), frozenset(related_numbers), frozenset(files))


def _lock_case_numbers(numbers: Iterable[str]) -> None:
    keys = [f"case number {number}" for number in sorted(numbers)]
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key", [keys])


def _locked(letter_ids: Iterable[int]) -> set[int]:
    """The same as :func:`lock_letters`; returns those that exist."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [array_literal(letter_ids)])
        return {pk for (pk,) in cursor.fetchall()}


_LOCK = "SELECT id FROM determinations_letter WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"


def _linked(or_of_files: str) -> str:
    """The statement for letters of these IDs, numbers and files, and those linked to them directly: with their case
    numbers, and whether they were named by ID or file. Each of several would cost a tenth of writing a short letter.
    """
    return f"""
WITH named AS MATERIALIZED (
    SELECT id FROM determinations_letter WHERE id = ANY(%(letters)s::bigint[]) {or_of_files}
), of_case AS MATERIALIZED (
    SELECT letter_id, case_number FROM determinations_case
    WHERE case_number = ANY(%(numbers)s::text[]) OR letter_id = ANY(ARRAY(SELECT id FROM named))
), known AS MATERIALIZED (
    SELECT ARRAY(SELECT id FROM named UNION SELECT letter_id FROM of_case) AS ids
)
SELECT id, NULL::text, true FROM named
UNION ALL SELECT letter_id, case_number, false FROM of_case
UNION ALL SELECT unnest(ARRAY[older_id, newer_id]), NULL, false FROM determinations_letterpair
WHERE (older_id = ANY((SELECT ids FROM known)::bigint[]) OR newer_id = ANY((SELECT ids FROM known)::bigint[]))
    AND decision <> '{PairDecision.APART}' -- and not UNDECIDED
    AND (decision <> '{PairDecision.OPEN}' OR kind IN ('{PairKind.TEXT}', '{PairKind.CONTAINED}'))
"""  # noqa: S608 - our own constants


_LINKED, _LINKED_OR_OF_FILES = _linked(""), _linked("OR sha256 = ANY(%(files)s::text[])")


def _related(letter_ids: set[int], numbers: set[str], files: set[str]) -> tuple[set[int], set[str]]:
    """These letters and those of these numbers and files, all letters linked to them directly or indirectly, and the
    numbers of their cases."""
    letters, all_numbers = set(letter_ids), set(numbers)
    with connection.cursor() as cursor:
        while True:
            parameters: dict[str, str | list[str]] = {
                "letters": array_literal(letters),
                "numbers": list(all_numbers),
                "files": list(files),
            }
            cursor.execute(_LINKED_OR_OF_FILES if files else _LINKED, parameters)
            rows = cursor.fetchall()
            more = {pk for pk, _number, _is_named in rows}
            more_numbers = all_numbers.union(number for _pk, number, _is_named in rows if number)
            if more == {pk for pk, _number, is_named in rows if is_named} and more_numbers == all_numbers:
                return more, all_numbers
            letters, all_numbers = more, more_numbers

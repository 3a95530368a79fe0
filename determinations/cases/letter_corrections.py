"""All corrections in force on a letter: its own, and those made on other copies of it."""

import copy
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from determinations.models import Case, Correction, Letter, RemovedLetter
from determinations.models.any_of import AnyOf, HasAnyOf, array_literal


def own_corrections(letters: Iterable[Letter]) -> dict[int, list[Correction]]:
    """The corrections made on these letters, matched by file and part, since letter numbers can change."""
    ids = {(letter.sha256, letter.part): letter.pk for letter in letters}
    corrections: dict[int, list[Correction]] = defaultdict(list)
    for correction in Correction.objects.of(letters).order_by("pk"):
        corrections[ids[correction.letter_sha256, correction.letter_part]].append(correction)
    return corrections


def corrections_of(chosen: Iterable[Letter]) -> dict[int, list[Correction]]:
    """The corrections in force on these letters, oldest first (see :class:`CaseCorrections`)."""
    letters = list(chosen)
    copies = copies_of(letter.pk for letter in letters)
    others = Letter.objects.filter(pk__in=copies.keys() - {letter.pk for letter in letters}) if copies else []
    corrections = CaseCorrections([*letters, *others])
    return {letter.pk: corrections.of(letter.pk, copies) for letter in letters}


class CaseCorrections:
    """The corrections of some letters: their own, those made on copies that were removed, and those made on copies.

    Only the letter that counts has the corrections of the copies that remain. The places of corrections in the text of
    another copy are left out, because each copy has its own text.
    """

    def __init__(self, letters: Collection[Letter]) -> None:
        self.by_letter = lasting_corrections(letters)

    def of(self, letter_id: int, copies: Mapping[int, int]) -> list[Correction]:
        """The corrections in force on the letter, oldest first; ``copies`` as from :func:`copies_of`."""
        if not self.by_letter:
            return []
        corrections = {correction.pk: correction for correction in self.by_letter.get(letter_id, ())}
        for copied_id in (pk for pk, counts in copies.items() if counts == letter_id):
            for correction in self.by_letter.get(copied_id, ()):
                corrections.setdefault(correction.pk, _without_place(correction))
        return sorted(corrections.values(), key=lambda correction: correction.pk)


def lasting_corrections(letters: Iterable[Letter]) -> dict[int, list[Correction]]:
    """The corrections made on each of these letters, and on copies of it that were removed since."""
    rows = list(letters)
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HAS_ANY, [[letter.sha256 for letter in rows], array_literal(letter.pk for letter in rows)])
        has_own, has_removed = cursor.fetchone()
    corrections = own_corrections(rows) if has_own else defaultdict(list)
    for pk, made_on_removed in (_of_removed([letter.pk for letter in rows]) if has_removed else {}).items():
        corrections[pk] += [_without_place(correction) for correction in made_on_removed]
    return corrections


#: Whether there may be corrections on files, and whether copies of letters were removed: most letters have neither.
_HAS_ANY = """
SELECT EXISTS (SELECT FROM determinations_correction WHERE letter_sha256 = ANY(%s::text[])),
    EXISTS (SELECT FROM determinations_removedletter WHERE copies && %s::bigint[])
"""


def _of_removed(ids: Sequence[int]) -> dict[int, list[Correction]]:
    there_again = Exists(Letter.objects.filter(sha256=OuterRef("sha256"), part=OuterRef("part")))
    removed = list(RemovedLetter.objects.filter(~there_again, HasAnyOf("copies", ids))) if ids else []
    if not removed:
        return {}
    made: dict[tuple[str, int], list[Correction]] = defaultdict(list)
    for correction in Correction.objects.of(removed).order_by("pk"):
        made[correction.letter_sha256, correction.letter_part].append(correction)
    corrections: dict[int, dict[int, Correction]] = defaultdict(dict)
    for letter in removed:
        for pk in set(letter.copies).intersection(ids):
            corrections[pk] |= {correction.pk: correction for correction in made[letter.sha256, letter.part]}
    return {pk: list(rows.values()) for pk, rows in corrections.items()}


def copies_of(letter_ids: Iterable[int]) -> dict[int, int]:
    """The letter that counts, by copy: for the copies among these letters, and for copies of the rest."""
    ids = list(letter_ids)
    copies = Case.objects.filter(Q(AnyOf("pk", ids)) | Q(AnyOf("superseded_by", ids)), is_copy=True)
    pairs = copies.values_list("pk", "superseded_by_id")
    return {pk: counts for pk, counts in pairs if counts is not None}


def _without_place(correction: Correction) -> Correction:
    elsewhere = copy.copy(correction)
    elsewhere.evidence = elsewhere.item_span = None
    elsewhere.is_of_copy = True
    return elsewhere

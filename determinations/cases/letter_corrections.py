"""All corrections in force on a letter: its own, and those made on other copies of it."""

import copy
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from determinations.models import Case, Correction, Letter


def own_corrections(letters: Iterable[Letter]) -> dict[int, list[Correction]]:
    """The corrections made on these letters, matched by file and part, since letter numbers can change."""
    ids = {(letter.sha256, letter.part): letter.pk for letter in letters}
    corrections: dict[int, list[Correction]] = defaultdict(list)
    for correction in Correction.objects.of(letters).order_by("pk"):
        corrections[ids[correction.letter_sha256, correction.letter_part]].append(correction)
    return corrections


def corrections_of(chosen: Iterable[Letter]) -> dict[int, list[Correction]]:
    """The corrections in force on these letters, oldest first.

    A letter that counts also has the corrections of its copies. Their places in the text are left out, because each
    copy has its own text.
    """
    letters = list(chosen)
    corrections = own_corrections(letters)
    wanted = {letter.pk for letter in letters}
    counting = {pk: counts for pk, counts in copies_of(wanted).items() if counts in wanted}
    if counting:
        for pk, made_on_copy in own_corrections(Letter.objects.filter(pk__in=counting)).items():
            corrections[counting[pk]] += [_without_place(correction) for correction in made_on_copy]
        for pk in set(counting.values()) & corrections.keys():
            corrections[pk].sort(key=lambda correction: correction.pk)
    return corrections


def copies_of(letter_ids: Iterable[int]) -> dict[int, int]:
    """The letter that counts, by copy: for the copies among these letters, and for copies of the rest."""
    ids = list(letter_ids)
    copies = Case.objects.filter(Q(pk__in=ids) | Q(superseded_by__in=ids), is_copy=True)
    pairs = copies.values_list("pk", "superseded_by_id")
    return {pk: counts for pk, counts in pairs if counts is not None}


def _without_place(correction: Correction) -> Correction:
    elsewhere = copy.copy(correction)
    elsewhere.evidence = elsewhere.item_span = None
    elsewhere.is_of_copy = True
    return elsewhere

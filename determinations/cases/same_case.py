"""Other letters of a letter's file and case: copies, versions, and their differences."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from determinations.cases.fields import EffectiveItem, EffectiveRecord, read
from determinations.cases.item_keys import folded
from determinations.cases.open_letter import DamagedLetter, open_letter
from determinations.cases.value_words import DATES, day_of, words_of
from determinations.models import Case, Letter, LetterPair, UploadedFile
from determinations.wording.paths import label_of_field

log = logging.getLogger(__name__)

_COMPARED = (*DATES, "case_number", "priority", "age", "sex")
#: How many changed values a page lists.
_MOST_CHANGES = 12


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value that differs between two versions of a letter; empty if missing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OtherLetter:
    """Another letter of the case, with the name of its first file.

    ``changes`` are None where the stored values of the other letter are damaged.
    """

    letter: Letter
    name: str
    changes: tuple[ChangedValue, ...] | None = ()


@dataclass(frozen=True, slots=True)
class SameCase:
    """The other letters of a case as the page of one of them shows them.

    ``counts`` is the letter that counts in place of this one; ``is_copy`` whether this one is a copy of it;
    ``pair_id`` the two as a pair on which staff can decide otherwise.
    """

    copies: tuple[OtherLetter, ...]
    versions: tuple[OtherLetter, ...]
    counts: OtherLetter | None
    is_copy: bool
    pair_id: int | None


def same_case(case: Case, record: EffectiveRecord, *, has_older: bool) -> SameCase:
    """The copies and versions that this case replaces, if it ``has_older`` ones, or the letter that replaces it."""
    others = list(case.older_versions.select_related("letter").order_by("-pk")) if has_older else []
    counts = Letter.objects.filter(pk=case.superseded_by_id).first() if case.superseded_by_id else None
    letters = [other.letter for other in others] + ([counts] if counts else [])
    names = names_of(letters)
    versions = [other.letter for other in others if not other.is_copy]
    return SameCase(
        copies=tuple(OtherLetter(other.letter, names[other.pk]) for other in others if other.is_copy),
        versions=tuple(
            OtherLetter(letter, names[letter.pk], _changes(letter.pk, record) if letter is versions[0] else ())
            for letter in versions
        ),
        counts=OtherLetter(counts, names[counts.pk]) if counts else None,
        is_copy=case.is_copy,
        pair_id=_pair_of(case.pk, counts.pk) if counts else None,
    )


def _pair_of(one: int, other: int) -> int | None:
    older, newer = sorted((one, other))
    return LetterPair.objects.filter(older=older, newer=newer).values_list("pk", flat=True).first()


def letters_of_file(letter: Letter) -> list[Letter]:
    """The letters of the file in printed order, this one included."""
    rows = Letter.objects.filter(sha256=letter.sha256).select_related("case")
    return sorted(rows, key=lambda row: (row.first_page or 0, row.last_page or 0, row.part))


def shown_pages(letter: Letter, of_file: Sequence[Letter]) -> range:
    """The pages to show of the letter: of a file with several letters, only its own."""
    return letter.page_numbers if len(of_file) > 1 else range(1, (letter.pages or 0) + 1)


def names_of(letters: Iterable[Letter]) -> Mapping[int, str]:
    """The file name under which each letter was first received."""
    ids = [letter.pk for letter in letters]
    if not ids:
        return {}
    arrivals = UploadedFile.objects.filter(letter__in=ids).order_by("-pk").values_list("letter_id", "name")
    return {pk: "(no name)" for pk in ids} | dict(arrivals)


def _changes(older_id: int, newer: EffectiveRecord) -> tuple[ChangedValue, ...] | None:
    try:
        older = open_letter(older_id).merged.record
    except DamagedLetter as damaged:
        log.error("%s", damaged)
        return None
    return tuple(changes_between(older, newer))[:_MOST_CHANGES]


def changes_between(older: EffectiveRecord, newer: EffectiveRecord) -> Iterator[ChangedValue]:
    """How a later version of a letter differs: decisions first, then items, then values of the letter."""
    before = {folded(item["request"]): item for item in older["items"]}
    after = {folded(item["request"]): item for item in newer["items"]}
    for request, item in after.items():
        was = before.get(request)
        if was and was["decision"] != item["decision"]:
            yield ChangedValue(f"Decision on {_name(item)}", was["decision"] or "", item["decision"] or "")
    yield from (ChangedValue("Item added", "", _name(after[key])) for key in after if key not in before)
    yield from (ChangedValue("Item dropped", _name(before[key]), "") for key in before if key not in after)
    for name in _COMPARED:
        was_value, is_value = (
            day_of(read(record, name)) if name in DATES else words_of(read(record, name)) for record in (older, newer)
        )
        if was_value != is_value:
            yield ChangedValue(label_of_field(name), was_value, is_value)


def _name(item: EffectiveItem) -> str:
    return f"“{item['request'][:80]}”"

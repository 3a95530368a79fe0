"""Selects the letter of a case that lists and statistics count, and identifies its copies."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from determinations.cases.copies import ReadLetter, are_copies, how_much_it_says
from determinations.cases.merging import empty_document, merge
from determinations.cases.readable_values import note_damaged, readable_documents, readable_texts
from determinations.models import (
    Correction,
    CorrectionState,
    DamagedValue,
    Letter,
    LetterPair,
    LetterText,
    ParsedDocument,
)
from determinations.models.any_of import AnyOf
from determinations.models.corrections import IN_FORCE
from determinations.models.packed import Digest
from determinations.parsing.results import LetterRecord

#: The columns of letters that matter here.
COMPARED = ("pages", "first_page", "last_page", "text_method")
#: Number of leading characters in which a letter says that it is amended.
_HEAD = 3_000
#: Texts in memory at once: copies of a letter may be many, and long.
_AT_ONCE = 20
_LETTER = r"(?:letter|determination|decision|review)"
_AMENDED = re.compile(
    rf"\bamended\b.{{0,60}}\b{_LETTER}\b|\b{_LETTER}\b.{{0,40}}\bamended\b", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Which letter of a case counts, which of the others are copies of it, and whether any of them was corrected."""

    counts: int
    copies: frozenset[int]
    is_corrected: bool


@dataclass(frozen=True, slots=True)
class ReadLetters:
    """Letters to choose from, with the corrections made on each; ``damaged`` are those that cannot be compared."""

    letters: Mapping[int, ReadLetter]
    corrections: Mapping[int, Sequence[Correction]]
    damaged: frozenset[int] = frozenset()


def read_letters(
    letter_ids: Collection[int], letters: Mapping[int, Letter], corrections: Mapping[int, Sequence[Correction]]
) -> ReadLetters:
    """What is compared of these letters, of however many cases, in a few statements; without letters in none.

    ``letters`` and their lasting ``corrections`` are those of the caller, who holds them, and maybe others.
    """
    if not letter_ids:
        return ReadLetters({}, {})
    amended, damaged_texts = _say_amended(letter_ids)
    read: dict[int, ReadLetter] = {}
    damaged: set[int] = set()
    for document, same in _documents(letter_ids):
        if document is None:
            damaged.update(same)
            continue
        uncorrected = merge(document, ()).record
        for pk in same:
            made = corrections.get(pk, ())
            read[pk] = ReadLetter(
                pk,
                document,
                merge(document, made).record if made else uncorrected,
                len(letters[pk].page_numbers),
                says_amended=pk in amended,
                is_scan=letters[pk].is_scan,
            )
    note_damaged(damaged, DamagedValue.DOCUMENT)
    return ReadLetters(read, corrections, frozenset(damaged | damaged_texts))


def _documents(letter_ids: Collection[int]) -> Iterator[tuple[LetterRecord | None, list[int]]]:
    """The parsed documents, each once, with the letters that have it: most copies of a letter say the very same.

    A damaged document is None; of a letter that has none, it is empty.
    """
    stored = ParsedDocument.objects.filter(AnyOf("pk", letter_ids))
    same: dict[str, list[int]] = {}
    for pk, digest in stored.annotate(digest=Digest("document")).order_by("pk").values_list("pk", "digest"):
        same.setdefault(digest, []).append(pk)
    documents = readable_documents(stored.filter(pk__in=[pks[0] for pks in same.values()])).values
    for pks in same.values():
        yield documents.get(pks[0]), pks
    if unread := set(letter_ids).difference(*same.values()):
        yield empty_document(), sorted(unread)


def choose_counting(group: Sequence[int], merged: Iterable[LetterPair], known: ReadLetters) -> Standing:
    """Choose which letter of a case counts.

    ``merged`` are the pairs that staff merged: the most recently chosen letter takes precedence over its other copies.
    ``known`` has the letters of the group, and maybe others. None of the group may be damaged.
    """
    read = [known.letters[pk] for pk in group]
    corrections = {pk: known.corrections.get(pk, ()) for pk in group}
    classes = _classes(sorted(read, key=lambda letter: letter.letter_id))
    last = max(classes, key=_decided_last)
    ranked = sorted(last, key=lambda letter: (how_much_it_says(letter), -letter.letter_id), reverse=True)
    best = _keeps_corrections(ranked, corrections)
    counts = _chosen(best, {letter.letter_id for letter in last}, group, merged)
    copies = next(same for same in classes if counts in {letter.letter_id for letter in same})
    others = frozenset(letter.letter_id for letter in copies) - {counts}
    return Standing(counts, others, is_corrected=any(corrections.values()))


def _say_amended(letter_ids: Collection[int]) -> tuple[set[int], set[int]]:
    """The letters whose head says that they are amended, and those whose text is damaged."""
    places = LetterText.objects.filter(AnyOf("pk", letter_ids)).values_list("pk", "kept_with", "start")
    starts: dict[int, list[tuple[int, int]]] = {}
    for pk, keeper, start in places:
        starts.setdefault(keeper or pk, []).append((pk, start or 0))
    stored = LetterText.objects.filter(AnyOf("pk", starts))
    one_of_each: dict[str, int] = {}  # most copies of a letter have the very same text
    heads: dict[int, dict[int, list[int]]] = {}  # letters by one that keeps their file's text and their place in it
    for keeper, digest in stored.annotate(digest=Digest("text")).order_by("pk").values_list("pk", "digest"):
        read = one_of_each.setdefault(digest, keeper)
        for pk, start in starts[keeper]:
            heads.setdefault(read, {}).setdefault(start, []).append(pk)
    keepers = list(heads)
    amended: set[int] = set()
    damaged: set[int] = set()
    for at in range(0, len(keepers), _AT_ONCE):
        texts = readable_texts(LetterText.objects.filter(AnyOf("pk", keepers[at : at + _AT_ONCE])))
        note_damaged(texts.damaged, DamagedValue.TEXT)
        for keeper in texts.damaged:
            damaged.update(*heads[keeper].values())
        for keeper, text in texts.values.items():
            for start, same in heads[keeper].items():
                if _AMENDED.search(text[start : start + _HEAD]):
                    amended.update(same)
    return amended, damaged


def _classes(letters: Sequence[ReadLetter]) -> list[list[ReadLetter]]:
    """Group the letters into copies; a letter joins the first group that it matches."""
    classes: list[list[ReadLetter]] = []
    for letter in letters:
        same = next((copies for copies in classes if any(are_copies(letter, copy) for copy in copies)), None)
        if same is None:
            classes.append([letter])
        else:
            same.append(letter)
    return classes


def _decided_last(copies: Sequence[ReadLetter]) -> tuple[str, bool, int]:
    """Sort key of versions: later decision, then amended, then later arrival."""
    return (
        max(letter.decision_date for letter in copies),
        any(letter.says_amended for letter in copies),
        min(letter.letter_id for letter in copies),
    )


def _keeps_corrections(ranked: Sequence[ReadLetter], corrections: Mapping[int, Sequence[Correction]]) -> int:
    """The most complete copy on which all corrections made on any of the copies apply."""
    of_copies = {row.pk: row for letter in ranked for row in corrections.get(letter.letter_id, ())}
    made = [of_copies[pk] for pk in sorted(of_copies)]
    if not made:
        return ranked[0].letter_id
    lost = {letter.letter_id: _lost(letter, made) for letter in ranked}
    return min(ranked, key=lambda letter: (lost[letter.letter_id], ranked.index(letter))).letter_id


def _lost(letter: ReadLetter, made: Sequence[Correction]) -> int:
    """How many corrections do not apply to anything in the letter."""
    states = merge(letter.parsed, made).states
    return sum(states[row.pk] == CorrectionState.ORPHANED for row in made if row.state in IN_FORCE)


def _chosen(best: int, copies: set[int], group: Sequence[int], merged: Iterable[LetterPair]) -> int:
    """The letter that staff chose to count instead of this one or one of its copies; otherwise this one."""
    pairs = [pair for pair in merged if pair.counts_id in group]
    counts = best
    for _choice in group:
        same = copies if counts in copies else {counts}
        choices = [pair for pair in pairs if same & {pair.older_id, pair.newer_id}]
        chosen = max(choices, key=lambda pair: (pair.decided_at, pair.pk)).counts_id if choices else counts
        if chosen is None or chosen == counts:
            break
        counts = chosen
    return counts

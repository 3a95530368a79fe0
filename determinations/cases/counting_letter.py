"""Of the letters of one case, the one that lists and statistics count, and which of the others are copies of it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from determinations.cases.copies import ReadLetter, are_copies, how_much_it_says
from determinations.cases.letter_corrections import own_corrections
from determinations.cases.merging import empty_document, merge
from determinations.models import Correction, CorrectionState, Letter, LetterPair, LetterText, ParsedDocument
from determinations.models.corrections import IN_FORCE

#: Characters at a letter's beginning in which it says that it is amended.
_HEAD = 3_000
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


def choose_counting(group: Sequence[int], merged: Iterable[LetterPair]) -> Standing:
    """Of the letters of one case, which one counts.

    ``merged`` are the pairs that staff merged: the letter that they chose last counts before the other copies of it.
    """
    letters = Letter.objects.in_bulk(group)
    corrections = own_corrections(letters.values())
    documents = ParsedDocument.objects.in_bulk(list(group))
    read = [_read(letters[pk], corrections.get(pk, []), documents.get(pk)) for pk in group]
    classes = _classes(sorted(read, key=lambda letter: letter.letter_id))
    last = max(classes, key=_decided_last)
    ranked = sorted(last, key=lambda letter: (how_much_it_says(letter), -letter.letter_id), reverse=True)
    best = _keeps_corrections(ranked, corrections)
    counts = _chosen(best, {letter.letter_id for letter in last}, group, merged)
    copies = next(same for same in classes if counts in {letter.letter_id for letter in same})
    others = frozenset(letter.letter_id for letter in copies) - {counts}
    return Standing(counts, others, is_corrected=any(corrections.values()))


def _read(letter: Letter, corrections: Sequence[Correction], stored: ParsedDocument | None) -> ReadLetter:
    parsed = stored.document if stored else empty_document()
    return ReadLetter(
        letter.pk,
        parsed,
        merge(parsed, corrections).record,
        len(letter.page_numbers),
        _says_amended(letter.pk),
    )


def _says_amended(letter_id: int) -> bool:
    """Whether the head of the letter says that it is amended."""
    own = LetterText.objects.filter(pk=letter_id).only("start").first()
    text = LetterText.objects.of(letter_id)
    start = own.start or 0 if own else 0
    return bool(text and _AMENDED.search(text.text, start, start + _HEAD))


def _classes(letters: Sequence[ReadLetter]) -> list[list[ReadLetter]]:
    """The letters in groups of copies, each letter with the first that it is a copy of."""
    classes: list[list[ReadLetter]] = []
    for letter in letters:
        same = next((copies for copies in classes if any(are_copies(letter, each) for each in copies)), None)
        if same is None:
            classes.append([letter])
        else:
            same.append(letter)
    return classes


def _decided_last(copies: Sequence[ReadLetter]) -> tuple[str, bool, int]:
    """Orders versions: the later decision, then the one that says that it is amended, then the later arrival."""
    return (
        max(letter.decision_date for letter in copies),
        any(letter.says_amended for letter in copies),
        min(letter.letter_id for letter in copies),
    )


def _keeps_corrections(ranked: Sequence[ReadLetter], corrections: Mapping[int, Sequence[Correction]]) -> int:
    """The best copy on which everything that was corrected on any of them stays in force."""
    made = sorted((row for letter in ranked for row in corrections.get(letter.letter_id, ())), key=lambda row: row.pk)
    if not made:
        return ranked[0].letter_id
    lost = {letter.letter_id: _lost(letter, made) for letter in ranked}
    return min(ranked, key=lambda letter: (lost[letter.letter_id], ranked.index(letter))).letter_id


def _lost(letter: ReadLetter, made: Sequence[Correction]) -> int:
    """How many corrections find nothing to correct in the letter."""
    states = merge(letter.parsed, made).states
    return sum(states[row.pk] == CorrectionState.ORPHANED for row in made if row.state in IN_FORCE)


def _chosen(best: int, copies: set[int], group: Sequence[int], merged: Iterable[LetterPair]) -> int:
    """The letter that staff chose to count before this one, or before a copy of it; else this one."""
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

"""Writes effective values, which are parsed values with active corrections applied, to the case tables.

``write_cases`` is the only writer of cases, items, citations and facts. It always starts from the parsed document and
the corrections, so running it again changes nothing, and no correction is lost when a letter is reparsed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from determinations.cases import review_entries
from determinations.cases.current_version import lock_case_numbers, related_cases, settle_versions
from determinations.cases.facts import hold_families, replace_facts
from determinations.cases.file_text import hand_over_texts, lock_files
from determinations.cases.letter_corrections import copies_of, corrections_of, own_corrections
from determinations.cases.merging import Merged, merge
from determinations.cases.rows import delete_items, forget_section_names, write_case_rows, write_items
from determinations.models import (
    Case,
    Citation,
    Correction,
    Letter,
    ParsedDocument,
    ReparseExample,
)
from determinations.reference.category_rules import active_rules, with_rules
from determinations.reference.printed_citations import write_printed_citations

# WRITE_ORDER: what ``_write`` does, step by step, and why in this order.
#  1. hold_families: before any row is locked, since a writer waiting for it would hold locks that its holder needs.
#  2. lock the letters, by number, so that two writers cannot deadlock.
#  3. read documents and corrections under that lock, so that what is written is what they say at commit.
#  4. lock case numbers, old and new: writers of one number take turns to settle it.
#  5. delete items with their facts, then write items: the index of cases is built from what their items say, so items
#     come before cases; texts of cases come before the rows that are found by them.
#  6. settle versions: needs the new case numbers.
#  7. facts: only of cases that count, so after it is settled which these are; also of cases that begin or cease to.
#  8. printed citations and the review queue: read nothing that is written later.
#  9. once more, cases that count before copies: corrections made on a copy are in force on them.


def write_cases(letter_ids: Collection[int]) -> None:
    """Write the effective rows of letters that have a parsed document: cases, items, texts, citations, facts.

    Also sets each letter's state (parsed, needs review, unknown layout), and settles which version of a case
    number counts. All or nothing: one transaction.
    """
    with transaction.atomic():
        if again := _write(letter_ids):
            _write(again)


def _write(letter_ids: Collection[int]) -> set[int]:
    """Returns the cases to write once more because of corrections on their copies."""
    hold_families()
    letters = {letter.pk: letter for letter in _locked(letter_ids)}
    rules = active_rules()
    parsed = ParsedDocument.objects.filter(letter__in=letters).values_list("letter_id", "document")
    documents = {pk: with_rules(document, rules) for pk, document in parsed}
    corrections = corrections_of(letters.values())
    known = set(Case.objects.filter(pk__in=letters).values_list("pk", flat=True))
    old_numbers = set(Case.objects.filter(pk__in=known).values_list("case_number", flat=True))
    merged = {pk: merge(document, corrections[pk]) for pk, document in documents.items()}
    records = {pk: result.record for pk, result in merged.items()}
    _write_states(letters, corrections, merged)
    numbers = old_numbers | {record["case_number"] for record in records.values()}
    lock_case_numbers(numbers)
    delete_items(known)
    write_items(records)
    write_case_rows(letters, records, {pk for pk, result in merged.items() if result.corrected})
    settled = settle_versions(numbers, records.keys())
    replace_facts(settled.changed | records.keys())
    write_printed_citations(documents)
    review_entries.refresh(letters, merged)
    return settled.again


def entered_by_hand(letter_ids: Collection[int]) -> set[int]:
    """Letters whose case staff entered: the parser returned no document, or staff added items.

    Such a case is kept whatever a later parse returns.
    """
    if not letter_ids:
        return set()
    of_letter = Correction.objects.filter(letter_sha256=OuterRef("sha256"), letter_part=OuterRef("part"))
    corrected = Letter.objects.filter(Exists(of_letter), pk__in=letter_ids)
    corrections = own_corrections(corrected)
    parsed = ParsedDocument.objects.filter(letter__in=corrections)
    return {
        document.letter_id
        for document in parsed
        if not document.parser_version or _has_items_by_hand(merge(document.document, corrections[document.letter_id]))
    }


def _has_items_by_hand(merged: Merged) -> bool:
    return any(not merged.bases[item["key"]] for item in merged.record["items"])


def remove_letters(letter_ids: Collection[int]) -> None:
    """Delete letters and everything derived from them, including quotations in reparse previews and names of sections
    that no other letter cites. If a newer version is deleted, the previous one counts again.

    Corrections and audit rows are kept: they name the letter by number. The caller removes the stored file.
    """
    with transaction.atomic():
        lock_files(Letter.objects.filter(pk__in=letter_ids).values_list("sha256", flat=True))
        sections = _sections_of(letter_ids)
        hand_over_texts(letter_ids)
        _remove(letter_ids, Letter)
        ReparseExample.objects.filter(letter_id__in=letter_ids).delete()
        forget_section_names(sections)


def remove_cases(letter_ids: Collection[int]) -> None:
    """Delete the rows of letters that no longer have a case; the letters themselves are kept."""
    if Case.objects.filter(pk__in=letter_ids).exists():
        _remove(letter_ids, Case)


def _remove(letter_ids: Collection[int], model: type[Letter] | type[Case]) -> None:
    with transaction.atomic():
        hold_families()
        ids = [letter.pk for letter in _locked(letter_ids)]
        numbers = set(Case.objects.filter(pk__in=ids).values_list("case_number", flat=True))
        lock_case_numbers(numbers)
        related = related_cases(set(filter(None, numbers)), set(ids)).keys() - set(ids)
        delete_items(ids)
        model._default_manager.filter(pk__in=ids).delete()
        settled = settle_versions(numbers, related)
        replace_facts(settled.changed | set(_without_facts(related)))
        if settled.again | settled.changed:
            _write(settled.again | settled.changed)


def _sections_of(letter_ids: Collection[int]) -> list[str]:
    named = Citation.objects.filter(item__case__in=letter_ids).values_list("sections", flat=True)
    return sorted({name for names in named for name in names})


def _without_facts(case_ids: Iterable[int]) -> Iterable[int]:
    """Cases that count but have no facts, because the version that superseded them was deleted."""
    current = Case.objects.current().filter(pk__in=list(case_ids), item_count__gt=0)
    return current.filter(facts__isnull=True).values_list("pk", flat=True)


def _write_states(
    letters: Mapping[int, Letter], corrections: Mapping[int, Sequence[Correction]], merged: Mapping[int, Merged]
) -> None:
    """Store the state of each correction, and the current number of its letter.

    A correction made on a copy has the state that it has on the letter that counts.
    """
    moved: dict[int, Correction] = {}
    counted_elsewhere = copies_of(merged).keys()
    for pk, result in merged.items():
        for correction in corrections[pk]:
            state: str = result.states[correction.pk]
            is_own = (correction.letter_sha256, correction.letter_part) == (letters[pk].sha256, letters[pk].part)
            if is_own and pk in counted_elsewhere:
                state = correction.state
            letter_id = pk if is_own else correction.letter_id
            if (correction.state, correction.letter_id) != (state, letter_id):
                correction.state, correction.letter_id = state, letter_id
                moved[correction.pk] = correction
    if moved:
        Correction.objects.bulk_update(moved.values(), ["state", "letter_id"])


def _locked(letter_ids: Collection[int]) -> QuerySet[Letter]:
    """Lock the letters in the order of their numbers.

    The lock allows foreign keys to the letter: a writer that holds the lock of a case number writes rows that name the
    other letters of that number, whose own writers may be waiting for that same lock.
    """
    return Letter.objects.filter(pk__in=letter_ids).select_for_update(no_key=True).order_by("pk")

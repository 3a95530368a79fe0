"""Writes effective values, which are parsed values with active corrections applied, to the case tables.

``write_cases`` is the only writer of cases, items, citations and facts. It always starts from the parsed document and
the corrections, so running it again changes nothing, and no correction is lost when a letter is reparsed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from functools import cached_property

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from determinations.cases import review_entries
from determinations.cases.counting_letter import COMPARED
from determinations.cases.current_version import settle_versions, write_standing
from determinations.cases.facts import replace_facts
from determinations.cases.file_text import hand_over_texts
from determinations.cases.holding import Held, holding
from determinations.cases.letter_corrections import CaseCorrections, own_corrections
from determinations.cases.merging import Merged, empty_document, merge
from determinations.cases.office_values import copy_to_cases
from determinations.cases.readable_values import note_damaged, readable_documents
from determinations.cases.removed_copies import hand_over_work
from determinations.cases.rows import (
    delete_items,
    forget_section_names,
    known_authorities,
    references_of,
    words_of,
    write_case_rows,
    write_items,
)
from determinations.cases.search_words import KEPT, old_words
from determinations.casework import work
from determinations.duties import records as duty_records
from determinations.models import (
    Case,
    CaseText,
    Citation,
    Correction,
    DamagedValue,
    Letter,
    ParsedDocument,
    ProblemReport,
    ReparseExample,
    ReviewEntry,
)
from determinations.models.any_of import AnyOf
from determinations.models.browsing import ReportState
from determinations.parsing.results import LetterRecord
from determinations.reference.category_rules import active_rules, with_rules
from determinations.reference.printed_citations import write_printed_citations
from determinations.replica.own_writes import note_for_everybody
from determinations.searching.terms import version

#: Corrections of copies can change which letter counts, and that again which corrections are in force.
_MOST_TURNS = 4

# WRITE_ORDER: what ``_Writer.run`` does, step by step, and why in this order. The letters with all their copies and
# versions are held from before the first step (LOCK_ORDER in ``holding``), so that what is written is what documents
# and corrections say at commit, and two writers never wait for each other in a circle.
#  1. merge documents and corrections, and settle versions from the results, in memory: which letter counts depends on
#     case numbers, decisions and corrections; corrections of copies are in force on the one that counts. Repeated for
#     letters that thereby have other corrections.
#  2. states of corrections: as merged.
#  3. write the items that changed, and delete their facts: the index of cases is built from what their items say, so
#     items come before cases; texts of cases come before the rows that are found by them.
#  4. which cases count, and which are copies: rows of new cases say it from the start, others are changed now.
#  5. the office's values, by the case numbers just written: facts have them from the cases.
#  6. facts: only of cases that count, and only those that changed; also of cases that begin or cease to.
#  7. printed citations, owners and notes, duties, and the review queue: read nothing that is written later.


#: The columns of letters that the writer needs.
_COLUMNS = ("sha256", "part", "office_set", "state", "message", *COMPARED)

_NOT_READ_NOW: Mapping[int, LetterRecord] = {}


def write_cases(
    letter_ids: Collection[int], held: Held | None = None, documents: Mapping[int, LetterRecord] = _NOT_READ_NOW
) -> None:
    """Write the effective rows of letters that have a parsed document: cases, items, texts, citations, facts.

    Also sets each letter's state (parsed, needs review, unknown layout), and settles which version of a case
    number counts. All or nothing: one transaction, in which the letters are held (``held``: the caller holds them).
    ``documents`` are those that the caller has just stored, which need not be read back.
    """
    if held:
        _Writer(held, documents=documents).run(letter_ids)
    elif letter_ids:
        holding(letter_ids, lambda now_held: _Writer(now_held).run(letter_ids))


class _Writer:
    """Writes held letters; knows their documents, their corrections, and how each of them stands."""

    def __init__(
        self, held: Held, cases: dict[int, Case] | None = None, documents: Mapping[int, LetterRecord] = _NOT_READ_NOW
    ) -> None:
        """``cases`` of the held letters, if the caller read them before it deleted others; see ``write_cases``."""
        self.held = held
        letters = Letter.objects.filter(AnyOf("pk", held.letters)).only(*_COLUMNS)
        self.letters = {letter.pk: letter for letter in letters}
        self.corrections = CaseCorrections(self.letters.values())
        self.rules = active_rules()
        self.cases = _cases(held) if cases is None else cases
        self.known = set(self.cases)  # cases that have rows
        for pk in self.known & self.letters.keys():  # the letter may have been moved to another office
            self.cases[pk].office_set_id = self.letters[pk].office_set_id
        self.documents = {pk: with_rules(document, self.rules) for pk, document in documents.items()}
        self.merged: dict[int, Merged] = {}
        self.applied: dict[int, list[Correction]] = {}  # what was merged, by letter
        self.damaged: set[int] = set()  # letters whose document is damaged: their rows and entries stay as they are

    def run(self, letter_ids: Collection[int]) -> None:
        if others := set(letter_ids) - self.held.letters:
            self.held.require(letters=Letter.objects.filter(pk__in=others).values_list("pk", flat=True))
        moved = self._merge_and_settle(set(letter_ids))
        records = {pk: result.record for pk, result in self.merged.items()}
        notes = {pk: [correction.note for correction in self.applied[pk] if correction.note] for pk in records}
        authorities = known_authorities()
        words = words_of(records, notes, authorities)
        self._write_states()
        references = references_of(records.values(), authorities)
        write_items(records, references, words, self.known)
        corrected = {pk for pk, result in self.merged.items() if result.corrected}
        write_case_rows(self.letters, records, references, corrected, words, self.cases, self.known)
        write_standing(self.cases[pk] for pk in moved & self.known)
        copy_to_cases(records.keys())
        replace_facts(moved | records.keys(), new=records.keys() - self.known)
        write_printed_citations(self.documents)
        written = (moved | records.keys()) & self.letters.keys()
        work.move(self._superseded(written, copies_only=False))
        duty_records.refresh(written)
        entered = ({*letter_ids, *records} & self.letters.keys()) - self.damaged
        review_entries.refresh(entered, self.merged, self._superseded(entered, copies_only=True))

    def _merge_and_settle(self, letter_ids: set[int]) -> set[int]:
        """Merge these letters and those that change with them; returns the cases whose standing changed."""
        moved: set[int] = set()
        stale = letter_ids
        for _turn in range(_MOST_TURNS):
            self._merge(stale)
            settled = settle_versions(self.cases, letter_ids, self.letters, self.corrections.by_letter)
            moved |= settled.moved
            joined = settled.joined if settled.joined and self._has_work_of_staff else set()
            stale = self._stale(moved | joined | self.merged.keys())
            if not stale:
                break
        return moved

    @cached_property
    def _has_work_of_staff(self) -> bool:
        """Whether a held letter was corrected, reported, assigned or snoozed: that comes and goes with copies."""
        reports = ProblemReport.objects.filter(AnyOf("letter", self.held.letters), state=ReportState.OPEN)
        entries = ReviewEntry.objects.filter(AnyOf("letter", self.held.letters))
        taken = entries.exclude(assigned_to=None, snoozed_until=None)
        return bool(self.corrections.by_letter) or reports.exists() or taken.exists()

    def _merge(self, letter_ids: Collection[int]) -> None:
        copies = self._copies()
        unread = set(letter_ids) & self.letters.keys() - self.documents.keys()
        if unread:
            parsed = readable_documents(ParsedDocument.objects.filter(letter__in=unread))
            note_damaged(parsed.damaged, DamagedValue.DOCUMENT)
            self.damaged |= parsed.damaged
            for pk, document in parsed.values.items():
                self.documents[pk] = with_rules(document, self.rules)
        for pk in sorted(letter_ids):
            corrections = self.corrections.of(pk, copies)
            self.applied[pk] = corrections
            if pk not in self.documents:
                continue
            self.merged[pk] = merge(self.documents[pk], corrections)
            if pk not in self.cases:
                self.cases[pk] = _new_case(self.letters[pk])
            self.cases[pk].case_number = self.merged[pk].record["case_number"]
        self.held.require(numbers=[result.record["case_number"] for result in self.merged.values()])

    def _stale(self, letter_ids: Iterable[int]) -> set[int]:
        """Those of the letters that were not merged with the corrections that are in force on them as settled."""
        copies = self._copies()
        return {pk for pk in letter_ids if self.applied.get(pk) != self.corrections.of(pk, copies)}

    def _copies(self) -> dict[int, int]:
        """The letter that counts, by copy, as settled so far."""
        copies = {pk: case.superseded_by_id for pk, case in self.cases.items() if case.is_copy}
        return {pk: counts for pk, counts in copies.items() if counts is not None}

    def _superseded(self, letter_ids: Set[int], *, copies_only: bool) -> dict[int, int]:
        """The letter that counts instead, for these letters and for those that they count for, as settled."""
        newer = {pk: case.superseded_by_id for pk, case in self.cases.items() if case.is_copy or not copies_only}
        return {
            pk: counts
            for pk, counts in newer.items()
            if counts is not None and (pk in letter_ids or counts in letter_ids)
        }

    def _write_states(self) -> None:
        """Store the state of each correction, and the current number of its letter.

        A correction made on a copy has the state that it has on the letter that counts.
        """
        changed: dict[int, Correction] = {}
        copies = self._copies()
        for pk, result in self.merged.items():
            letter = self.letters[pk]
            for correction in self.applied[pk]:
                state: str = result.states[correction.pk]
                is_own = (correction.letter_sha256, correction.letter_part) == (letter.sha256, letter.part)
                if is_own and pk in copies:
                    state = correction.state
                letter_id = pk if is_own else correction.letter_id
                if (correction.state, correction.letter_id) != (state, letter_id):
                    correction.state, correction.letter_id = state, letter_id
                    changed[correction.pk] = correction
        _store_states(list(changed.values()))


def _store_states(corrections: Sequence[Correction]) -> None:
    """Store the states and letters of corrections, in one statement however many: a letter may have thousands."""
    if not corrections:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_correction AS correction SET state = now.state, letter_id = now.letter_id
            FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS now (id, state, letter_id)
            WHERE correction.id = now.id
            """,
            [
                [correction.pk for correction in corrections],
                [str(correction.state) for correction in corrections],
                [correction.letter_id for correction in corrections],
            ],
        )


def rewrite_old_words(limit: int) -> int:
    """Write cases again whose search vectors are of an earlier form, up to ``limit``; returns how many there were.

    A case that nothing can be written from, for it has no parsed document, keeps its vectors for good.
    """
    stale = old_words(limit)
    if stale:
        write_cases(stale)
        left = CaseText.objects.filter(pk__in=stale).exclude(words_version=version())
        left.update(words_version=KEPT)
    return len(stale)


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
    unparsed = set(parsed.filter(parser_version="").values_list("pk", flat=True))
    documents = readable_documents(parsed.exclude(pk__in=unparsed))
    note_damaged(documents.damaged, DamagedValue.DOCUMENT)
    read = {**documents.values, **{pk: empty_document() for pk in documents.damaged}}
    return unparsed | {pk for pk, document in read.items() if _has_items_by_hand(merge(document, corrections[pk]))}


def _has_items_by_hand(merged: Merged) -> bool:
    return any(not merged.bases[item["key"]] for item in merged.record["items"])


def remove_letters(letter_ids: Collection[int]) -> None:
    """Delete letters and everything derived from them, including quotations in reparse previews and names of sections
    that no other letter cites. If a newer version is deleted, the previous one counts again.

    Corrections and audit rows are kept: they name the letter by number. Corrections, problem reports and review work
    of a letter of which copies remain stay in force on these. The caller removes the stored file.
    """
    files = Letter.objects.filter(pk__in=letter_ids).values_list("sha256", flat=True)
    holding(letter_ids, lambda held: _remove_letters(set(letter_ids) & held.letters, held), files=files)
    transaction.on_commit(note_for_everybody)


def _remove_letters(letter_ids: set[int], held: Held) -> None:
    sections = _sections_of(letter_ids)
    hand_over_texts(letter_ids)
    hand_over_work(letter_ids)
    _remove(letter_ids, Letter, held)
    ReparseExample.objects.filter(letter_id__in=letter_ids).delete()
    forget_section_names(sections)


def remove_cases(letter_ids: Collection[int], held: Held) -> None:
    """Delete the rows of held letters that no longer have a case; the letters themselves are kept."""
    if Case.objects.filter(pk__in=letter_ids).exists():
        _remove(set(letter_ids), Case, held)


def _remove(letter_ids: set[int], model: type[Letter] | type[Case], held: Held) -> None:
    cases = _cases(held)
    deleted = [cases.pop(pk) for pk in letter_ids if pk in cases]
    counting = {case.superseded_by_id or case.pk for case in deleted}
    delete_items(letter_ids)
    model._default_manager.filter(pk__in=letter_ids).delete()
    copies_and_versions = [pk for pk, case in cases.items() if (case.superseded_by_id or pk) in counting]
    _Writer(held, cases).run(copies_and_versions)


def _cases(held: Held) -> dict[int, Case]:
    cases = Case.objects.filter(AnyOf("pk", held.letters))
    return {case.pk: case for case in cases.only("case_number", "superseded_by", "is_copy", "office_set")}


def _new_case(letter: Letter) -> Case:
    """A case that has no row yet, with the same columns as those that were read."""
    values = {
        "letter_id": letter.pk,
        "case_number": None,
        "superseded_by_id": None,
        "is_copy": False,
        "office_set_id": letter.office_set_id,
    }
    names = [field.attname for field in Case._meta.concrete_fields if field.attname in values]
    return Case.from_db(None, names, [values[name] for name in names])


def _sections_of(letter_ids: Collection[int]) -> list[str]:
    named = Citation.objects.filter(item__case__in=letter_ids).values_list("sections", flat=True)
    return sorted({name for names in named for name in names})

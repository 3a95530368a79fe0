"""Writes letters that no row of the database refers to yet, with the rows that reading them would have written.

The order follows WRITE_ORDER in ``cases.effective``. Steps that concern few letters (review, duties, unknown
guidelines) are those of reading itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from determinations.cases import review_entries
from determinations.cases.bulk import new_ids
from determinations.cases.effective import write_cases
from determinations.cases.facts import add_facts
from determinations.cases.fields import EffectiveRecord
from determinations.cases.row_values import (
    References,
    case_row,
    citation_rows,
    codes_by_item,
    item_row,
    searched_hash,
    state_of,
)
from determinations.cases.rows import (
    known_authorities,
    references_of,
    section_names_of,
    words_of,
    write_section_names,
)
from determinations.cases.search_words import SearchWords
from determinations.duties import records as duty_records
from determinations.extraction.kinds import Kind
from determinations.filling.copying import copy_rows
from determinations.filling.letters import FilledLetter
from determinations.models import (
    Case,
    CaseText,
    Citation,
    DisputedItem,
    DutySettings,
    ItemText,
    Letter,
    LetterText,
    ParsedDocument,
    Upload,
    UploadedFile,
)
from determinations.models.letters import Lane
from determinations.models.uploads import FileOutcome
from determinations.packing.codec import pack_json, packed_literal
from determinations.parsing import PARSER_VERSION
from determinations.parsing.grounds import version as grounds_version
from determinations.parsing.problems import needs_review
from determinations.reference.printed_citations import write_printed_citations
from determinations.searching.terms import version


def write_letters(letters: Sequence[FilledLetter], note: str, now: datetime) -> None:
    """Write new letters as one batch with this note, in one transaction."""
    _write_names_of_sections(letters)
    with transaction.atomic():
        by_id = dict(zip(new_ids(Letter, len(letters)), letters, strict=True))
        _copy_letters(by_id, now)
        _copy_batch(by_id, Upload.objects.create(started_at=now, note=note), now)
        known_numbers = set(_known_numbers(letters))
        new = {pk: letter for pk, letter in by_id.items() if letter.case_number not in known_numbers}
        _copy_cases(new)
        add_facts(new.keys())
        write_printed_citations({pk: letter.document for pk, letter in new.items()})
        duty_records.refresh(_with_duties(new, now))
        doubtful = {pk: letter.merged for pk, letter in new.items() if _needs_review(letter)}
        review_entries.refresh(doubtful.keys(), doubtful)
    write_cases(by_id.keys() - new.keys())


def _known_numbers(letters: Iterable[FilledLetter]) -> Iterable[str | None]:
    """Case numbers that other letters have: these are versions of one case, which is settled as in reading."""
    numbers = [letter.case_number for letter in letters if letter.case_number]
    return Case.objects.filter(case_number__in=numbers).values_list("case_number", flat=True)


def _needs_review(letter: FilledLetter) -> bool:
    return any(needs_review(problem["code"]) for problem in letter.merged.record["problems"])


def _with_duties(letters: Mapping[int, FilledLetter], now: datetime) -> list[int]:
    """Letters of which an item was overturned recently, or at an unknown time."""
    recent = now.date() - timedelta(days=DutySettings.objects.values_list("recent_days", flat=True).get() + 1)
    return [
        pk
        for pk, letter in letters.items()
        if (letter.merged.record["decision_date"] or "9999") >= recent.isoformat()
        and any(item["decision"] == "overturned" for item in letter.merged.record["items"])
    ]


def _copy_letters(letters: Mapping[int, FilledLetter], now: datetime) -> None:
    copy_rows(Letter, [{"id": pk, **_letter_row(letter, now)} for pk, letter in letters.items()])
    copy_rows(
        LetterText,
        [
            {
                "letter_id": pk,
                "packed_text": packed_literal(letter.extracted.text),
                "page_offsets": letter.extracted.page_offsets,
                "start": letter.part.extent.start,
                "end": letter.part.extent.end,
                "folded_sha256": letter.folded_sha256,
            }
            for pk, letter in letters.items()
        ],
    )
    copy_rows(
        ParsedDocument,
        [
            {
                "letter_id": pk,
                "parser_version": PARSER_VERSION,
                "parsed_at": now,
                "grounds_version": grounds_version(),
                "packed_document": pack_json(letter.document),
            }
            for pk, letter in letters.items()
        ],
    )


def _letter_row(letter: FilledLetter, now: datetime) -> dict[str, object]:
    return {
        "sha256": letter.sha256,
        "size": letter.size,
        "media_type": Kind.TEXT.value,
        "pages": letter.extracted.pages,
        "first_page": letter.part.pages[0],
        "last_page": letter.part.pages[1],
        "state": state_of(letter.merged.record),
        "message": "",
        "lane": Lane.BULK,
        "attempts": 1,
        "received_at": now,
        "started_at": now,
        "finished_at": now,
        "layout": letter.document["layout"] or "",
        "text_method": letter.extracted.method,
        "parser_version": PARSER_VERSION,
    }


def _copy_batch(letters: Mapping[int, FilledLetter], batch: Upload, now: datetime) -> None:
    copy_rows(
        UploadedFile,
        [
            {
                "upload_id": batch.pk,
                "name": letter.file_name,
                "size": letter.size,
                "outcome": FileOutcome.ACCEPTED,
                "reason": "",
                "message": "",
                "letter_id": pk,
                "received_at": now,
            }
            for pk, letter in letters.items()
        ],
    )


def _copy_cases(letters: Mapping[int, FilledLetter]) -> None:
    records = {pk: letter.merged.record for pk, letter in letters.items()}
    authorities = known_authorities()
    known, words = references_of(records.values(), authorities), words_of(records, {}, authorities)
    _copy_items(records, words, known)
    words_version = version()
    copy_rows(
        CaseText,
        [
            {
                "case_id": pk,
                "packed_summary": packed_literal(record["summary"]),
                "search": words[pk].letter,
                "words_version": words_version,
            }
            for pk, record in records.items()
        ],
    )
    copy_rows(
        Case,
        [
            {"letter_id": pk, "searched_hash": searched_hash(record, words[pk].digest), "corrected": False}
            | case_row(record, known)
            for pk, record in records.items()
        ],
    )


def _copy_items(records: Mapping[int, EffectiveRecord], words: Mapping[int, SearchWords], known: References) -> None:
    """The first item of a letter gets the highest ID, as in ``cases.rows``."""
    printed = [
        (pk, item, vector)
        for pk, record in records.items()
        for item, vector in zip(reversed(record["items"]), reversed(words[pk].items), strict=True)
    ]
    numbered = list(zip(new_ids(DisputedItem, len(printed)), printed, strict=True))
    codes = {pk: codes_by_item(record) for pk, record in records.items()}
    copy_rows(
        DisputedItem,
        [
            {"id": item_id, "case_id": pk, **item_row(item, codes[pk].get(str(item["number"]), ()), known)}
            for item_id, (pk, item, _vector) in numbered
        ],
    )
    copy_rows(
        ItemText,
        [
            {
                "item_id": item_id,
                "packed_rationale": packed_literal(item["rationale"]),
                "packed_claims_text": packed_literal(item["claims_text"]),
                "packed_reviewer_text": packed_literal(item["reviewer_text"]),
                "search": vector,
            }
            for item_id, (_pk, item, vector) in numbered
        ],
    )
    copy_rows(
        Citation,
        [
            {"item_id": item_id, **row}
            for item_id, (_pk, item, _vector) in numbered
            for row in citation_rows(item, known)
        ],
    )


def _write_names_of_sections(letters: Iterable[FilledLetter]) -> None:
    """Store the names of sections that these letters cite. In a transaction of its own, writers wait only briefly."""
    with transaction.atomic():
        write_section_names(
            {name for letter in letters for item in letter.merged.record["items"] for name in section_names_of(item)}
        )

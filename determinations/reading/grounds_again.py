"""Reads the grounds of stored letters again when what recognizes them has changed, in the background.

Only grounds change, and only of items whose rationale and decision are read as before; everything else waits until
staff have letters read again, with a preview. Corrections of grounds stay in force, as after any reading.
"""

from collections.abc import Iterable, Mapping

from determinations.cases.effective import write_cases
from determinations.cases.holding import Held, holding
from determinations.cases.old_grounds import letters_with_old_grounds
from determinations.cases.readable_values import note_damaged, readable_documents
from determinations.models import DamagedValue, LetterText, ParsedDocument
from determinations.parsing.grounds import version
from determinations.parsing.results import ItemRecord, LetterRecord, ProblemRecord, to_record
from determinations.reading.file_letters import parts_by_letter
from determinations.reading.parsing_again import parse_again, texts_to_parse
from determinations.reference.aliases import proposed_aliases

_DOUBT = "grounds_not_found"


def read_grounds_again(limit: int) -> int:
    """Read the grounds of up to so many letters again; returns how many there were."""
    letters = letters_with_old_grounds(limit)
    if letters:
        texts = texts_to_parse(LetterText.objects.filter(letter__in=letters), limit)
        parts = parts_by_letter(parse_again(texts, proposed_aliases(None)).readings)
        records = {pk: to_record(part.letter) for pk, part in parts.items()}
        holding(letters, lambda held: _write(letters, records, held))
    return len(letters)


def _write(letters: Iterable[int], records: Mapping[int, LetterRecord], held: Held) -> None:
    changed: list[ParsedDocument] = []
    documents = ParsedDocument.objects.filter(pk__in=held.letters.intersection(letters))
    stored = readable_documents(documents)
    note_damaged(stored.damaged, DamagedValue.DOCUMENT)  # they keep their grounds, as those without a text do
    for pk, before in stored.values.items():
        document = with_grounds_of(before, records.get(pk))
        if document != before:
            changed.append(ParsedDocument(letter_id=pk, document=document))
    ParsedDocument.objects.bulk_update(changed, ["document"])
    documents.update(grounds_version=version())
    write_cases([row.pk for row in changed], held)


def with_grounds_of(stored: LetterRecord, fresh: LetterRecord | None) -> LetterRecord:
    """The stored record with the grounds of a new reading, in items whose rationale and decision it reads the same."""
    new_items = {item["number"]: item for item in fresh["items"]} if fresh else {}
    same = {
        item["number"]: new
        for item in stored["items"]
        if (new := new_items.get(item["number"])) and _basis(new) == _basis(item)
    }
    if fresh is None or not same:
        return stored
    items: list[ItemRecord] = [
        {**item, "grounds": same[item["number"]]["grounds"]} if item["number"] in same else item
        for item in stored["items"]
    ]
    kept = [problem for problem in stored["problems"] if not _is_doubt_of(problem, same)]
    added = [problem for problem in fresh["problems"] if _is_doubt_of(problem, same)]
    return {**stored, "items": items, "problems": [*kept, *added]}


def _basis(item: ItemRecord) -> tuple[object, ...]:
    return item["rationale"], item["decision"], item["spans"].get("rationale")


def _is_doubt_of(problem: ProblemRecord, numbers: Iterable[int]) -> bool:
    return problem["code"] == _DOUBT and problem["path"] in {f"items/{number}/grounds" for number in numbers}

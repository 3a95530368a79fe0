"""The sentences that state the grounds of items, for pages that show many items at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from determinations.cases.fields import EffectiveRecord
from determinations.cases.letter_corrections import corrections_of
from determinations.cases.merging import merge
from determinations.models import DisputedItem, Letter, LetterText, ParsedDocument
from determinations.parsing.results import GroundRecord, LetterRecord


@dataclass(frozen=True, slots=True)
class GroundSentence:
    """A ground of an item with its sentence on one line. ``path`` is that of its evidence on the case page."""

    item_id: int
    code: str
    path: str
    sentence: str


def ground_sentences(items: Iterable[DisputedItem], codes: Collection[str]) -> list[GroundSentence]:
    """The sentences that state one of the ``codes``, in the order of the items. Five queries at most.

    A ground that staff added has no sentence, and is left out.
    """
    chosen = list(items)
    case_ids = {item.case_id for item in chosen}
    texts = dict(LetterText.objects.filter(pk__in=case_ids).values_list("pk", "text"))
    records = _records(case_ids)
    sentences = []
    for item in chosen:
        record = records.get(item.case_id)
        grounds = _grounds_of(record, item.number) if record else []
        for at, ground in enumerate(grounds, 1):
            span = ground["span"]
            if ground["code"] in codes and span:
                text = " ".join(texts.get(item.case_id, "")[span[0] : span[1]].split())
                path = f"items/{item.number}/grounds/{at}"
                sentences.append(GroundSentence(item.pk, ground["code"], path, text))
    return sentences


def _records(case_ids: Collection[int]) -> dict[int, LetterRecord | EffectiveRecord]:
    """The parsed documents by letter, with the corrections in force."""
    documents = dict(ParsedDocument.objects.filter(pk__in=case_ids).values_list("pk", "document"))
    corrections = corrections_of(Letter.objects.filter(pk__in=case_ids))
    return {
        pk: merge(document, made).record if (made := corrections.get(pk)) else document
        for pk, document in documents.items()
    }


def _grounds_of(record: LetterRecord | EffectiveRecord, number: int) -> list[GroundRecord]:
    item = next((item for item in record["items"] if item["number"] == number), None)
    return item.get("grounds", []) if item else []

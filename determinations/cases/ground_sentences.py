"""The sentences that state the grounds of items, for pages that show many items at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from determinations.cases.letter_corrections import corrections_of
from determinations.cases.merging import merge
from determinations.cases.readable_values import readable_documents, readable_texts
from determinations.models import Letter, LetterText, ParsedDocument
from determinations.parsing.results import GroundRecord

#: The grounds of each item of a letter, by the item's number.
_Grounds = Mapping[int, Sequence[GroundRecord]]


@dataclass(frozen=True, slots=True)
class GroundSentence:
    """A ground of an item with its sentence on one line. ``path`` is that of its evidence on the case page."""

    item_id: int
    code: str
    path: str
    sentence: str


class ItemPlace(NamedTuple):
    """An item, and its place: the number in its letter."""

    item_id: int
    case_id: int
    number: int


def ground_sentences(items: Iterable[ItemPlace], codes: Collection[str]) -> list[GroundSentence]:
    """The sentences that state one of the ``codes``, in the order of the items. Six queries at most.

    A ground that staff added has no sentence, and is left out; so are those of letters whose text is damaged.
    """
    places = list(items)
    case_ids = {place.case_id for place in places}
    texts = readable_texts(LetterText.objects.filter(pk__in=case_ids)).values
    grounds = _grounds(case_ids)
    sentences = []
    for item_id, case_id, number in places:
        for at, ground in enumerate(grounds.get(case_id, {}).get(number, ()), 1):
            span = ground["span"]
            if ground["code"] in codes and span and case_id in texts:
                text = " ".join(texts[case_id][span[0] : span[1]].split())
                path = f"items/{number}/grounds/{at}"
                sentences.append(GroundSentence(item_id, ground["code"], path, text))
    return sentences


def _grounds(case_ids: Collection[int]) -> dict[int, _Grounds]:
    """The grounds by letter, with the corrections in force."""
    made = corrections_of(Letter.objects.filter(pk__in=case_ids))
    corrections = {pk: rows for pk, rows in made.items() if rows}
    grounds: dict[int, _Grounds] = {}
    for pk, document in readable_documents(ParsedDocument.objects.filter(pk__in=case_ids)).values.items():
        record = merge(document, corrections[pk]).record if pk in corrections else document
        grounds[pk] = {item["number"]: item.get("grounds", []) for item in record["items"]}
    return grounds

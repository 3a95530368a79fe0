"""Letters for the tests of corrections: what a parser might have read, without running one. All of it is synthetic."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

import orjson

from determinations.cases.effective import write_cases
from determinations.cases.holding import Held, holding
from determinations.cases.merging import empty_document
from determinations.models import Letter, LetterState, LetterText, ParsedDocument
from determinations.parsing.grounds import version as grounds_version
from determinations.parsing.results import LetterRecord

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_numbers = count(1)


def citation(authority: str = "mtus/shoulder", edition: str | None = "2004", *sections: str) -> dict[str, Any]:
    """One citation as the parser returns it."""
    return {
        "family": authority.split("/")[0],
        "authority": authority,
        "edition": edition,
        "sections": list(sections),
        "pages": [],
        "text": f"Synthetic {authority} {edition or ''}".strip(),
        "span": [0, 1],
    }


def item(request: str, decision: str | None = "upheld", **values: Any) -> dict[str, Any]:
    """One parsed item; ``spans`` may be given."""
    return {
        "request": request,
        "disputed": request,
        "partly_approved": False,
        "decision": decision,
        "category": "Surgery",
        "subcategory": "Other",
        "category_rule": "test",
        "claims_text": "Decision based on MTUS Shoulder Complaints 2004.",
        "reviewer_text": "Decision based on MTUS Shoulder Complaints 2004.",
        "claims": [citation()],
        "reviewer": [citation()],
        "rationale": "Synthetic rationale.",
        "spans": {},
        **values,
    }


def document(*items: Mapping[str, Any], problems: Sequence[Mapping[str, Any]] = (), **values: Any) -> dict[str, Any]:
    """One parsed document; items are numbered as they come."""
    return {
        **empty_document(),
        "layout": "test",
        "case_number": "CM16-9000001",
        "decision_date": "2016-12-09",
        "date_of_injury": "2015-10-13",
        "licensure": ["California"],
        "specialties": ["Family Practice"],
        "summary": "Synthetic summary.",
        "spans": {},
        **values,
        "items": [{"number": number, **values} for number, values in enumerate(items, start=1)],
        "problems": list(problems),
    }


def problem(code: str, path: str) -> dict[str, Any]:
    """One problem as the parser returns it."""
    return {"code": code, "message": "synthetic", "span": None, "path": path}


def doubtful(*codes: str, **values: Any) -> dict[str, Any]:
    """One document with these problems in its summary."""
    return document(item("Knee brace"), problems=[problem(code, "summary") for code in codes], **values)


def stored_letters(parsed: Iterable[Mapping[str, Any]]) -> list[Letter]:
    """Many letters at once, without text, with their documents and effective rows."""
    documents = [_as_stored(document) for document in parsed]
    digests = [hashlib.sha256(f"synthetic letter {next(_numbers)}".encode()).hexdigest() for _ in documents]
    letters = Letter.objects.bulk_create(
        Letter(sha256=digest, size=1, media_type="text/plain", received_at=NOW, state=LetterState.SET_ASIDE)
        for digest in digests
    )
    LetterText.objects.bulk_create(
        LetterText(letter=letter, text="", page_offsets=[0], folded_sha256=letter.sha256) for letter in letters
    )
    ParsedDocument.objects.bulk_create(
        ParsedDocument(
            letter=letter,
            parser_version="1",
            parsed_at=NOW,
            document=document,
            grounds_version=grounds_version(),
        )
        for letter, document in zip(letters, documents, strict=True)
    )
    read = {letter.pk: document for letter, document in zip(letters, documents, strict=True)}
    numbers = [document["case_number"] for document in documents]
    holding(read, lambda held: write_cases(read.keys(), held, read), numbers=numbers)
    return letters


def _as_stored(parsed: Mapping[str, Any]) -> LetterRecord:
    """A document as it is read back."""
    return cast(LetterRecord, orjson.loads(orjson.dumps(parsed)))


def stored_letter(parsed: Mapping[str, Any] | None = None, *, text: str = "", sha256: str = "") -> Letter:
    """A letter in the tables; with ``parsed``, also its document and its effective rows."""
    digest = sha256 or hashlib.sha256(f"synthetic letter {next(_numbers)}".encode()).hexdigest()
    state = LetterState.PARSED if parsed is not None else LetterState.SET_ASIDE
    letter = Letter.objects.create(sha256=digest, size=1, media_type="text/plain", received_at=NOW, state=state)
    folded = hashlib.sha256("".join(text.split()).encode()).hexdigest() if text else digest
    LetterText.objects.create(letter=letter, text=text, page_offsets=[0], folded_sha256=folded)
    if parsed is not None:
        store_reading(letter, parsed)
    return letter


def store_reading(letter: Letter, parsed: Mapping[str, Any], version: str = "1") -> None:
    """Store what a parser version has read from a letter, unless it was removed, as a worker does."""
    document = _as_stored(parsed)

    def write(held: Held) -> None:
        for pk in held.letters & {letter.pk}:
            ParsedDocument.objects.bulk_create(
                [
                    ParsedDocument(
                        letter_id=pk,
                        parser_version=version,
                        parsed_at=NOW,
                        document=document,
                        grounds_version=grounds_version(),
                    )
                ],
                update_conflicts=True,
                unique_fields=["letter"],
                update_fields=["parser_version", "parsed_at", "document", "grounds_version"],
            )
            write_cases([pk], held, {pk: document})

    holding([letter.pk], write, numbers=[document["case_number"]])

"""Reads what follows "Decision based on Non-MTUS Citation": free text naming ODG, ACOEM or any other source."""

import re
from collections import Counter

from determinations.parsing.citations.chapters import holds_chapter
from determinations.parsing.citations.documents import ACOEM, MTUS, Document, find_documents
from determinations.parsing.citations.mentions import Found, Mention
from determinations.parsing.citations.mtus import read_document, read_mtus
from determinations.parsing.citations.odg import ODG, read_odg, starts_with_address, starts_with_chapter
from determinations.parsing.citations.printed_names import normalized_form, section_names
from determinations.parsing.citations.references import (
    LONGEST_REFERENCE,
    first_source,
    generic_sources,
    read_references,
    source_of,
)

_OTHER = r"(?:[Aa]nd\s+)?[Oo](?i:ther\s+medical\s+treatment\s+guidelines?(?:\s+or\s+medical\s+evidence)?)\s*:?"
_MARK = re.compile(rf"(?<!\w)(?:(?P<odg>{ODG})|(?P<acoem>{ACOEM})|(?P<mtus>{MTUS})|(?P<other>{_OTHER}))(?!\w)")
# "MTUS is silent on this topic." cites nothing.
_REMARK = re.compile(r"\s+(?:is|are|does|do|has|have|was)\b[^.;]*(?:[.;]|$)")
_PARTED = re.compile(r"(?:[,;.]|\b(?:and|&))\s*\Z")
_EMPTY = re.compile(
    r"[\s,;:.()&/–-]*(?:(?:and|the|from|in|see also|see|citation|as well as|per|of)\b[\s,;:.()]*)*", re.IGNORECASE
)


def read_non_mtus(text: str, start: int, end: int, found: Found) -> None:
    """Adds the sources of one Non-MTUS statement's body, ``text[start:end]``, to ``found``."""
    cuts = list(_MARK.finditer(text, start, end))
    if not cuts:
        _read_unmarked(text, start, end, found)
        return
    lead_end = cuts[0].start()
    if not _EMPTY.fullmatch(text, start, lead_end):
        _read_lead(text, start, lead_end, cuts[0].lastgroup or "", found)
    for number, mark in enumerate(cuts):
        after = cuts[number + 1].start() if number + 1 < len(cuts) else end
        named_again = any(later.lastgroup == "odg" for later in cuts[number + 1 :])
        _read_marked(text, mark, after, found, named_again=named_again)


def _read_lead(text: str, start: int, end: int, mark: str, found: Found) -> None:
    """Reads what is before the first mark: a source of its own, or the beginning of what the mark names."""
    start = _EMPTY.match(text, start, end).end()  # type: ignore[union-attr]  # matches the empty string
    is_source = source_of(text[start:end]) not in {None, "other/guideline"}
    if starts_with_chapter(text, start, end):
        _read_odg(text, start, start, end, found)
    elif mark == "other" or (is_source and (mark == "odg" or _PARTED.search(text, start, end))):
        _read_unmarked(text, start, end, found)
    elif mark == "odg" and normalized_form(text[start:end]) in section_names():
        read_odg(text, start, start, end, found, first=False)
    elif mark != "acoem" or (
        _PARTED.search(text, start, end) and not find_documents(text, start, end, open_start=False)
    ):
        found.doubt("citation_unread", "This part of the guideline sentence could not be read", start, end)


def _read_marked(text: str, mark: re.Match[str], end: int, found: Found, *, named_again: bool) -> None:
    match mark.lastgroup:
        case "odg":
            _read_odg(text, mark.start(), mark.end(), end, found, named_again=named_again)
        case "acoem":
            _read_acoem(text, mark.start(), end, found)
        case "mtus" if remark := _REMARK.match(text, mark.end(), end):
            if not _EMPTY.fullmatch(text, remark.end(), end):
                _read_unmarked(text, remark.end(), end, found)
        case "mtus":
            read_mtus(text, mark.end(), end, found)
        case _:
            if not _EMPTY.fullmatch(text, mark.end(), end):
                _read_unmarked(text, mark.end(), end, found)


def _read_acoem(text: str, start: int, end: int, found: Found) -> None:
    stop = _before_other_source(text, start, end)
    documents = find_documents(text, start, stop, open_start=False)
    _read_documents(text, [document for document in documents if document.key] or documents[:1], stop, found)
    if stop < end:
        _read_unmarked(text, stop, end, found)


def _before_other_source(text: str, start: int, end: int) -> int:
    """Where another source begins that is printed after this one, or ``end``: right after what parts the two."""
    other = first_source(text, start, end)
    if other is None:
        return end
    before = [text.rfind(separator, start, other) for separator in (",", ";", ". ", " and ", " & ")]
    return max(before) + 1 if max(before) >= start else other


def _read_unmarked(text: str, start: int, end: int, found: Found) -> None:
    """Reads text with no mark in it: an ODG chapter named alone, an ACOEM title, or other sources.

    Where another source begins with what is also a chapter's name (``Knee.Drugs.com``), it is that source.
    """
    start = _EMPTY.match(text, start, end).end()  # type: ignore[union-attr]  # matches the empty string
    is_chapter = starts_with_chapter(text, start, end) or starts_with_address(text, start, end)
    if is_chapter and first_source(text, start, end) != start:
        _read_odg(text, start, start, end, found)
        return
    is_topic = normalized_form(text[start:end]) in section_names("odg", "chronic-pain")
    if is_topic and first_source(text, start, end) != start:
        found.doubt("unknown_authority", "A topic of the ODG, but the ODG is not named", start, end)
        _read_odg(text, start, start, end, found)
        return
    references = read_references(text, start, end)
    if all(reference.key is None for reference in references) and (
        titled := [document for document in find_documents(text, start, end, open_start=False) if document.key]
    ):
        _read_documents(text, titled, end, found)
        return
    kinds = Counter(reference.key for reference in references if reference.key in generic_sources())
    undated = {reference.key for reference in references if reference.edition is None}
    if any(count > 1 and key in undated for key, count in kinds.items()):
        found.doubt("citation_unread", "Two sources of the same kind without a year count as one", start, end)
    for reference in references:
        sections = (reference.name,) if reference.name else ()
        key = reference.key or "other/unrecognised"
        found.mentions.append(Mention(key, reference.edition, sections, (), reference.start, reference.end))
        if reference.key in {None, "other/guideline"}:
            message = f"Unknown source: “{reference.name[:80]}”"
            found.doubt("unknown_authority", message, reference.start, reference.end)
        elif holds_chapter(reference.name):
            message = f"This may be a chapter of the ODG, but the ODG is not named: “{reference.name[:80]}”"
            found.doubt("citation_unread", message, reference.start, reference.end)
        elif reference.end - reference.start > LONGEST_REFERENCE:
            found.doubt("citation_unread", "This may name more than one source", reference.start, reference.end)


def _read_documents(text: str, documents: list[Document], end: int, found: Found) -> None:
    first = len(found.mentions)
    for number, document in enumerate(documents):
        after = documents[number + 1].start if number + 1 < len(documents) else end
        read_document(text, document, after, found, inside_mtus=False)
    for mention in found.mentions[first:]:
        for name in mention.sections:
            if source_of(name) not in {None, "other/guideline"}:
                message = f"This may be a source other than the ACOEM guidelines: “{name[:80]}”"
                found.doubt("citation_unread", message, mention.start, end)


def _read_odg(text: str, named: int, start: int, end: int, found: Found, *, named_again: bool = False) -> None:
    """Reads an ODG citation up to where another source begins, then that.

    The bare words "ODG" are a citation only when no other citation of the ODG is in the sentence.
    """
    stop = _before_other_source(text, start, end)
    if stop > named:  # otherwise it is another source that begins like a chapter
        read_odg(text, named, start, stop, found, first=not found.names_odg() and not named_again)
    if stop < end:
        _read_unmarked(text, stop, end, found)

"""Reads what follows "Decision based on Non-MTUS Citation": free text naming ODG, ACOEM or any other source."""

import re
from functools import cache

from determinations.parsing.citations.documents import ACOEM, MTUS, find_documents
from determinations.parsing.citations.mentions import Found, Mention
from determinations.parsing.citations.mtus import read_document, read_mtus
from determinations.parsing.citations.normalise import authorities
from determinations.parsing.citations.odg import ODG, read_odg, starts_with_chapter

_OTHER = r"(?:[Aa]nd\s+)?[Oo](?i:ther\s+medical\s+treatment\s+guidelines?(?:\s+or\s+medical\s+evidence)?)\s*:?"
_MARK = re.compile(rf"(?<!\w)(?:(?P<odg>{ODG})|(?P<acoem>{ACOEM})|(?P<mtus>{MTUS})|(?P<other>{_OTHER}))(?!\w)")
_BROKEN_ADDRESS = re.compile(r"(?<=[/.-])\s+(?=[\w/])")
_ADDRESS = re.compile(r"(?:https?:\s*/+|www\.)\S+")
_EMPTY = re.compile(
    r"[\s,;:.()&/–-]*(?:(?:and|the|from|in|see also|see|citation|as well as|per|of)[\s,;:.()]*)*", re.IGNORECASE
)


def read_non_mtus(text: str, start: int, end: int, found: Found) -> None:
    """Adds the sources of one Non-MTUS statement's body, ``text[start:end]``, to ``found``."""
    cuts = list(_MARK.finditer(text, start, end))
    if not cuts:
        _read_unmarked(text, start, end, found)
        return
    lead_end = cuts[0].start()
    # What stands before the first mark is either an ODG chapter on its own, or the beginning of what the mark names.
    if not _EMPTY.fullmatch(text, start, lead_end):
        if cuts[0].lastgroup == "other" or (cuts[0].lastgroup != "odg" and starts_with_chapter(text, start, lead_end)):
            _read_unmarked(text, start, lead_end, found)
        elif cuts[0].lastgroup == "odg" and (
            starts_with_chapter(text, start, lead_end) or not _source(text[start:lead_end])
        ):
            read_odg(text, start, start, lead_end, found, first=False)
        elif cuts[0].lastgroup == "odg":
            _read_unmarked(text, start, lead_end, found)
    for number, mark in enumerate(cuts):
        after = cuts[number + 1].start() if number + 1 < len(cuts) else end
        _read_marked(text, mark, start if number == 0 else mark.start(), after, found)


def _read_marked(text: str, mark: re.Match[str], start: int, end: int, found: Found) -> None:
    match mark.lastgroup:
        case "odg":
            stop = _other_source_in(text, mark.end(), end)
            already = any(each.key.startswith("odg/") for each in found.mentions)
            read_odg(text, mark.start(), mark.end(), stop, found, first=not already)
            if stop < end:
                _read_unmarked(text, stop, end, found)
        case "acoem":
            _read_acoem(text, mark.start(), end, found)
        case "mtus":
            read_mtus(text, mark.end(), end, found)
        case _:
            if not _EMPTY.fullmatch(text, mark.end(), end):
                _read_unmarked(text, mark.end(), end, found)


def _read_acoem(text: str, start: int, end: int, found: Found) -> None:
    documents = find_documents(text, start, end, open_start=False)
    titled = [each for each in documents if each.key] or documents[:1]
    for number, document in enumerate(titled):
        after = titled[number + 1].start if number + 1 < len(titled) else end
        read_document(text, document, after, found, inside_mtus=False)


def _read_unmarked(text: str, start: int, end: int, found: Found) -> None:
    """Reads text with no mark in it: an ODG chapter named alone, an ACOEM title, or another source."""
    start = _EMPTY.match(text, start, end).end()  # type: ignore[union-attr]  # matches the empty string
    if starts_with_chapter(text, start, end):
        read_odg(text, start, start, end, found, first=True)
        return
    key = _source(text[start:end])
    if key is None and (
        documents := [each for each in find_documents(text, start, end, open_start=False) if each.key]
    ):
        for number, document in enumerate(documents):
            after = documents[number + 1].start if number + 1 < len(documents) else end
            read_document(text, document, after, found, inside_mtus=False)
        return
    name = text[start:end].strip(" .,;:")
    if key is None:
        key = "other/unrecognised"
        found.doubt("unknown_authority", f"No source is known by this name: “{name[:80]}”", start, end)
    found.mentions.append(Mention(key, None, (name,) if name else (), (), start, end))


@cache
def _sources() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (each.key, re.compile("|".join(_source_patterns(each.printed_as, each.patterns)), re.IGNORECASE))
        for each in authorities()
        if each.family == "other" and (each.printed_as or each.patterns)
    )


def _source_patterns(names: tuple[str, ...], patterns: tuple[str, ...]) -> list[str]:
    words = [r"\s+".join(map(re.escape, name.split())).replace("'", "['’]?") for name in names]
    return [*(rf"(?<!\w){word}(?!\w)" for word in words), *patterns]


def _source(text: str) -> str | None:
    text = _BROKEN_ADDRESS.sub("", text) if "http" in text or "www" in text else text
    return next((key for key, pattern in _sources() if pattern.search(text)), None)


@cache
def _named_source() -> re.Pattern[str]:
    """Names of other sources that cannot be part of an ODG topic, and addresses."""
    names = [name for each in authorities() if each.family == "other" for name in each.printed_as]
    return re.compile("|".join([*_source_patterns(tuple(names), ()), r"https?:", r"www\."]), re.IGNORECASE)


def _other_source_in(text: str, start: int, end: int) -> int:
    """Where, inside an ODG citation, another source begins; ``end`` when none does."""
    for match in _named_source().finditer(text, start, end):
        if re.match(r"(?i)\S*(?:odg|worklossdata)", text[match.start() : match.start() + 40]):
            continue
        before = max(text.rfind(separator, start, match.start()) for separator in (",", ";", ". ", " and ", " & "))
        return before + 1 if before > start else match.start()
    return end

"""Reads what follows "Decision based on MTUS": documents with their year, sections and pages."""

import itertools
import re
from functools import cache

from determinations.parsing.citations.documents import Document, find_documents, find_unknown
from determinations.parsing.citations.mentions import Found, Mention
from determinations.parsing.citations.printed_names import (
    authority,
    begins_with_title,
    normalized_form,
    section_names,
    title_key,
)
from determinations.parsing.citations.sections import Piece, is_page, split_names

_NUMBER = r"\d{1,3}[A-Za-z]?(?![\w.]*\d)(?:\s*[-–]\s*\d{1,3}[A-Za-z]?\b)?"
# "Page(s): 23, 100-102", "Pages 101-102; 23-24", "pg. 64", "p 127", "p18-19"
PAGES = re.compile(
    rf"\(?\b(?:[Pp]ages?\b(?:\s*\(s\))?|[Pp]g?[gps]?s?(?:\b\.?|(?=\d)))\s*(?:#|no\.?)?\s*[:.]?\s*(?:[Pp](?:gs?|p)?\.?\s*)?"
    rf"(?P<pages>{_NUMBER}(?:\s*(?:,|;|&|\band\b)+\s*(?:[Pp](?:ages?|gs?|p)?\b\.?(?:\(s\))?:?\s*)?{_NUMBER})*)\)?"
)
# "8 C.C.R. 9792.20 - 9792.26", "(Effective July 18, 2009)", "of 127": where the guidelines are in the regulations.
_REGULATION = re.compile(
    r"(?:\b8\s+)?\bC\.?C\.?R\.?(?!\w)|§*\s*\b9792\.\d+(?:\.\d+)?|\(\s*(?i:effective|revised|updated?)\b[^()]*\)"
    r"|(?<=\d)\s+of\s+\d+\b|\bMTUS\b"
)
_DIGIT = re.compile(r"\d")
_BARE_NUMBER = re.compile(r"[\s,]*\d(?!792|\s*C\.?C)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ONE_PAGE = re.compile(_NUMBER)
_SECTION_LABEL = re.compile(
    r"\(?\b(?:[Ss]ections?(?:\s*\(s\))?|SECTIONS?|[Tt]opics?|[Pp]ages?(?:\s*\(s\))?)\s*:|\b[Ss]ections?(?:\s*\(s\))?\s+(?=[A-Z])"
)
_FILLER = re.compile(
    r"\b(?:MTUS|CA|California|[Gg]uidelines?|[Mm]edical|[Tt]reatment|[Uu]tilization|[Ss]chedule|[Cc]itation|[Tt]he|[Aa]nd|[Oo]f|[Ss]ee|[Aa]lso|[Oo]ther|"
    r"Reed\s+Group|[Pp]art\s+(?:[Oo]ne|[Tt]wo|[12I]+)|ACOEM|[Pp]ractice|[Cc]h(?:apter|ap|p)?\.?(?:\s*\d\d?)?|[Pp]er|[Ii]n|[Ee]ffective|[Uu]pdated?|[Pp]ages?(?:\(s\))?|[Ss]ections?(?:\(s\))?|\d{1,2}[/-]\d{1,2}[/-]\d{2,4})\b|[^\w]+|\(s\)"
)
_CITATION = re.compile(r"\s*[Cc]itations?\W*")  # "MTUS Citation Official Disability Guidelines": a "Non-" is lost
_TITLE_LIKE = re.compile(r"\b(?:[Gg]uidelines?|[Cc]omplaints?|[Cc]hapter|[Dd]isorders)\b|\(\s*[Aa]cute\b")
_JOINER = re.compile(r"[\s,;:./(–-]*(?:\b(?:and|see also|see|also|as well as|&))?[\s,;:.(]*$")


def read_mtus(text: str, start: int, end: int, found: Found) -> None:
    """Adds the documents of one MTUS statement's body, ``text[start:end]``, to ``found``."""
    documents = _documents(text, start, end)
    if not documents:
        _read_unnamed(text, start, end, found)
        return
    _doubt_residue(text, start, documents[0].start, found)
    for number, document in enumerate(documents):
        last = number == len(documents) - 1
        tail_end = end if last else documents[number + 1].start
        if not last and (joiner := _JOINER.search(text, document.end, tail_end)):
            tail_end = joiner.start()
        read_document(text, document, tail_end, found, inside_mtus=True)


def _documents(text: str, start: int, end: int) -> list[Document]:
    named = find_documents(text, start, end, open_start=True)
    # A bare "MTUS" or "ACOEM" beside named documents says nothing more than they do.
    titled = [document for document in named if document.key and not _is_section(text, start, document)] or named[:1]
    titled = [one for n, one in enumerate(titled) if n == 0 or not _is_own_section(text, titled[n - 1], one)]
    documents: list[Document] = []
    position = start
    for document in [*titled, None]:
        gap_end = document.start if document else end
        documents += [
            unknown
            for unknown in find_unknown(text, position, gap_end)
            if not documents or "," in text[position:gap_end]
        ]
        if document:
            documents.append(document)
            position = document.end
    return documents


def _is_section(text: str, start: int, document: Document) -> bool:
    """Whether a chapter that the MTUS did not take over is named without its number, as a section of another."""
    outside = document.key is not None and document.key.startswith("acoem/")
    return outside and not document.acoem and _SECTION_LABEL.search(text, start, document.start) is not None


def _is_own_section(text: str, document: Document, named: Document) -> bool:
    """Whether a title that also names the document is printed among the document's sections."""
    bare = named.edition is None and named.number is None and not named.acoem
    if not bare or named.key != document.key or "ection" not in text[document.end : named.start]:
        return False
    return PAGES.search(text, document.end, named.start) is None


def _read_unnamed(text: str, start: int, end: int, found: Found) -> None:
    residue = _residue(text, start, end)
    place = start if end > start else max(0, start - len("MTUS"))
    found.mentions.append(Mention("mtus/unspecified", None, (), (), place, end))
    if start == end or _CITATION.fullmatch(text, start, end):
        found.doubt("citation_unread", "The MTUS is named, but none of its documents", max(0, start - 4), end)
    if residue:
        found.doubt("unknown_authority", f"Unknown MTUS document: “{residue}”", start, end)


def _doubt_residue(text: str, start: int, end: int, found: Found) -> None:
    residue = _residue(text, start, end)
    if residue:
        found.doubt(
            "citation_unread", f"This part of the guideline sentence could not be read: “{residue}”", start, end
        )


def _residue(text: str, start: int, end: int) -> str:
    piece = text[start:end]
    return piece.strip(" ,;:.") if _FILLER.sub("", piece) else ""


def read_document(text: str, document: Document, end: int, found: Found, *, inside_mtus: bool) -> None:
    """Adds one document with the sections and pages printed after it, up to ``end``."""
    key = document.key
    if key is None:
        key = "mtus/unspecified" if inside_mtus else "acoem/unspecified"
        if document.title:
            found.doubt(
                "unknown_authority",
                f"Unknown guideline: “{document.title}”",
                document.start,
                document.end,
            )
    elif not inside_mtus:
        key = outside_key(key, acoem=document.acoem)
    if document.disagrees:
        found.doubt(
            "chapter_mismatch",
            f"ACOEM chapter {document.number} is not “{document.title}”",
            document.start,
            document.end,
        )
    if document.edition is None and _BARE_NUMBER.match(text, document.end, end):
        found.doubt("citation_unread", "A number is printed where the year is expected", document.end, end)
    sections, pages = read_tail(text, document.end, end, found)
    edition = document.edition or next((name for name in sections if _YEAR.fullmatch(name)), None)
    sections = [name for name in dict.fromkeys(sections) if name != edition]
    if key == "acoem/unspecified":
        named = next((n for n, name in enumerate(sections) if title_key(name)), None)
        if named is not None:
            key = outside_key(title_key(sections.pop(named)) or "", acoem=True)
    if key == "acoem/unspecified" and any(normalized_form(name) not in section_names() for name in sections):
        found.doubt(
            "citation_unread", "Neither a chapter nor a known section of the ACOEM guidelines", document.end, end
        )
    if key.endswith("/general-approaches") and document.title and document.title.lower() != "general approaches":
        sections = list(dict.fromkeys([document.title, *sections]))
    stop = document.end + len(text[document.end : end].rstrip(" ,;:.("))
    found.mentions.append(
        Mention(key, edition, tuple(sections), tuple(pages), document.start, max(stop, document.end))
    )


@cache
def outside_key(key: str, *, acoem: bool) -> str:
    """The key of an MTUS document's namesake when it is cited outside the MTUS."""
    family, _, slug = key.partition("/")
    if family == "mtus" and (
        acoem or slug not in {"chronic-pain", "opioids", "acupuncture", "postsurgical", "unspecified"}
    ):
        return f"acoem/{slug}" if authority(f"acoem/{slug}") else "acoem/unspecified"
    return key


def read_tail(text: str, start: int, end: int, found: Found) -> tuple[list[str], list[str]]:
    """The section names and the pages in ``text[start:end]``, which follows a document's name and year."""
    tail = text[start:end]
    if not tail.strip(" ,;:."):
        return [], []
    pages: list[str] = []
    if _DIGIT.search(tail):
        tail = _REGULATION.sub(lambda words: " " * len(words.group()), tail)
        for match in PAGES.finditer(tail):
            pages += ["".join(page.group().split()) for page in _ONE_PAGE.finditer(match["pages"])]
            tail = tail[: match.start()] + ";".ljust(len(match.group())) + tail[match.end() :]
    if ":" in tail or "ection" in tail:
        tail = _SECTION_LABEL.sub(lambda label: ";".ljust(len(label.group())), tail)
    names: list[Piece] = []
    for piece in split_names(_without_end(tail), section_names()):
        if is_page(piece.text):
            pages.append("".join(piece.text.split()))
        elif piece.known or _FILLER.sub("", piece.text):
            names.append(_without_brackets(piece))
    _doubt_names(names, start, end, found)
    return [piece.text for piece in names], list(dict.fromkeys(pages))


def _without_brackets(piece: Piece) -> Piece:
    """The name itself when all of it is in brackets: "Postsurgical Treatment Guidelines (Knee)"."""
    inner = piece.text[1:-1]
    bracketed = piece.text[0] == "(" and piece.text[-1] == ")" and "(" not in inner
    return piece._replace(text=inner.strip()) if bracketed and inner.strip() else piece


def _doubt_names(names: list[Piece], start: int, end: int, found: Found) -> None:
    doubtful = [not piece.known and piece.text[0].isupper() for piece in names]
    for piece in (piece for piece, is_doubtful in zip(names, doubtful, strict=True) if is_doubtful):
        if _TITLE_LIKE.search(piece.text):
            found.doubt("unknown_authority", f"Unknown guideline: “{piece.text[:80]}”", start, end)
        elif begins_with_title(piece.text):
            found.doubt("citation_unread", f"This may be a separate document: “{piece.text[:80]}”", start, end)
    if any(first and second for first, second in itertools.pairwise(doubtful)):
        message = "Two adjacent section names are unknown: where the first one ends is uncertain"
        found.doubt("citation_unread", message, start, end)


def _without_end(tail: str) -> str:
    return tail.rstrip(" .;,:")

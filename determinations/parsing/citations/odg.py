"""Reads a citation of the Official Disability Guidelines: chapters, and the topics named under each."""

import re
from difflib import get_close_matches

from determinations.parsing.citations.chapters import (
    NamedChapter,
    chapter_at,
    chapter_before_a_word,
    chapter_of,
)
from determinations.parsing.citations.mentions import Found, Mention
from determinations.parsing.citations.mtus import PAGES
from determinations.parsing.citations.printed_names import authorities, normalized_form, section_names
from determinations.parsing.citations.references import source_of
from determinations.parsing.citations.sections import has_known_name, is_page, name_ends, next_name

# "Official Disability Guidelines (ODG)", "the ODG", "OGD", "Official Disability Guideline", "ODG-TWC"
ODG = (
    r"(?:[Tt]he\s+)?(?:[Oo](?i:ff?i\w*\s+dis\w+(?:\s+(?:(?:and|&)\s+)?duration)?\s+guid\w*-?(?:lines?)?)|(?i:(?<![./])\bO\.?D\.?G\.?\b(?![\w-]*\.(?:com|org)))|\bOGD\b)"
    r"(?:[\s,-]*\(?\s*(?:O\.?D\.?G\.?|OGD)\b\s*\)?)?(?:-?TWC\b)?"
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE = (
    r"(?:\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|\d{1,2}[/-]\d{2,4}|(?:19|20)\d\d"
    rf"|{_MONTH}\s*(?:\d{{1,2}}(?:st|nd|rd|th)?,?\s*)?(?:(?:19|20)\d\d)?)"
)
# What is printed around chapters and topics but is neither, one form a line.
_NOTES = re.compile(
    r"\((?:"
    + "|".join(
        (
            # (Acute & Chronic), (Type 1, 2, and Gestational)
            r"[^()]*\b(?i:acute\s*(?:&|and|/)\s*chronic|not\s+including|etc|gestational)\b[^()]*\)",
            r"\s*(?i:acute|chronic|web|on-?line|internet|last|updated?|version|electronic|current)\b"
            r"[^()]*\)",  # (updated 11/23/16), (Online Version)
            rf"\s*{_DATE}\s*\)",
            r"\s*TWC\s*\)",
            r"\d{1,2}(?:st|nd|rd|th)\s+(?:[Aa]nnual\s+)?[Ee]d(?:ition|n)?\b\.?\)",
        )
    )
    + r")|(?<!\w)(?:"
    + "|".join(
        (
            r"(?i:acute\s*(?:&|and|/)\s*chronic)\b",
            r"(?i:(?:last\s+)?(?:updated?|revised|accessed|retrieved|effective|reviewed|version|current(?:\s+as\s+of)?))"
            rf"\b[:\s]*(?:on\s+|as\s+of\s+)?{_DATE}",
            rf"{_MONTH}\s+\d{{4}}\s+(?i:updated?|version|edition)",
            r"\d{1,2}/\d{1,2}/\d{2,4}",
            r"(?i:online|on-line|web|internet|electronic)[\s-]*(?i:based\s+)?(?i:version|edition|based)\b",
            r"\d{1,2}(?:st|nd|rd|th)\s+(?:[Aa]nnual\s+)?[Ee]d(?:ition|n)?\b\.?(?:\s*\(\w+\))?",
            r"(?i:integrated\s+treatment\s*(?:/|and|&)?\s*disability(?:\s+duration)?(?:\s+guidelines?)?)\b",
            r"(?i:treatment\s+(?:index|(?:in|for)\s+workers['’]?\s*comp\w*(?:\s*\(TWC\))?))(?!\w)",
            r"(?i:treatment\s+(?:and|&)\s+disability\s+duration(?:\s+guidelines?)?)\b",
            r"TWC\b",
            r"(?i:work\s+loss\s+data(?:\s+institute)?)\b(?:,?\s*LLC)?",
            r"(?i:procedures?\s+summar(?:y|ies))\b",
            r"(?i:evidence[\s-]based(?:\s+(?:guidelines?|medicine|treatment))?)\b",
            r"(?:Encinitas|Corpus Christi),?\s+(?:CA|TX|California|Texas)\b",
            r"(?:https?:\s*/+\s*)?(?:www\.)?(?:[\w-]+\.)?(?:odg-?(?:twc|disability)?|worklossdata|mcg)\.(?:com|org)\S*",
            r"(?i:for|of|in|from|under|per)\s+(?i:the\s+)?(?=[,;]|$)",
        )
    )
    + ")"
)
# "http://www.odg-twc.com/odgtwc/low_back.htm", "www.odg-twc.com/index.html?odgtwc/pain.htm#Opioids"
_ADDRESS = re.compile(
    r"(?:https?:\s*/+\s*)?(?:www\.)?(?:odg-?(?:twc|disability)?|worklossdata)\.(?:com|org)(?P<path>\S*)"
)
_PAGE_OF_ADDRESS = re.compile(r"([A-Za-z]+(?:[_-][A-Za-z]+)*)\.html?\b")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?<![\d/-])(?:19|20)\d\d(?![\d/-])")
_LABEL = re.compile(
    r"(?i:(?:the\s+)?(?:chapters?(?:\s*#?\d{1,2})?|sections?(?:\(s\))?|topics?|body\s+parts?|guidelines?(?!\s+for\b)|treatment\s+guidelines?|regarding|see|under|on|in|for|and|&|"
    r"treatment|recommendations?|problems|procedures?|conditions?|disorders?|index)\b\s*(?:chapter\s*)?(?:[:;,]|\b(?=\s)|$)\s*)"
)
_OF_ANOTHER_DAY = re.compile(r"(?i)updat|access|retriev|review|/")
_BETWEEN_PAGES = re.compile(r"[,;&]|\band\b")
_SEPARATORS = re.compile(r"[\s,;:.()/&–—-]*")
# Words that place a topic in a chapter when the citation names none: "(ODG) MRI shoulder".
_BODY_PARTS = (
    ("odg/carpal-tunnel", r"carpal tunnel"),
    ("odg/low-back", r"lumbar|low(?:er)? back|lumbosacral|back brace|spinal fusion"),
    ("odg/hip-pelvis", r"sacroiliac|SI joint"),
    ("odg/neck-upper-back", r"cervical|neck|upper back"),
    ("odg/shoulder", r"shoulder|rotator cuff"),
    ("odg/knee-leg", r"knee|menisc\w+"),
    ("odg/ankle-foot", r"ankle|foot|feet|plantar"),
    ("odg/hip-pelvis", r"hips?|pelvi[sc]"),
    ("odg/elbow", r"elbow|epicondyl\w+|cubital"),
    ("odg/forearm-wrist-hand", r"wrist|hand|forearm|finger|thumb"),
    ("odg/low-back", r"thoracic|back"),
    ("odg/head", r"head|concussion|brain"),
    ("odg/hernia", r"hernias?"),
    ("odg/eye", r"eye|vision"),
    ("odg/fitness-for-duty", r"functional capacity evaluations?"),
)
_IMPLIED = tuple((key, re.compile(rf"\b(?:{words})\b(?:\s+spine\b)?", re.IGNORECASE)) for key, words in _BODY_PARTS)
_CROSS_CHAPTER = re.compile(r"(?i)\b(?:preface|physical (?:therapy|medicine)|chiropractic|office visits?|formulary)\b")
_CRITERIA = re.compile(r"(?i)^(?:(?:criteria|indications|guidelines?)\s+for\s+)?(?:(?:the\s+)?use\s+of\s+)?")
_CHAPTER_IN_TOPIC = re.compile(r"(?i)\bchap\w*r\b")
#: What names a publisher, a book or a journal: no topic of the ODG does.
_LIKE_A_SOURCE = re.compile(
    r"\b(?!Quervain|Dupuytren|Kienb|Morton|Baker|Achilles|Freiberg)[A-Z]\w{3,}['’]s?\s+[A-Z]|\b(?:Guide\s+to|Manual|Handbook|Textbook|Reference|Journal|Reviews?|Policy|Bulletin|"
    r"Association|Academy|Society|Institute|Department|Foundation|Clinic|Code|Concepts|Principles)\b"
)
_LONG_TOPIC, _LONGEST_TOPIC = 12, 110


def starts_with_chapter(text: str, start: int, end: int) -> bool:
    """Whether a chapter of the ODG is named right here, as "Shoulder (Acute & Chronic), Physical Therapy"."""
    return chapter_at(_blanked(text[start:end]), 0) is not None


def starts_with_address(text: str, start: int, end: int) -> bool:
    """Whether a page of the ODG's own site is named right here."""
    return _ADDRESS.match(text, start, end) is not None


def _chapter_of_address(text: str) -> str | None:
    """The chapter whose page an address of the ODG opens."""
    for address in _ADDRESS.finditer(text):
        for page in reversed(_PAGE_OF_ADDRESS.findall(address["path"])):
            if chapter := chapter_of(re.sub("[_-]", " ", page).title()):
                return chapter
    return None


def _blanked(text: str) -> str:
    """The text with its notes replaced by a comma and spaces: every place stays where it was."""
    return _NOTES.sub(lambda note: ",".ljust(len(note.group())), text)


def read_odg(text: str, named: int, start: int, end: int, found: Found, *, first: bool) -> None:
    """Adds the ODG chapters of ``text[start:end]``; with ``first`` at least one citation.

    ``text[named:start]`` holds the words "Official Disability Guidelines", if they are there.

    Topics belong to the chapters right before them; without any, to the chapter whose body part they name.
    """
    body = text[start:end]
    edition: str | None = None
    pages: tuple[str, ...] = ()
    if _DIGIT.search(body):
        year = _YEAR.search(_NOTES.sub(_keep_edition, body))
        edition = year.group() if year else None
        pages = tuple(
            "".join(p.split())
            for match in PAGES.finditer(body)
            for p in _BETWEEN_PAGES.split(match["pages"])
            if p.strip()
        )
        body = PAGES.sub(lambda match: ",".ljust(len(match.group())), body)
        body = _YEAR.sub(",   ", _blanked(body))
    else:
        body = _blanked(body)
    groups, lead = _groups(body)
    if not groups:
        key, lead = _implied(lead)
        if key == "odg/unspecified" and (addressed := _chapter_of_address(text[start:end])):
            key = addressed
        elif key == "odg/unspecified" and lead and (near := _closest_chapter(lead[0])):
            key, lead = near, lead[1:]
        if key == "odg/unspecified" and not first and not lead:
            return
        groups = [([key], lead)]
        if key == "odg/unspecified":
            _doubt_topics(lead, start, end, found)
    elif lead:
        _doubt_topics(lead, start, end, found)
        groups[0] = (groups[0][0], [*lead, *groups[0][1]])
    for keys, topics in groups:
        _doubt_long_topics(topics, start, end, found)
        for key in keys:
            found.mentions.append(Mention(key, edition, tuple(topics), pages, named, end))


def _keep_edition(note: re.Match[str]) -> str:
    return "," if _OF_ANOTHER_DAY.search(note.group()) else note.group()


def _groups(body: str) -> tuple[list[tuple[list[str], list[str]]], list[str]]:
    """Chapters with their topics in printed order, and the topics before the first chapter."""
    groups: list[tuple[list[str], list[str]]] = []
    lead: list[str] = []
    position = 0
    while True:
        position = _skip(body, position)
        if position >= len(body):
            return groups, lead
        named = chapter_at(body, position)
        if named is None and (near := chapter_before_a_word(body, position)) and _topic_is_glued(body, near):
            # Under its own chapter, "Cervical pillow" is a topic and not the chapter once more.
            named = near if not groups or near.key not in groups[-1][0] else None
        if named is not None:
            if groups and not groups[-1][1]:
                if named.key not in groups[-1][0]:
                    groups[-1][0].append(named.key)
            else:
                groups.append(([named.key], []))
            position = named.end
            continue
        end = _topic_end(body, position)
        topic = _trimmed(body[position:end])
        position = max(end, position + 1)
        if topic:
            (groups[-1][1] if groups else lead).append(topic)


def _skip(body: str, position: int) -> int:
    while True:
        match = _SEPARATORS.match(body, position)
        after = match.end() if match else position
        label = _LABEL.match(body, after)
        if label is None or label.end() == after or _known_from(body, after):
            return after
        position = label.end()


def _known_from(body: str, start: int) -> bool:
    return has_known_name(body, start, section_names())


def _topic_is_glued(body: str, name: NamedChapter) -> bool:
    """Whether a known topic follows a chapter's name with nothing between: "Lumbar Physical Therapy Guidelines"."""
    if _known_from(body, name.start):
        return False
    words = name.text.split()
    several_words = len(words) > 1 and words[0][0].isupper()
    return _known_from(body, name.end) or (several_words and body[name.end].isupper())


# What these are for follows their dash: "Indications for Surgery -- Acromioplasty".
_GO_ON = {"indications for surgery", "indications for imaging"}
_AND_A_CHAPTER = re.compile(r"\s+(?:and|&)\s+(?=[A-Z])")
_DASH = re.compile(r"\s[-–—]\s|(?<=[Pp]reface)\s*/|/(?=\s*[Pp]reface)")


def _topic_end(body: str, start: int) -> int:
    known = section_names()
    end, is_known = next_name(body, start, known)
    for joined in _AND_A_CHAPTER.finditer(body, start + 1, end):
        if normalized_form(body[start : joined.start()]) in known and chapter_at(body, joined.end()):
            return joined.start()
    dash = _DASH.search(body, start, end)
    if not is_known and dash:
        before = normalized_form(body[start : dash.start()])
        return dash.start() if before in known and before not in _GO_ON else end
    return end


def _trimmed(topic: str) -> str:
    topic = _TRAILING_AND.sub("", topic.strip(" .,;:-–—/"))
    if topic.startswith("(") and topic.endswith(")") and name_ends(topic, 0) == [len(topic)]:
        topic = topic[1:-1].strip()
    return "" if is_page(topic) or _NO_TOPIC.fullmatch(topic) else _TOPIC_LABEL.sub("", _SECTION_AFTER.sub("", topic))


_TRAILING_AND = re.compile(r"\s+(?:and|&)$")
_NO_TOPIC = re.compile(r"(?i)(?:chapters?|guidelines?|treatments?|sections?|recommendations?|citation|\(?s\)?|and)")
_SECTION_AFTER = re.compile(r"(?<=\w)\s+[Ss]ection$")
_TOPIC_LABEL = re.compile(r"(?i)^(?:topics?|sections?)\s*:\s*")


def _closest_chapter(name: str) -> str | None:
    """The key of the chapter whose name this is, misspelled; None when no name is near."""
    if normalized_form(name) in section_names():
        return None
    names = {
        normalized_form(n): chapter.key
        for chapter in authorities()
        if chapter.family == "odg"
        for n in chapter.printed_as
    }
    bare = normalized_form(name).removesuffix(" chapter").removesuffix(" section")
    near = get_close_matches(bare, [name for name in names if len(name) > 4], n=1, cutoff=0.86)
    return names[near[0]] if near else None


def _implied(topics: list[str]) -> tuple[str, list[str]]:
    """The chapter whose body part a topic names, and the topics without it ("MRI shoulder": "MRI" of that chapter)."""
    for number, topic in enumerate(topics):
        for key, words in _IMPLIED:
            if part := words.search(topic):
                names_chapter = chapter_of(part.group()) and normalized_form(topic) not in section_names()
                rest = _without_part(topic, part) if names_chapter else topic
                return key, [*topics[:number], rest, *topics[number + 1 :]] if rest else topics
    return "odg/unspecified", topics


def _without_part(topic: str, part: re.Match[str]) -> str:
    if part.end() == len(topic):
        return re.sub(r"[\s,]*(?:\b(?:of|for|in)(?:\s+the)?(?:\s+(?:left|right))?)?\s*$", "", topic[: part.start()])
    return topic[part.end() :].strip() if part.start() == 0 else topic


def _doubt_topics(topics: list[str], start: int, end: int, found: Found) -> None:
    """Without a chapter, a topic that no list has may be a chapter misprinted."""
    for topic in topics:
        bare = _CRITERIA.sub("", topic)
        if normalized_form(bare) not in section_names() and not _CROSS_CHAPTER.search(topic):
            code = "unknown_authority" if re.search(r"(?i)\bchapters?\b", topic) else "citation_unread"
            found.doubt(code, f"Neither a chapter nor a known topic of the ODG: “{topic[:80]}”", start, end)


def _doubt_long_topics(topics: list[str], start: int, end: int, found: Found) -> None:
    """Another source that nothing announces would be read as a topic: those are long, or look like a reference."""
    for topic in topics:
        if _CHAPTER_IN_TOPIC.search(topic):
            found.doubt(
                "unknown_authority", f"No chapter of the ODG is known by this name: “{topic[:80]}”", start, end
            )
        if len(topic) < _LONG_TOPIC or normalized_form(topic) in section_names():
            continue
        is_source = _LIKE_A_SOURCE.search(topic) or source_of(topic) not in {None, "other/guideline"}
        if len(topic) > _LONGEST_TOPIC or is_source:
            found.doubt("citation_unread", f"This may be a source other than the ODG: “{topic[:80]}”", start, end)

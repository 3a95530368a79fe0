"""The two guideline lines of an item with their citations, in the wording of two eras."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from determinations.parsing.results import CitedRecord, Side
from determinations.synthetic.chance import pick, pick_two
from determinations.synthetic.facts import Body, Treatment, read

Era = Literal["L4a", "L4b"]
Line = tuple[str, list[CitedRecord]]

_DOCUMENTS = read("guidelines")
_WHO = {"claims": "The Claims Administrator", "reviewer": "The Expert Reviewer"}
#: Cumulative shares of guideline lines based on the MTUS (alone or with others) and on anything at all.
_SHARES = {"claims": (0.62, 0.82), "reviewer": (0.80, 0.955)}
_UNKNOWN_SOURCE = "Zanderly on sore limbs, second printing"


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a guideline line: the treatment, the body part and the era of the letter."""

    treatment: Treatment
    body: Body
    era: Era
    chronic_edition: str


def guideline_line(rng: Random, side: Side, subject: Subject) -> Line:
    """One side's guideline line, with its citations as in the record of a letter."""
    mtus_share, other_share = _SHARES[side]
    draw = rng.random()
    # Treatments that the MTUS does not cover are rarely based on it.
    if not subject.treatment.mtus:
        draw = max(draw, mtus_share) if rng.random() < 0.9 else draw
    if draw < mtus_share:
        text, citations = _mtus(rng, subject, bare=side == "claims" and rng.random() < 0.4)
        if rng.random() < 0.3:
            more, added = _non_mtus(rng, subject)
            return f"{text} {more}", citations + added
        return text, citations
    if draw < other_share:
        text, citations = _non_mtus(rng, subject)
        return f"{_outside(side, subject.era)} {text}", citations
    return nothing_cited(side), []


def nothing_cited(side: Side) -> str:
    """A line that cites no guideline."""
    return f"{_WHO[side]} did not cite any medical evidence for its decision."


def unknown_source(side: Side, era: Era, source: str = _UNKNOWN_SOURCE) -> Line:
    """A line that cites an unknown source."""
    text = f"{_outside(side, era)} Decision based on Non-MTUS Citation {source}."
    return text, [_citation("other", "other/unrecognised", None, [], [])]


def denies_the_mtus(side: Side, subject: Subject, rng: Random) -> Line:
    """A line that says explicitly that the side did not use the MTUS."""
    text, citations = _non_mtus(rng, subject)
    return f"{_outside(side, subject.era)} {text}", citations


def _outside(side: Side, era: Era) -> str:
    if era == "L4a":
        return f"{_WHO[side]} did not base their decision on the MTUS."
    return f"{_WHO[side]} based their decision on recommendation(s) outside of the MTUS Guidelines."


def _citation(family: str, authority: str, edition: str | None, sections: list[str], pages: list[str]) -> CitedRecord:
    return {"family": family, "authority": authority, "edition": edition, "sections": sections, "pages": pages}


def _mtus(rng: Random, subject: Subject, *, bare: bool) -> Line:
    entries = subject.treatment.mtus or [["body", "", "", ""]]
    documents = [pick(rng, entries)]
    if len(entries) > 1 and rng.random() < 0.12:
        documents = list(pick_two(rng, entries))
    printed: list[str] = []
    citations: list[CitedRecord] = []
    for entry in documents:
        one, citation = (_mtus_with_pages if subject.era == "L4a" else _mtus_with_year)(rng, subject, entry, bare)
        if all(citation["authority"] != other["authority"] for other in citations):
            printed.append(one)
            citations.append(citation)
    joined = (", and " if subject.era == "L4b" else ", ").join(printed)
    return f"Decision based on MTUS {joined}.", citations


def _mtus_with_year(rng: Random, subject: Subject, entry: list[str], bare: bool) -> tuple[str, CitedRecord]:
    """``Low Back Complaints 2004, Section(s): Special Studies``: the form of letters from 2016."""
    key, section = entry[0], entry[1]
    key = subject.body.mtus if key == "body" else key
    if key == "opioids" and subject.chronic_edition != "2016":
        key, section = "chronic-pain", entry[2]
    name = _DOCUMENTS["mtus"][key]["l4b"].format(chronic=subject.chronic_edition)
    edition = name.rsplit(" ", 1)[1]
    sections = [] if bare or not section else [s.format(Part=subject.body.part) for s in section.split(" | ")]
    text = f"{name}, Section(s): {', '.join(sections)}" if sections else name
    return text, _citation("mtus", f"mtus/{key}", edition, sections, [])


def _mtus_with_pages(rng: Random, subject: Subject, entry: list[str], bare: bool) -> tuple[str, CitedRecord]:
    """``ACOEM Chapter 12 Low Back Complaints Page(s): 308-310``: the form of letters before 2016."""
    key, _, section, pages = entry
    key = subject.body.mtus if key == "body" else key
    document = _DOCUMENTS["mtus"][key]
    key = "chronic-pain" if key == "opioids" else key
    if not pages and "pages" in document:
        pages = pick(rng, document["pages"])
    sections = [] if bare or not section else [section]
    shown = [] if bare or not pages else [pages]
    text = document["l4a"]
    if sections:
        text += f" {sections[0]}"
    elif "l4a_section" in document:
        sections = [document["l4a_section"]]
    if shown:
        text += f" Page(s): {shown[0]}"
    return text, _citation("mtus", f"mtus/{key}", None, sections, shown)


def _non_mtus(rng: Random, subject: Subject) -> Line:
    if subject.treatment.other and rng.random() < 0.3:
        key = pick(rng, subject.treatment.other)
        printed = next(entry["printed"] for entry in _DOCUMENTS["other"] if entry["key"] == key)
        return f"Decision based on Non-MTUS Citation {printed}.", [_citation("other", key, None, [], [])]
    if rng.random() < 0.15:
        plain = pick(rng, ("Official Disability Guidelines (ODG)", "Official Disability Guidelines"))
        return f"Decision based on Non-MTUS Citation {plain}.", [_citation("odg", "odg/unspecified", None, [], [])]
    key, topic = pick(rng, subject.treatment.odg)
    key = subject.body.odg if key == "body" else key
    name = pick(rng, _DOCUMENTS["odg"][key]["names"])
    form = rng.random()
    if form < 0.2:
        return f"Decision based on Non-MTUS Citation Official Disability Guidelines (ODG), {name}.", [
            _citation("odg", f"odg/{key}", None, [], [])
        ]
    if form < 0.65:
        text = f"Official Disability Guidelines (ODG), {name}, {topic}"
    elif form < 0.85:
        text = f"Official Disability Guidelines (ODG) {name}, {topic}"
    else:
        text = f"ODG {name}, {topic}"
    return f"Decision based on Non-MTUS Citation {text}.", [_citation("odg", f"odg/{key}", None, [topic], [])]

"""The clinical case summary: its own text, and the injured worker's age, sex and injury date from its prose."""

import re
from datetime import date
from typing import NamedTuple

from determinations.parsing.dates import DATE, read_date
from determinations.parsing.results import Problem
from determinations.parsing.spans import Folded, Span, fold, trimmed

#: The fixed sentence that opens the section: ``The expert reviewer developed the following clinical case summary ...``
_OPENING = re.compile(
    r"\s*:?\s*The\s+(?:expert|physician)\s+reviewer\s+developed\s+the\s+following\s+clinical\s+case\s+summary"
    r"\s+based\s+on\s+a\s+review\s+of\s+the\s+case\s+file,\s+including\s+all\s+medical\s+records\s*:",
    re.IGNORECASE,
)

#: ``48 year old``, ``48-year-old``, ``48 yr. old``, ``48 y/o``, ``age of 48``, ``48 years of age``.
_AGE = re.compile(
    r"\b(\d{1,3})(?:[- ]*(?:years?|yrs?\.?)[- ]+(?:olds?\b|of age\b)|[- ]*(?:y/?o\b|y\.o\.|yrs?\b))"
    r"|\bage[ds]?(?: of| is| was|:)? (\d\d)\b",
    re.IGNORECASE,
)
_UNITS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}
#: ``forty-six-year-old``, ``fifty years of age``.
_AGE_IN_WORDS = re.compile(
    rf"\b(?P<tens>{'|'.join(_TENS)})(?:[- ](?P<unit>{'|'.join(_UNITS[1:])}))?[- ]*years?[- ]+(?:old\b|of age\b)",
    re.IGNORECASE,
)
#: What may be between an age and the word for the person: ``right-hand dominant``, ``(DOB 01-01-1970)``.
_PERSON = re.compile(
    r"\W*(?:\w[\w'/-]*[ ,]+){0,5}?\(?"
    r"(male|female|man|woman|gentleman|lady|worker|employee|patient|claimant|applicant|individual|person)\b",
    re.IGNORECASE,
)
_RELATIVES = ("son", "daughter", "child", "children", "brother", "sister", "mother", "father", "wife", "husband")
_OF_ANOTHER = re.compile(rf"\b(?:{'|'.join(_RELATIVES)})\b", re.IGNORECASE)
_SEX = re.compile(r"\b(male|female|man|woman|gentleman|lady)\b", re.IGNORECASE)
_MALE, _FEMALE = {"male", "man", "gentleman"}, {"female", "woman", "lady"}
_PRONOUN = re.compile(r"\b(he|she|his|her|him|hers|mr|mrs|ms)\b", re.IGNORECASE)
_HE, _SHE = (" he ", "He ", " his "), (" she ", "She ", " her ")
_MALE_PRONOUNS = {"he", "his", "him", "mr"}

#: ``date of injury of 01-02-2003``, ``industrial injury on 01-02-03``, ``an occupational claim from 01/02/2003``.
_INJURY_DATE = re.compile(
    r"(?:date of (?:the )?(?:\w+ )?injury|\bDOI\b|\binjur(?:y|ies|ed)\b|\baccident\b|\bclaim from\b|\bsustained\b)"
    r"(?:(?!\b(?:dob|born|birth|evaluat|exam|report|record|visit|note|request|utiliz|treat|surg|seen|review))[^.;]){0,90}?"
    r"\b(?:on|of|dated?|from|was|is|in|date|approximately|about|:)?[ (:,-]*" + DATE,
    re.IGNORECASE,
)

_YOUNGEST, _OLDEST = 14, 99
#: The person is introduced in the first sentence or two; what is further down may be said of another.
_OPENING_REACH = 250


class Summary(NamedTuple):
    """The summary's own text and what its prose says of the injured worker."""

    text: str | None
    span: Span | None
    age: int | None
    age_span: Span | None
    sex: str | None
    sex_span: Span | None
    problems: tuple[Problem, ...]


def read_summary(source: str, start: int, end: int) -> Summary:
    """The summary in ``source[start:end]``, the text below its heading, without the fixed opening sentence."""
    problems = []
    opening = _OPENING.match(source, start, end)
    place = trimmed(source, opening.end() if opening else start, end)
    if place.start == place.end:
        missing = Problem("value_missing", "The clinical summary was not found.", None, "summary")
        return Summary(None, None, None, None, None, None, (missing,))
    if not opening:
        problems.append(
            Problem("wording_unknown", "The summary does not open with its standard sentence.", place, "summary")
        )
    folded = fold(source, *place)
    age, age_span, age_problem = _age(folded)
    sex, sex_span, sex_problem = _sex(folded)
    problems += [problem for problem in (age_problem, sex_problem) if problem]
    return Summary(folded.text, place, age, age_span, sex, sex_span, tuple(problems))


def _age(folded: Folded) -> tuple[int | None, Span | None, Problem | None]:
    text = folded.text
    for match in _AGE.finditer(text):
        age = int(match[1] or match[2])
        group = 1 if match[1] else 2
        place = folded.span(match.start(group), match.end(group))
        before = text[max(0, match.start() - 40) : match.start()]
        after = text[match.end() : match.end() + 70]
        if _speaks_of_another(before) or _speaks_of_another(after[:25]):
            continue
        sure = _YOUNGEST <= age <= _OLDEST and (match.start() < _OPENING_REACH) and (match[2] or _PERSON.match(after))
        doubt = None if sure else Problem("value_doubtful", "The age may be that of someone else.", place, "age")
        return age, place, doubt
    if in_words := _AGE_IN_WORDS.search(text, 0, _OPENING_REACH):
        age = _TENS[in_words["tens"].lower()] + _UNITS.index((in_words["unit"] or "").lower())
        return age, folded.span(in_words.start(), in_words.end()), None
    return None, None, Problem("value_missing", "The summary does not state an age.", None, "age")


def _speaks_of_another(text: str) -> bool:
    lower = text.lower()
    return any([word in lower for word in _RELATIVES]) and bool(_OF_ANOTHER.search(text))


def _sex(folded: Folded) -> tuple[str | None, Span | None, Problem | None]:
    text = folded.text
    match = _SEX.search(text)
    if match:
        place = folded.span(match.start(), match.end())
        sex = "male" if match[1].lower() in _MALE else "female"
        # "male erectile disorder", "female pelvis" further down is no statement about the worker
        doubt = None
        if match.start() > _OPENING_REACH or _pronouns_deny(text, sex):
            doubt = Problem("value_doubtful", "The sex may be that of someone else.", place, "sex")
        return sex, place, doubt
    pronouns = [(match[1].lower() in _MALE_PRONOUNS, match) for match in _PRONOUN.finditer(text)]
    if len({male for male, _ in pronouns}) == 1:
        male, first = pronouns[0]
        place = folded.span(first.start(), first.end())
        doubt = Problem("value_doubtful", "The sex was inferred from pronouns only.", place, "sex")
        return "male" if male else "female", place, doubt
    return None, None, Problem("value_missing", "The summary does not state a sex.", None, "sex")


def _pronouns_deny(text: str, sex: str) -> bool:
    """Whether the summary speaks of a "male" as "she" more than once and never as "he", or the other way round."""
    said, other = (_HE, _SHE) if sex == "male" else (_SHE, _HE)
    for word in said:
        if word in text:
            return False
    return sum([text.count(word) for word in other]) > 1


def read_injury_date(source: str, summary: Span) -> tuple[date | None, Span | None]:
    """The date of injury that the summary's prose gives first; for letters without a header block."""
    folded = fold(source, *summary)
    for match in _INJURY_DATE.finditer(folded.text):
        day = read_date(match)
        if day:
            first, last = ("month", "year") if match["month"] else ("name", "named_year")
            return day, folded.span(match.start(first), match.end(last))
    return None, None

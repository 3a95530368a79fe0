"""Suggestions while a search is typed: case numbers, names of drugs and abbreviations, words of the letters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from determinations.browsing.search import cases_numbered
from determinations.browsing.vocabulary import words_beginning
from determinations.cases.typed_numbers import read_number_or_start
from determinations.models import OfficeField
from determinations.office_fields.values import suggestions as value_suggestions
from determinations.searching.query import FIELDS
from determinations.searching.terms import Term, all_terms

#: The word that is being typed, with what stands before it: a field, a minus, a quote.
_LAST = re.compile(r'(?P<before>.*?(?:^|[\s":-]))(?P<word>[A-Za-z][\w-]*)$', re.DOTALL)
#: A field and the value that is being typed for it.
_OF_FIELD = re.compile(r'(?P<before>(?:.*\s)?)(?P<field>[A-Za-z]+):"?(?P<value>[^":]+)$', re.DOTALL)
_MOST, _MOST_TERMS = 8, 3
_SHOWN_FORMS = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the box would hold, and what is said about it. A case is opened instead of searched."""

    value: str
    label: str
    note: str = ""
    case_id: int | None = None


def suggestions(typed: str, office: Sequence[OfficeField] = ()) -> list[Suggestion]:
    """Up to eight suggestions for a text of which the last word is being typed. At most two queries.

    ``office`` are the fields of the office that the user searches: their values are suggested after their names.
    """
    if values := _values(typed, office):
        return values
    if read_number_or_start(typed):
        cases, _exact = cases_numbered(typed, limit=_MOST)
        return [
            Suggestion(case.case_number or "", case.case_number or "", "opens the case", case.pk) for case in cases
        ]
    match = _LAST.match(typed)
    if match is None or len(match["word"]) < 2:
        return []
    before, word = match["before"], match["word"].lower()
    frequent = words_beginning(word, _MOST)
    found = [*_fields(before, word), *_terms(before, word, frequent)]
    known = {suggestion.label.lower() for suggestion in found}
    found += [Suggestion(before + each, each) for each in frequent if each not in known]
    return found[:_MOST]


def _fields(before: str, word: str) -> list[Suggestion]:
    if before and not before[-1].isspace():
        return []
    return [
        Suggestion(f"{before}{field}:", f"{field}:", "looks in this field only")
        for field in FIELDS
        if field.startswith(word) and field != "notes"
    ]


def _values(typed: str, office: Sequence[OfficeField]) -> list[Suggestion]:
    """Values of the field of the office whose name stands before what is being typed: ``employer:ac``."""
    match = _OF_FIELD.match(typed)
    field = next((one for one in office if match and one.key == match["field"].lower()), None)
    if match is None or field is None or not match["value"].strip():
        return []
    start = f"{match['before']}{field.key}:"
    return [
        Suggestion(f'{start}"{text}"', text, f"in {field.name}")
        for text in value_suggestions(field, match["value"], _MOST)
        if '"' not in text
    ]


def _terms(before: str, word: str, frequent: Sequence[str]) -> list[Suggestion]:
    """Terms with a name that begins so: the one that is typed, those of frequent words, others."""
    found: list[Suggestion] = []
    for term in all_terms():
        form = next((form for form in (*term.forms, *term.capitals) if form.lower().startswith(word)), None)
        if form:
            found.append(Suggestion(before + _quoted(form, before), form, _others(term, form)))

    def place(suggestion: Suggestion) -> int:
        label = suggestion.label.lower()
        return -1 if label == word else frequent.index(label) if label in frequent else len(frequent)

    return sorted(found, key=place)[:_MOST_TERMS]


def _quoted(form: str, before: str) -> str:
    return f'"{form}"' if " " in form and not before.endswith('"') else form


def _others(term: Term, form: str) -> str:
    others = [other for other in (*term.forms, *term.capitals) if other != form]
    return f"finds {', '.join(others[:_SHOWN_FORMS])} too" if others else ""

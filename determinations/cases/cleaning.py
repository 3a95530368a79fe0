"""Typed values of fields as the record stores them, or the reason why a field cannot hold them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from django.utils.translation import gettext as _

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS, Field, GivenCitation, Kind, words
from determinations.cases.typed_dates import read_typed_date
from determinations.models.corrections import FieldValue
from determinations.parsing.results import CitationRecord


class ValueRefused(ValueError):
    """A value that the field cannot hold; the message is for the user who typed it."""


def field_of(name: str, *, of_item: bool) -> Field:
    """The field of this name, or :class:`ValueRefused`."""
    found = (ITEM_FIELDS if of_item else LETTER_FIELDS).get(name)
    if found is None:
        raise ValueRefused(_("There is no field “%s”.") % name[:40])
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """Reference data: families by authority key, and pairs of category and subcategory."""

    families: Mapping[str, str]
    categories: frozenset[tuple[str, str]]


def clean(field: Field, value: object, *, known: Known) -> FieldValue:
    """The value as stored in the record. Raises :class:`ValueRefused` with the reason."""
    if field.required and value in (None, "", [], ["", ""]):
        raise ValueRefused(_("%s cannot be empty.") % field.label)
    if field.kind != "flag" and value in (None, ""):
        return None if field.kind not in ("names", "choices", "citations") else []
    return _CLEANERS[field.kind](field, value, known)


def _line(field: Field, value: object, known: Known) -> str:
    text = words(value)
    if len(text) > field.longest:
        raise ValueRefused(
            _("%(field)s can have at most %(most)d characters.") % {"field": field.label, "most": field.longest}
        )
    return text


def _date(field: Field, value: object, known: Known) -> str:
    day = read_typed_date(str(value))
    if day is None:
        raise ValueRefused(
            _("%(field)s: “%(typed)s” is not a date. Enter month, day and year, such as 06/09/2016 or Jun 9, 2016.")
            % {"field": field.label, "typed": words(value)[:40]}
        )
    return day.isoformat()


def _number(field: Field, value: object, known: Known) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise ValueRefused(_("%s must be a whole number.") % field.label) from None
    if not 0 <= number <= 120:
        raise ValueRefused(_("%s must be between 0 and 120.") % field.label)
    return number


def _choice(field: Field, value: object, known: Known) -> str:
    word = str(value).strip().lower()
    if word not in dict(field.choices):
        raise ValueRefused(
            _("%(field)s must be one of: %(words)s.")
            % {"field": field.label, "words": ", ".join(label for _word, label in field.choices)}
        )
    return word


def _choices(field: Field, value: object, known: Known) -> list[str]:
    chosen = {_choice(field, word, known) for word in _members(field, value)}
    return [word for word, _label in field.choices if word in chosen]


def _flag(field: Field, value: object, known: Known) -> bool:
    return bool(value)


def _names(field: Field, value: object, known: Known) -> list[str]:
    names = value.split("\n") if isinstance(value, str) else _members(field, value)
    return [_line(field, name, known) for name in names if str(name).strip()]


def _category(field: Field, value: object, known: Known) -> list[str]:
    pair = tuple(value.split(" / ", 1)) if isinstance(value, str) else tuple(map(str, _members(field, value)))
    if pair not in known.categories:
        raise ValueRefused(_("This category is not in the list of categories."))
    return list(pair)


def _citations(field: Field, value: object, known: Known) -> list[CitationRecord]:
    cited: list[CitationRecord] = []
    for citation in _members(field, value):
        given = cast(GivenCitation, citation if isinstance(citation, dict) else {})
        authority = words(given.get("authority") or "")
        if authority not in known.families:
            raise ValueRefused(_("%s: choose an authority from the list for each citation.") % field.label)
        cited.append(
            {
                "family": known.families[authority],
                "authority": authority,
                "edition": words(given.get("edition") or "")[:60] or None,
                "sections": [words(name)[:300] for name in given.get("sections") or () if name],
                "pages": [words(page)[:40] for page in given.get("pages") or () if page],
                "text": words(given.get("text") or ""),
                "span": given.get("span"),
            }
        )
    named = [(citation["authority"], citation["edition"]) for citation in cited]
    if len(set(named)) < len(named):
        raise ValueRefused(
            _("%s: the same authority and edition is listed twice. Combine their sections.") % field.label
        )
    return cited


def _members(field: Field, value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueRefused(_("%s is a list.") % field.label)


_CLEANERS: Mapping[Kind, Callable[[Field, object, Known], FieldValue]] = {
    "line": _line,
    "text": _line,
    "date": _date,
    "number": _number,
    "choice": _choice,
    "choices": _choices,
    "flag": _flag,
    "names": _names,
    "category": _category,
    "citations": _citations,
}

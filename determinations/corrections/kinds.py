"""How each kind of value is shown, typed and compared on the correction screen: one entry in ``CONTROLS`` per kind.

What a value may hold is checked in ``cases.cleaning``.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from determinations.cases.fields import Field, GivenCitation, GivenValue, Kind, citations_in, words_in
from determinations.cases.typed_dates import read_typed_date
from determinations.cases.value_words import day_of
from determinations.corrections.submission import TypedCitation, TypedField, read_span
from determinations.wording.labels import Labels

BETWEEN_SECTIONS = " | "
BETWEEN_PAGES = ", "
_BETWEEN_CATEGORIES = " / "


@dataclass(frozen=True, slots=True)
class Control:
    """One kind: the input's template, the value as text, the value from what was typed, and its comparable form.

    ``is_group``: the template has several inputs, so that the label names the group.
    """

    template: str
    text: Callable[[Field, GivenValue, Labels], str]
    typed: Callable[[TypedField, Labels], GivenValue]
    compared: Callable[[GivenValue], object]
    is_group: bool = False


def text_of(field: Field, value: GivenValue, labels: Labels) -> str:
    """A value as one text, as its input shows it; "" for none. Authorities go by name."""
    return "" if value is None else CONTROLS[field.kind].text(field, value, labels)


def typed_value(field: Field, typed: TypedField, labels: Labels) -> GivenValue:
    """The value that was typed; invalid input is returned unchanged, to be refused with a reason."""
    return CONTROLS[field.kind].typed(typed, labels)


def digest_of(field: Field, value: GivenValue) -> str:
    """A short digest of a value, the same whatever its white space or form of absence."""
    compared = "" if value is None else CONTROLS[field.kind].compared(value)
    return hashlib.sha256(json.dumps(compared).encode()).hexdigest()[:12]


def citation_text(citation: GivenCitation, labels: Labels) -> str:
    """A citation as one text: authority, edition, sections, pages."""
    pages = _("p. %s") % BETWEEN_PAGES.join(citation["pages"]) if citation["pages"] else ""
    name = labels.of("authority", citation["authority"])
    return " · ".join(filter(None, [name, citation["edition"], *citation["sections"], pages]))


# Values as text


def _plain(field: Field, value: GivenValue, labels: Labels) -> str:
    return str(value)


def _date(field: Field, value: GivenValue, labels: Labels) -> str:
    return day_of(value)


def _choice(field: Field, value: GivenValue, labels: Labels) -> str:
    return dict(field.choices).get(str(value), str(value))


def _choices(field: Field, value: GivenValue, labels: Labels) -> str:
    return ", ".join(dict(field.choices).get(word, word) for word in words_in(value))


def _flag(field: Field, value: GivenValue, labels: Labels) -> str:
    return _("yes") if value else _("no")


def _names(field: Field, value: GivenValue, labels: Labels) -> str:
    return "\n".join(words_in(value))


def _category(field: Field, value: GivenValue, labels: Labels) -> str:
    return _BETWEEN_CATEGORIES.join(words_in(value))


def _citations(field: Field, value: GivenValue, labels: Labels) -> str:
    return "; ".join(citation_text(citation, labels) for citation in citations_in(value))


# Values from what was typed


def _typed_line(typed: TypedField, labels: Labels) -> GivenValue:
    return typed.text.strip() or None


def _typed_prose(typed: TypedField, labels: Labels) -> GivenValue:
    return " ".join(typed.text.split()) or None


def _typed_date(typed: TypedField, labels: Labels) -> GivenValue:
    day = read_typed_date(typed.text)
    return day.isoformat() if day else typed.text.strip() or None


def _typed_choices(typed: TypedField, labels: Labels) -> GivenValue:
    return list(typed.values)


def _typed_flag(typed: TypedField, labels: Labels) -> GivenValue:
    return bool(typed.values)


def _typed_names(typed: TypedField, labels: Labels) -> GivenValue:
    return [" ".join(name.split()) for name in typed.text.split("\n") if name.strip()]


def _typed_category(typed: TypedField, labels: Labels) -> GivenValue:
    return typed.text.split(_BETWEEN_CATEGORIES, 1) if typed.text else None


def _typed_citations(typed: TypedField, labels: Labels) -> GivenValue:
    return list(_read_citations(typed.citations, labels))


def _read_citations(lines: tuple[TypedCitation, ...], labels: Labels) -> Iterator[GivenCitation]:
    for line in lines:
        authority = line.authority.strip()
        if authority:
            span = read_span(line.place)
            yield {
                "authority": labels.authority_key(authority),
                "edition": " ".join(line.edition.split()) or None,
                "sections": _split(line.sections, BETWEEN_SECTIONS),
                "pages": _split(line.pages, BETWEEN_PAGES),
                "text": line.printed,
                "span": list(span) if span else None,
            }


def _split(text: str, between: str) -> list[str]:
    return [part.strip() for part in text.split(between.strip()) if part.strip()]


# Values to compare


def _as_it_is(value: GivenValue) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _as_text(value: GivenValue) -> object:
    return str(value)


def _in_any_order(value: GivenValue) -> object:
    return sorted(words_in(value))


def _as_cited(value: GivenValue) -> object:
    return [
        [cited["authority"], cited["edition"] or "", cited["sections"], cited["pages"]]
        for cited in citations_in(value)
    ]


CONTROLS: Mapping[Kind, Control] = {
    "line": Control("corrections/inputs/line.html", _plain, _typed_line, _as_it_is),
    "text": Control("corrections/inputs/text.html", _plain, _typed_prose, _as_it_is),
    "date": Control("corrections/inputs/line.html", _date, _typed_date, _as_it_is),
    "number": Control("corrections/inputs/line.html", _plain, _typed_line, _as_text),
    "choice": Control("corrections/inputs/choice.html", _choice, _typed_line, _as_it_is),
    "choices": Control("corrections/inputs/choices.html", _choices, _typed_choices, _in_any_order, is_group=True),
    "flag": Control("corrections/inputs/flag.html", _flag, _typed_flag, _as_it_is),
    "names": Control("corrections/inputs/names.html", _names, _typed_names, _as_it_is),
    "category": Control("corrections/inputs/category.html", _category, _typed_category, _as_it_is),
    "citations": Control("corrections/inputs/citations.html", _citations, _typed_citations, _as_cited, is_group=True),
}

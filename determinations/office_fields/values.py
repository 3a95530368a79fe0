"""Values as users enter them: read by the kind of the field, and stored once under a normal form."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import BooleanField, Func, TextField, Value

from determinations.cases.typed_dates import read_typed_date
from determinations.models import FieldKind, OfficeField, OfficeValue
from determinations.models.office_fields import LONGEST_VALUE
from determinations.paging.filtered import rows_of
from determinations.searching.query import read_query
from determinations.searching.tsquery import Scope, to_tsquery
from determinations.searching.vectors import LetterWords, letter_vector

#: The value of filters and statistics that means that no value was entered.
NOT_ENTERED = "unknown"

_DROPPED = re.compile(r"[.,'’‘`\"“”]")
_BETWEEN = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[+-]?\$?\s?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,6})?|[+-]?\$?\.\d{1,6}")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AP]M)?$", re.IGNORECASE)
_MOST_DIGITS = 18
# How many values are compared is bounded; those that have the word itself come first. Of a word that few values have,
# PostgreSQL would read all values to find one, if it may read them row by row.
_NEAR = """
SELECT asked.word, known.normal
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked (word, exact, beginning)
CROSS JOIN LATERAL (
    (
        SELECT normal FROM determinations_officevalue
        WHERE field_id = ANY(%s) AND search @@ asked.exact::tsquery LIMIT 1
    ) UNION ALL (
        SELECT normal FROM (
            SELECT normal FROM determinations_officevalue
            WHERE field_id = ANY(%s) AND search @@ asked.beginning::tsquery LIMIT 500
        ) AS compared
        ORDER BY strict_word_similarity(asked.word, normal) DESC, normal LIMIT 25
    )
) AS known
"""


class BadValue(ValueError):
    """The text is not a value of this field. The message says why, and what would be one."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A value as entered: how it is shown, and its normal form."""

    printed: str
    normal: str
    number: Decimal | None = None
    day: date | None = None


def normal_form(text: str) -> str:
    """The form in which texts are compared: ``Acme, Inc.`` and ``ACME INC`` are ``acme inc``."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    words = " ".join(_BETWEEN.sub(" ", _DROPPED.sub("", plain)).split())
    return (words or " ".join(plain.split()))[:LONGEST_VALUE]


def read_value(field: OfficeField, text: str) -> Entered | None:
    """The value in a text; None for an empty text. Raises ``BadValue``."""
    typed = " ".join(_storable(text).split())
    if not typed:
        return None
    if len(typed) > LONGEST_VALUE:
        raise BadValue(f"A value has at most {LONGEST_VALUE} characters; this one has {len(typed):,}.")
    match field.kind:
        case FieldKind.NUMBER:
            return _number(typed)
        case FieldKind.DATE:
            return _day(typed)
        case FieldKind.CHOICE:
            return _choice(field, typed)
    return Entered("Unknown" if typed == NOT_ENTERED else typed, normal_form(typed))


def _storable(text: str) -> str:
    """Without control characters and signs that turn text around."""
    return "".join(sign if unicodedata.category(sign) not in ("Cc", "Cf", "Cs") else " " for sign in text)


def _number(typed: str) -> Entered:
    if not _NUMBER.fullmatch(typed):
        raise BadValue(f"“{typed}” is not a number. Type it like 1234.50.")
    number = Decimal(re.sub(r"[$,\s]", "", typed))
    if len(str(abs(int(number)))) > _MOST_DIGITS:
        raise BadValue(f"A number has at most {_MOST_DIGITS} digits before the point.")
    plain = f"{number.normalize():f}"
    plain = "0" if plain == "-0" else plain
    return Entered(plain, plain, number=number)


def _day(typed: str) -> Entered:
    day = read_typed_date(_TIME.sub("", typed))
    if day is None:
        raise BadValue(f"“{typed}” is not a date. Type it like 06/09/2026.")
    return Entered(day.isoformat(), day.isoformat(), day=day)


def _choice(field: OfficeField, typed: str) -> Entered:
    normal = normal_form(typed)
    for choice in field.choices:
        if normal_form(choice) == normal:
            return Entered(choice, normal)
    offered = ", ".join(field.choices[:8]) or "none yet"
    raise BadValue(f"“{typed}” is not one of the choices ({offered}).")


def stored_values(wanted: Mapping[tuple[int, str], Entered]) -> dict[tuple[int, str], int]:
    """The IDs of values by (slot, normal form), adding those that are new. Values that were merged keep their own."""
    missing = set(wanted)
    ids = _ids_of(missing)
    new = sorted(missing - ids.keys())
    if new:
        OfficeValue.objects.bulk_create(
            [
                OfficeValue(
                    field_id=slot, normal=normal, printed=value.printed, number=value.number, day=value.day,
                    search=search_vector(value.printed),
                )
                for slot, normal in new
                for value in [wanted[slot, normal]]
            ],
            ignore_conflicts=True,
            batch_size=2_000,
        )  # fmt: skip
        ids |= _ids_of(new)
    return ids


def search_vector(printed: str) -> str:
    """The words of a value, in the same normal form as those of letters."""
    return letter_vector(LetterWords(number=printed))


def _ids_of(keys: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    ids: dict[tuple[int, str], int] = {}
    for slot in sorted({slot for slot, _normal in keys}):
        normals = [normal for of_slot, normal in keys if of_slot == slot]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT normal, id FROM determinations_officevalue WHERE field_id = %s AND normal = ANY(%s)",
                [slot, normals],
            )
            ids |= {(slot, normal): pk for normal, pk in cursor.fetchall()}
    return ids


def values_by_id(ids: Iterable[int | None]) -> dict[int, OfficeValue]:
    """The values with these IDs."""
    wanted = {pk for pk in ids if pk is not None}
    if not wanted:
        return {}
    rows = OfficeValue.objects.filter(pk__in=wanted).defer("search")
    return {value.pk: value for value in rows}


def effective_ids(values: Mapping[int, OfficeValue]) -> dict[int, int]:
    """The ID that counts, for each value: that of the value it was merged into, or its own."""
    return {pk: value.merged_into_id or pk for pk, value in values.items()}


class Finds(Func):
    """Values whose words match a query."""

    template = "(search @@ %(expressions)s::tsquery)"
    output_field = BooleanField()


def words_near(fields: Collection[int], words: Collection[str]) -> dict[str, list[str]]:
    """For each of some words, words that resemble it, of values of these fields (by slot): of at most 25 values, among
    those with a word that begins with the same two letters. A word that a value has is among them. One query."""
    exact = [to_tsquery(read_query(word), Scope.ITEMS) for word in words]
    beginning = [to_tsquery(read_query(f"{word[:2]}*"), Scope.ITEMS) for word in words]
    near: dict[str, list[str]] = {word: [] for word in words}
    slots = list(fields)
    for word, normal in rows_of(_NEAR, [list(words), exact, beginning, slots, slots], of_words=True):
        near[word] += normal.split()
    return near


def suggestions(field: OfficeField, typed: str, limit: int = 8) -> list[str]:
    """Values of a field that begin with the text, then those with words that begin so. At most two queries."""
    normal = normal_form(typed)
    rows = OfficeValue.objects.filter(field=field, merged_into=None).order_by("normal")
    named = list(rows.filter(normal__startswith=normal).values_list("printed", flat=True)[:limit])
    words = read_query(" ".join(f"{word}*" if len(word) > 1 else word for word in normal.split()))
    if len(named) < limit and words:
        query = Value(to_tsquery(words, Scope.ITEMS), output_field=TextField())
        found = rows.filter(Finds(query)).values_list("printed", flat=True)[: 2 * limit]
        named = list(dict.fromkeys([*named, *found]))[:limit]
    return named

"""Resolves filter values to IDs and section names before querying, so that PostgreSQL plans with constants.

PostgreSQL estimates a constant from its statistics; what a subquery returns it guesses, up to a thousand times wrong.
One ``Lookups`` serves one request, so that each value is looked up once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BooleanField, F, Func, IntegerField, Q, TextField, Value

from determinations.access.roles import may_read_notes
from determinations.access.scope import current_scope
from determinations.filters.words import QueryWords
from determinations.models import OfficeField, OfficeSet, OfficeValue, SectionName
from determinations.models.office_fields import all_values
from determinations.office_fields.registry import seen_fields
from determinations.office_fields.values import normal_form
from determinations.parsing.citations import section_label
from determinations.searching.query import Part
from determinations.searching.tsquery import Scope, alone
from determinations.wording.labels import Labels, read_labels


class IsOneOf(Func):
    """``column = ANY(array)``: an index can answer it, and its length tells the planner how many rows to expect."""

    arg_joiner = " = ANY("
    output_field = BooleanField()


def has_number(column: str, ids: Iterable[int], *, small: bool = False) -> IsOneOf:
    """The condition that the column holds one of these numbers; ``small`` for columns of small integers."""
    written = f"{{{','.join(map(str, ids))}}}"
    kind = "smallint" if small else "bigint"
    return IsOneOf(F(column), Value(written, output_field=TextField()), template=f"(%(expressions)s::{kind}[]))")


def has_office_value(ids: Iterable[int]) -> "HasOneOf":
    """Rows that have one of these values of office fields, by the index of all values."""
    return HasOneOf(all_values(), Value(list(ids), output_field=ArrayField(IntegerField())))


class HasOneOf(Func):
    """``array && array``: the two have an element in common."""

    arg_joiner = " && "
    template = "(%(expressions)s)"
    output_field = BooleanField()


#: The values that a word or phrase occurs in. A word that very many values have is found in the first of them.
_MOST_VALUES = 10_000
_VALUES_OF_PARTS = f"""
SELECT asked.part, COALESCE(found.merged_into_id, found.id)
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked (query, slots, part)
CROSS JOIN LATERAL (
    SELECT id, merged_into_id FROM determinations_officevalue
    WHERE field_id = ANY(asked.slots::smallint[]) AND search @@ asked.query::tsquery LIMIT {_MOST_VALUES}
) AS found
"""  # noqa: S608 - a constant


#: The notes on cases in which a word or phrase occurs. Of a word that very many notes have, the newest are found.
_MOST_NOTES = 10_000
_NOTES_OF_PARTS = f"""
SELECT asked.part, found.letter_id
FROM unnest(%s::text[]) WITH ORDINALITY AS asked (query, part)
CROSS JOIN LATERAL (
    SELECT letter_id FROM determinations_casenote
    WHERE search @@ asked.query::tsquery ORDER BY id + 0 DESC LIMIT {_MOST_NOTES}
) AS found
"""  # noqa: S608 - a constant


@dataclass
class Lookups:
    """The names and IDs one request has looked up, for its user.

    Without a user, notes are not searched, and only fields of the office that every role sees are known.
    """

    user: User | None = None
    #: Some word that was looked up occurs in a note on a case.
    found_in_notes: bool = False
    _sections: dict[str, list[str]] = field(default_factory=dict)
    _values: dict[QueryWords, dict[Part, list[int]]] = field(default_factory=dict)
    _notes: dict[tuple[QueryWords, Scope], dict[Part, list[int]]] = field(default_factory=dict)

    @cached_property
    def labels(self) -> Labels:
        """Names and IDs of categories and authorities."""
        labels = read_labels()
        seen = seen_fields(self.user, labels.office_fields)
        return replace(labels, office_fields=tuple(seen))

    @cached_property
    def may_read_notes(self) -> bool:
        """Whether words are searched in notes on corrections, too."""
        return self.user is not None and may_read_notes(self.user)

    @cached_property
    def sets_of_own(self) -> list[int] | None:
        """Of an account limited to offices, the sets of its offices alone, if some letters belong to others too.

        Words of notes on corrections are indexed whoever wrote them: on letters of others they are not searched.
        """
        offices = current_scope().offices
        if offices is None:
            return None
        sets = dict(OfficeSet.objects.filter(office_ids__overlap=list(offices)).values_list("pk", "office_ids"))
        own = [pk for pk, members in sets.items() if set(members) <= set(offices)]
        return own if len(own) < len(sets) else None

    def field_of(self, slot: int) -> OfficeField | None:
        """A field of the office that the user sees; None for others."""
        return self.labels.office_field_by_slot.get(slot)

    @cached_property
    def searched_fields(self) -> list[OfficeField]:
        """The fields of the office whose values the user's searches look in."""
        return [field for field in self.labels.shown_fields() if field.in_search]

    @cached_property
    def listed_fields(self) -> list[OfficeField]:
        """The fields of the office that have values, that the user sees, and that are columns of lists, in order."""
        if current_scope().masked:
            return []
        return [field for field in self.labels.shown_fields() if field.in_lists]

    def ids_by_part(self, words: QueryWords) -> dict[Part, list[int]]:
        """The values of the office's fields in which a part of a search occurs, for parts with any. One query."""
        fields = {field.key: field.slot for field in self.searched_fields}
        if not fields or words.field:
            return {}
        if words in self._values:
            return self._values[words]
        asked = [part for parts in words.alternatives for part in parts if part.field in ("", *fields)]
        queries = [alone(part) for part in asked]
        slots = [
            f"{{{','.join(map(str, [fields[part.field]] if part.field else fields.values()))}}}" for part in asked
        ]
        found: dict[Part, list[int]] = {}
        with connection.cursor() as cursor:
            cursor.execute(_VALUES_OF_PARTS, [queries, slots])
            for at, pk in cursor.fetchall():
                found.setdefault(asked[at - 1], []).append(pk)
        self._values[words] = found
        return found

    def noted_letters_by_part(self, words: QueryWords, scope: Scope) -> dict[Part, list[int]]:
        """The letters with a note on their case in which a part of a search occurs, for parts with any. One query.

        A note says nothing of one item: for items only words that are searched in notes alone count.
        """
        fields = ("notes",) if scope is Scope.ITEMS else ("", "notes")
        asked = [part for parts in words.alternatives for part in parts if part.field in fields]
        if not asked or self.user is None or not self.user.has_perm("determinations.browse_cases"):
            return {}
        if (words, scope) in self._notes:
            return self._notes[words, scope]
        found: dict[Part, list[int]] = {}
        with connection.cursor() as cursor:
            cursor.execute(_NOTES_OF_PARTS, [[alone(part) for part in asked]])
            for at, letter in cursor.fetchall():
                found.setdefault(asked[at - 1], []).append(letter)
        self.found_in_notes = self.found_in_notes or bool(found)
        self._notes[words, scope] = found
        return found

    def value_ids(self, field: OfficeField, texts: Iterable[str]) -> list[int]:
        """The IDs of values of a field, given as texts in any spelling; values that were merged count as their own."""
        normals = {normal_form(text) for text in texts}
        rows = OfficeValue.objects.filter(field=field, normal__in=normals)
        return sorted({merged or pk for pk, merged in rows.values_list("pk", "merged_into")})

    def authority_ids(self, keys: Iterable[str]) -> list[int]:
        """The IDs of authorities given by key; unknown keys have none."""
        wanted = set(keys)
        return [authority.id for authority in self.labels.authorities if authority.key in wanted]

    def category_ids(self, whole: Iterable[str], below: Iterable[str]) -> list[int]:
        """The IDs of categories, and of subcategories given as ``name/subcategory``.

        A category with subcategories chosen means only those.
        """
        keys = set(below)
        names = {name for name in whole if not any(key.startswith(f"{name}/") for key in keys)}
        return [category.id for category in self.labels.categories if category.name in names or category.key in keys]

    def section_names(self, part: str) -> list[str]:
        """Section names whose name or label contains this part, ignoring case, or of which it is a spelling."""
        part = part.replace("\x00", "")
        if part not in self._sections:
            names = SectionName.objects.filter(
                Q(name__icontains=part) | Q(label__icontains=part) | Q(label=section_label(part))
            ).order_by("name")
            self._sections[part] = list(names.values_list("name", flat=True))
        return self._sections[part]

    def cites_section(self, sections: Func, part: str) -> HasOneOf:
        """The condition that one of the ``sections`` of a row has a name that contains the part."""
        return HasOneOf(sections, Value(self.section_names(part), output_field=ArrayField(TextField())))

"""Resolves filter values to IDs and section names before querying, so that PostgreSQL plans with constants.

PostgreSQL estimates a constant from its statistics; what a subquery returns it guesses, up to a thousand times wrong.
One ``Lookups`` serves one request, so that each value is looked up once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, Q, TextField, Value

from determinations.access.roles import may_read_notes
from determinations.models import OfficeField, OfficeValue, SectionName
from determinations.office_fields.registry import seen_fields
from determinations.office_fields.values import normal_form
from determinations.parsing.citations import section_label
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


class HasOneOf(Func):
    """``array && array``: the two have an element in common."""

    arg_joiner = " && "
    template = "(%(expressions)s)"
    output_field = BooleanField()


@dataclass
class Lookups:
    """The names and IDs one request has looked up, for its user.

    Without a user, notes are not searched, and only fields of the office that every role sees are known.
    """

    user: User | None = None
    _sections: dict[str, list[str]] = field(default_factory=dict)

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

    def field_of(self, slot: int) -> OfficeField | None:
        """A field of the office that the user sees; None for others."""
        return self.labels.office_field_by_slot.get(slot)

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

"""The kinds of filters: how each reads its values from the address, and finds rows by them."""

from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import Any

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorExact
from django.db.models import Exists, Func, Model, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from determinations.filters.lookups import HasOneOf, has_number
from determinations.filters.words import QueryWords
from determinations.models import PrintedCitation, Side, UploadedFile
from determinations.models.found_by import item_sections

_MOST_VALUES = 60
_LONGEST_VALUE = 500


class ValuesField(forms.MultipleChoiceField):
    """Any number of values, unknown ones too: a value that no row has simply finds nothing."""

    def clean(self, value: Any) -> list[str]:
        """The values, each once, cut to a sane number and length."""
        printed = [str(each).replace("\x00", "")[:_LONGEST_VALUE] for each in value or [] if each]
        return list(dict.fromkeys(printed))[:_MOST_VALUES]


class ValuesFilter(django_filters.Filter):
    """One of several values; ``condition`` turns one value into a condition on rows of the filtered model."""

    field_class = ValuesField

    def __init__(self, kind: str, label: str, condition: Callable[[str], Q], **kwargs: Any) -> None:
        self.kind = kind
        self.condition = condition
        super().__init__(label=label, widget=forms.SelectMultiple, **kwargs)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows for which one of the conditions holds."""
        return qs.filter(reduce(or_, map(self.condition, value))) if value else qs


class AllValuesFilter(ValuesFilter):
    """Every one of several values, of what a row can hold several of."""

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows for which all conditions hold."""
        return qs.filter(reduce(and_, map(self.condition, value))) if value else qs


class DayFilter(django_filters.DateFilter):
    """A date from or to which, inclusive."""

    kind = "date"

    def __init__(self, column: str, label: str, lookup: str) -> None:
        super().__init__(
            field_name=column,
            lookup_expr=lookup,
            label=label,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )


class WordsFilter(django_filters.CharFilter):
    """Words searched in the texts, as a web search understands them."""

    kind = "words"

    def __init__(self, words: Func) -> None:
        self.words = words
        super().__init__(label="Words", max_length=300, strip=True)

    def filter(self, qs: QuerySet[Model], value: str) -> QuerySet[Model]:
        """Rows in which the words occur."""
        words = QueryWords.read(value)
        if not words:
            return qs
        found = SearchVectorExact(self.words, words.query())
        # Left to itself PostgreSQL reads all of the index for what is not in it: rows are asked one by one instead.
        return qs.filter(Coalesce(found, Value(False)) if words.only_not else found)


class CategoryFilter(django_filters.Filter):
    """Categories, and subcategories as ``name/subcategory``; a category with subcategories chosen means only those."""

    field_class = ValuesField

    def __init__(self, kind: str, label: str) -> None:
        self.kind = kind
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows in one of them. The two filters act together: the first of them that is set does it."""
        given = self.parent.form.cleaned_data
        whole, below = given.get("category", []), given.get("subcategory", [])
        if not value or (self.kind == "subcategory" and whole):
            return qs
        return qs.filter(has_number("category_id", self.parent.lookups.category_ids(whole, below), small=True))


class AuthorityFilter(django_filters.Filter):
    """One of several authorities, given by key, that one side cites."""

    field_class = ValuesField
    kind = "authority"

    def __init__(self, column: str, label: str) -> None:
        self.column = column
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows that cite one of them."""
        return qs.filter(self.condition(value)) if value else qs

    def condition(self, keys: list[str]) -> Q:
        """The condition that one of these authorities is cited."""
        return Q(**{f"{self.column}__overlap": self.parent.lookups.authority_ids(keys)})


class AllAuthoritiesFilter(AuthorityFilter):
    """Every one of several authorities."""

    def condition(self, keys: list[str]) -> Q:
        """The condition that all of these authorities are cited."""
        return reduce(and_, (AuthorityFilter.condition(self, [key]) for key in keys))


class SectionFilter(django_filters.CharFilter):
    """Part of the name of a section that one side cites."""

    kind = "section"

    def __init__(self, side: Side, label: str) -> None:
        self.side = side
        super().__init__(label=label, max_length=100, strip=True)

    def filter(self, qs: QuerySet[Model], value: str) -> QuerySet[Model]:
        """Rows for which this side cites a section whose name holds the words."""
        return qs.filter(self.condition(item_sections(self.side.value), value)) if value else qs

    def condition(self, sections: Func, value: str) -> HasOneOf:
        """The condition that one of the ``sections`` of a row has such a name."""
        names = self.parent.lookups.section_names(value.replace("\x00", ""))
        return HasOneOf(sections, Value(names, output_field=ArrayField(TextField())))


class UploadFilter(django_filters.NumberFilter):
    """Letters that arrived in one upload, duplicates of it too."""

    kind = "upload"

    def __init__(self, letter: str) -> None:
        self.letter = letter
        super().__init__(label="Upload", min_value=1, max_value=2**63 - 1, decimal_places=0)

    def filter(self, qs: QuerySet[Model], value: Any) -> QuerySet[Model]:
        """Rows of the letters that the upload brought."""
        if value is None:
            return qs
        return qs.filter(Exists(UploadedFile.objects.filter(upload=int(value), letter=OuterRef(self.letter))))


class PrintedFilter(ValuesFilter):
    """Letters with a citation that nobody recognised, given in the form in which citations are compared."""

    def __init__(self, letter: str) -> None:
        super().__init__("printed", "Citation that nobody recognised", self.is_printed)
        self.letter = letter

    def is_printed(self, value: str) -> Q:
        """The letter prints it."""
        rows = PrintedCitation.objects.filter(normalised=value, aliased=False)
        return Q(Exists(rows.filter(letter=OuterRef(self.letter))))


class CountedFilter(django_filters.Filter):
    """Set by numbers of the statistics that count letters: everything in the address is asked of one item of the case.

    ``CaseFilter`` acts on it; items are the same with and without it.
    """

    field_class = ValuesField

    def __init__(self) -> None:
        self.kind = "yes_no"
        super().__init__(label="Letters as statistics count them, by their items", widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """All rows."""
        return qs

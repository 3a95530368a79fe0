"""How parameters of an address are read, and how each filters rows."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any

import django_filters
from django import forms
from django.db.models import BooleanField, Exists, Func, Model, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from determinations.filters.lookups import has_number
from determinations.models import Duty, ItemFact, NotificationCase, PrintedCitation, UploadedFile
from determinations.models.found_by import item_sections
from determinations.paging.counts import whole_number
from determinations.parsing.results import Side

_MOST_VALUES = 60
_LONGEST_VALUE = 500


class ValuesField(forms.MultipleChoiceField):
    """Any number of values; a value that no row has simply matches nothing."""

    def clean(self, value: Any) -> list[str]:
        """The values, each once, limited in number and length."""
        printed = [str(entry).replace("\x00", "")[:_LONGEST_VALUE] for entry in value or [] if entry]
        return list(dict.fromkeys(printed))[:_MOST_VALUES]


class ValuesFilter(django_filters.Filter):
    """One of several values; ``condition`` turns one value into a condition on rows of the filtered model."""

    field_class = ValuesField

    def __init__(self, label: str, condition: Callable[[str], Q]) -> None:
        self.condition = condition
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows for which one of the conditions holds."""
        return qs.filter(reduce(or_, map(self.condition, value))) if value else qs


class AllValuesFilter(ValuesFilter):
    """Every one of several values, for columns with several values per row."""

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows for which all conditions hold."""
        return qs.filter(reduce(and_, map(self.condition, value))) if value else qs


class DayFilter(django_filters.DateFilter):
    """A date from or to which, inclusive."""

    def __init__(self, label: str, column: str, lookup: str) -> None:
        super().__init__(
            field_name=column,
            lookup_expr=lookup,
            label=label,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )


class DueFilter(DayFilter):
    """A date from or to which an item's duty is due, inclusive."""

    def __init__(self, label: str, lookup: str) -> None:
        super().__init__(label, "due_on", lookup)

    def filter(self, qs: QuerySet[Model], value: date | None) -> QuerySet[Model]:
        """Items whose duty is due then."""
        if value is None:
            return qs
        duty = Duty.objects.filter(letter=OuterRef("case_id"), item_number=OuterRef("item__number"))
        return qs.filter(Exists(duty.filter(**{f"due_on__{self.lookup_expr}": value})))


class CategoryFilter(django_filters.Filter):
    """Categories, and subcategories as ``name/subcategory``; a category with subcategories chosen means only those."""

    field_class = ValuesField

    def __init__(self, label: str, *, below: bool) -> None:
        self.below = below
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows in one of them. The two filters act together: the first of them that is set does it."""
        cleaned = self.parent.form.cleaned_data
        whole, below = cleaned.get("category", []), cleaned.get("subcategory", [])
        if not value or (self.below and whole):
            return qs
        return qs.filter(has_number("category_id", self.parent.lookups.category_ids(whole, below), small=True))


class AuthorityFilter(django_filters.Filter):
    """One of several authorities, by key, that one side cites."""

    field_class = ValuesField

    def __init__(self, label: str, column: str) -> None:
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

    def __init__(self, label: str, side: Side) -> None:
        self.side = side
        super().__init__(label=label, max_length=100, strip=True)

    def filter(self, qs: QuerySet[Model], value: str) -> QuerySet[Model]:
        """Rows for which this side cites a section whose name contains the words."""
        return qs.filter(self.parent.lookups.cites_section(item_sections(self.side), value)) if value else qs


class LettersFilter(django_filters.CharFilter):
    """Chosen letters, by their IDs with commas between them."""

    #: Letters that an address may name.
    most = 500

    def __init__(self, label: str, letter: str) -> None:
        self.letter = letter
        super().__init__(label=label, max_length=20 * self.most)

    def filter(self, qs: QuerySet[Model], value: str) -> QuerySet[Model]:
        """Rows of these letters; of none if the address names no number."""
        if not value:
            return qs
        ids = [pk for part in value.split(",")[: self.most] if (pk := whole_number(part.strip())) is not None]
        return qs.filter(**{f"{self.letter}__in": ids})


class TimeField(forms.CharField):
    """A time as addresses have it, ``2026-11-28T08:15:00Z``, or a day."""

    def to_python(self, value: object) -> str:
        """The text, if it is a time or a day."""
        text = super().to_python(value) or ""
        if text and time_of(text) is None:
            raise forms.ValidationError("Enter a date, like 2026-11-28.")
        return text


class AddedFilter(django_filters.Filter):
    """Cases that were first read from or to a time; ``to`` a day includes that day.

    Only current cases are in the index of these times. Lists of cases ask for current ones themselves; items, which
    only current cases have, are asked for so here.
    """

    field_class = TimeField

    def __init__(self, label: str, case: str, *, is_end: bool) -> None:
        """``case``: what leads from an item to the columns of its case, ``case__``; empty for cases."""
        self.case, self.is_end = case, is_end
        super().__init__(label=label, widget=forms.DateInput(attrs={"type": "date"}))

    def filter(self, qs: QuerySet[Model], value: str) -> QuerySet[Model]:
        """Rows of cases that were added then."""
        at = time_of(value, day_after=self.is_end) if value else None
        if at is None:
            return qs
        added = f"{self.case}added_at__{'lt' if self.is_end else 'gte'}"
        current = {f"{self.case}superseded_by__isnull": True} if self.case else {}
        return qs.filter(**current, **{added: at})


def time_of(text: str, *, day_after: bool = False) -> datetime | None:
    """The time that an address names: that of a day is its start, or with ``day_after`` the start of the next."""
    try:
        if len(text) == len("2026-11-28"):
            day = date.fromisoformat(text) + timedelta(days=day_after)
            return timezone.make_aware(datetime.combine(day, time.min))
        at = datetime.fromisoformat(text)
        return at if timezone.is_aware(at) else timezone.make_aware(at)
    except (ValueError, OverflowError):
        return None


class UploadFilter(django_filters.NumberFilter):
    """Letters that arrived in one upload, including those already received before."""

    def __init__(self, label: str, letter: str) -> None:
        self.letter = letter
        super().__init__(label=label, min_value=1, max_value=2**63 - 1, decimal_places=0)

    def filter(self, qs: QuerySet[Model], value: Any) -> QuerySet[Model]:
        """Rows of the letters that the upload brought."""
        if value is None:
            return qs
        return qs.filter(Exists(UploadedFile.objects.filter(upload=int(value), letter=OuterRef(self.letter))))


class ToldFilter(ValuesFilter):
    """The cases that a notification is about."""

    def __init__(self, label: str, letter: str) -> None:
        super().__init__(label, self.is_told)
        self.letter = letter

    def is_told(self, value: str) -> Q:
        """The notification is about the case."""
        number = whole_number(value)
        if number is None:
            return Q(pk__in=[])
        return Q(Exists(NotificationCase.objects.filter(notification=number, letter=OuterRef(self.letter))))


class PrintedFilter(ValuesFilter):
    """Letters with a citation that was not recognized, given in the form in which citations are compared."""

    def __init__(self, label: str, letter: str) -> None:
        super().__init__(label, self.is_printed)
        self.letter = letter

    def is_printed(self, value: str) -> Q:
        """The letter prints it."""
        rows = PrintedCitation.objects.filter(normalised=value, aliased=False)
        return Q(Exists(rows.filter(letter=OuterRef(self.letter))))


class IsNotTrue(Func):
    """Rows for which conditions do not hold, or are not known to."""

    template = "(%(expressions)s) IS NOT TRUE"
    output_field = BooleanField()


class RestFilter(django_filters.Filter):
    """All items but those of another address: "MRI against the rest"."""

    field_class = ValuesField

    def __init__(self, label: str) -> None:
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Items that are not among those of the address."""
        for address in value:
            other = QueryDict(address, mutable=True)
            other.pop("rest_of", None)
            filterset = self.parent.for_items(other, ItemFact.objects.all())
            among = filterset.qs
            if filterset.reads_other_tables or not among.query.where:
                qs = qs.filter(~Exists(among.filter(pk=OuterRef("pk"))))
            else:
                qs = qs.filter(IsNotTrue(among.query.where))
        return qs


class ByItemFilter(django_filters.Filter):
    """Set by numbers of the statistics that count letters: the whole address must hold for one item of the case.

    ``CaseFilter`` acts on it; items are the same with and without it.
    """

    field_class = ValuesField

    def __init__(self, label: str) -> None:
        super().__init__(label=label, widget=forms.SelectMultiple)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """All rows."""
        return qs

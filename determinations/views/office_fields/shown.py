"""Values of the office's fields next to cases: claim number, employer and others that lists may show."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest

from determinations.filters.lookups import Lookups
from determinations.models import Case, OfficeField
from determinations.views.requests import person_of
from determinations.wording.labels import value_texts


def list_fields(request: HttpRequest) -> list[OfficeField]:
    """The fields that have values, that the user sees, and that are columns of lists, in order."""
    return Lookups(user=person_of(request)).listed_fields


def values_by_case(cases: Iterable[Case], fields: Sequence[OfficeField]) -> dict[int, list[tuple[str, str]]]:
    """The values that each case has, as names of fields and texts in their order. One query."""
    cases = list(cases)
    texts = value_texts(getattr(case, field.column) for case in cases for field in fields)
    return {
        case.pk: [(field.name, text) for field in fields if (text := texts.get(getattr(case, field.column) or 0))]
        for case in cases
    }

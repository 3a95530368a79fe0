"""Values of the office's own fields that only erased cases had."""

from collections.abc import Collection

from django.db.models import Q

from determinations.models import Case, CaseValues, OfficeImportRow, OfficeValue, ValueChange
from determinations.models.office_fields import COLUMNS, all_values


def erase_office_values(case_numbers: Collection[str]) -> None:
    """Erase the values of these case numbers and their history, unless a letter that remains has the number.

    A value that other case numbers have stays: it is theirs.
    """
    numbers = set(case_numbers) - set(
        Case.objects.filter(case_number__in=case_numbers).values_list("case_number", flat=True)
    )
    changes = ValueChange.objects.filter(case_number__in=numbers)
    values = {pk for row in CaseValues.objects.filter(pk__in=numbers).values_list(*COLUMNS) for pk in row}
    values |= {pk for pair in changes.values_list("old_id", "new_id") for pk in pair}
    OfficeImportRow.objects.filter(case_number__in=numbers).delete()
    changes.delete()
    CaseValues.objects.filter(pk__in=numbers).delete()
    for pk in sorted(value for value in values if value is not None):
        if not _is_used(pk):
            OfficeValue.objects.filter(pk=pk).delete()


def _is_used(value_id: int) -> bool:
    of_cases = any(
        rows.annotate(all_values=all_values()).filter(all_values__contains=[value_id]).exists()  # type: ignore[misc]  # an array
        for rows in (CaseValues.objects.all(), Case.objects.all())
    )
    return (
        of_cases
        or ValueChange.objects.filter(Q(old=value_id) | Q(new=value_id)).exists()
        or OfficeValue.objects.filter(merged_into=value_id).exists()
    )

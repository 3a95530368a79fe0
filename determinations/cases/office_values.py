"""Copies the office's values of case numbers to their cases and facts, where lists and statistics read them.

``CaseValues`` is the truth. ``effective.write_cases`` copies the values of each case that it writes, so a letter that
arrives after its values, is read again or gets another number has the values of its number. ``copy_pending`` copies
values that changed since, in small transactions, each under the locks of its case numbers.
"""

from collections.abc import Collection, Iterable

from django.db import connection

from determinations.cases.holding import Held, holding
from determinations.models import Case, CaseValues
from determinations.models.any_of import array_literal
from determinations.models.office_fields import COLUMNS

#: Case numbers per transaction.
_AT_ONCE = 200


#: Values of case numbers, each replaced by the one it was merged into.
_MERGED = "(SELECT merged_into_id FROM determinations_officevalue WHERE id = kept.{column})"
_EFFECTIVE = ", ".join(f"COALESCE({_MERGED.format(column=column)}, kept.{column}) AS {column}" for column in COLUMNS)
_TO_CASES = f"""
UPDATE determinations_case AS target SET {", ".join(f"{column} = wanted.{column}" for column in COLUMNS)}
FROM (
    SELECT known.letter_id AS case_id, {_EFFECTIVE}
    FROM determinations_case AS known LEFT JOIN determinations_casevalues AS kept USING (case_number)
    WHERE known.letter_id = ANY(%s)
) AS wanted
WHERE target.letter_id = wanted.case_id
    AND ({", ".join(f"target.{column}" for column in COLUMNS)})
        IS DISTINCT FROM ({", ".join(f"wanted.{column}" for column in COLUMNS)})
"""  # noqa: S608 - names of our own columns
_WITH_VALUES = f"""
SELECT letter_id FROM determinations_case AS known
WHERE letter_id = ANY(%s) AND (
    num_nonnulls({", ".join(COLUMNS)}) > 0
    OR EXISTS (SELECT FROM determinations_casevalues AS kept WHERE kept.case_number = known.case_number)
)
"""  # noqa: S608 - names of our own columns
_TO_FACTS = f"""
UPDATE determinations_itemfact AS target SET {", ".join(f"{column} = known.{column}" for column in COLUMNS)}
FROM determinations_case AS known
WHERE target.case_id = known.letter_id AND known.letter_id = ANY(%s)
    AND ({", ".join(f"target.{column}" for column in COLUMNS)})
        IS DISTINCT FROM ({", ".join(f"known.{column}" for column in COLUMNS)})
"""  # noqa: S608 - names of our own columns


def copy_to_cases(case_ids: Collection[int]) -> None:
    """Give these cases the values of their numbers. Only for held letters; their facts are written afterwards."""
    _execute(_TO_CASES, _with_values(case_ids))


def copy_now(numbers: Iterable[str]) -> None:
    """Give the cases and facts of these case numbers their values, in one transaction."""
    wanted = sorted(set(numbers))

    def write(held: Held) -> None:
        pending = CaseValues.objects.filter(case_number__in=wanted).select_for_update().order_by("case_number")
        found = list(pending.values_list("case_number", flat=True))
        case_ids = list(Case.objects.filter(case_number__in=found).values_list("pk", flat=True))
        held.require(letters=case_ids)
        _execute(_TO_CASES, case_ids)
        _execute(_TO_FACTS, case_ids)
        CaseValues.objects.filter(case_number__in=found).update(pending=False)

    holding((), write, numbers=wanted)


def copy_pending(limit: int = _AT_ONCE) -> int:
    """Copy values that wait, of up to ``limit`` case numbers; returns how many there were."""
    numbers = list(CaseValues.objects.filter(pending=True).values_list("case_number", flat=True)[:limit])
    if numbers:
        copy_now(numbers)
    return len(numbers)


def _with_values(case_ids: Collection[int]) -> list[int]:
    """Those of the cases that have values, or whose number has: to plan for copying takes several milliseconds."""
    if not case_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WITH_VALUES, [array_literal(case_ids)])
        return [pk for (pk,) in cursor.fetchall()]


def _execute(statement: str, case_ids: Collection[int]) -> None:
    if not case_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, [array_literal(case_ids)])

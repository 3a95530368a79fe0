"""Which column of an imported table holds which field, by the names of the columns."""

import re
from collections.abc import Sequence

from determinations.cases.typed_numbers import read_case_number
from determinations.extraction.spreadsheets.results import Row
from determinations.models import OfficeField
from determinations.office_fields.values import normal_form

#: What a column can hold besides a field, whose meaning is its slot.
CASE_NUMBER = "case_number"
NOTHING = ""

_CASE_NUMBER_HEADS = frozenset(
    (
        "imr case number", "imr case no", "imr case", "imr number", "imr no", "imr", "case number", "case no",
        "case num", "case", "case id", "imr case id", "maximus case number",
    )
)  # fmt: skip
#: Other headings of the fields of a new installation, by key.
_OTHER_NAMES = {
    "claim": ("claim", "claim no", "claim num", "claim id", "claim nbr", "claimnumber"),
    "employer": ("employer name", "insured", "insured name", "policyholder", "company"),
    "adjuster": ("examiner", "claims examiner", "claim examiner", "claims adjuster", "handler", "adjuster name"),
    "client": ("client name", "account", "account name", "customer", "carrier", "program"),
    "provider": (
        "requesting provider", "requesting physician", "treating physician", "primary treating physician", "ptp",
        "physician", "doctor", "provider name", "requested by",
    ),
    "statefile": ("state file number", "state file no", "state file", "eams", "eams number", "adj", "adj number",
                  "jurisdiction claim number", "wcab number"),
}  # fmt: skip
_NUMBER_SIGN = re.compile(r"#")


def match_columns(heads: Sequence[str], rows: Sequence[Row], fields: Sequence[OfficeField]) -> list[str]:
    """The meaning of each column: ``case_number``, the slot of a field as text, or nothing. Each is given once."""
    names = [normal_form(_NUMBER_SIGN.sub(" no ", head)) for head in heads]
    meanings = [NOTHING] * len(heads)
    number_column = _column_of_numbers(names, rows)
    if number_column is not None:
        meanings[number_column] = CASE_NUMBER
    for field in fields:
        own = [normal_form(field.name), field.key]
        for wanted in (*own, *_OTHER_NAMES.get(field.key, ())):
            column = next((at for at, name in enumerate(names) if name == wanted and not meanings[at]), None)
            if column is not None:
                meanings[column] = str(field.slot)
                break
    return meanings


def _column_of_numbers(names: Sequence[str], rows: Sequence[Row]) -> int | None:
    """The column with the most case numbers in the first rows; of columns without any, one that is named so."""
    seen = [0] * len(names)
    for row in rows[:200]:
        for at, cell in enumerate(row.cells[: len(names)]):
            seen[at] += read_case_number(cell.text) is not None
    if any(seen):
        return max(range(len(names)), key=lambda at: (seen[at], names[at] in _CASE_NUMBER_HEADS))
    return next((at for at, name in enumerate(names) if name in _CASE_NUMBER_HEADS), None)

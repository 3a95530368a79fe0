"""Values that look wrong but may be correct: staff are asked before they are saved."""

import re
from collections.abc import Collection

from django.utils.translation import gettext as _

from determinations.cases.fields import DATE_FIELDS, ITEM_FIELDS, LETTER_FIELDS, EffectiveRecord
from determinations.parsing.results import DateField

_CASE_NUMBER = re.compile(r"CM\d{2}-\d{7,8}")
_BEFORE_DECISION: tuple[DateField, ...] = ("date_assigned", "application_received", "ur_denial_date")


def warnings_of(record: EffectiveRecord) -> list[tuple[str, str]]:
    """Values that look wrong but may be correct: (path, message)."""
    found: list[tuple[str, str]] = []
    number = record["case_number"]
    if number and not _CASE_NUMBER.fullmatch(number):
        found.append(("case_number", _("Case numbers look like CM16-0012345. Please check this one.")))
    for name in DATE_FIELDS:
        injured, value = record["date_of_injury"], record[name]
        if name != "date_of_injury" and injured and value and value < injured:
            found.append((name, _("%s is before the date of injury.") % LETTER_FIELDS[name].label))
    decided = record["decision_date"]
    for name in _BEFORE_DECISION:
        value = record[name]
        if decided and value and value > decided:
            found.append((name, _("%s is after the decision date.") % LETTER_FIELDS[name].label))
    for item in record["items"]:
        if item["decision"] is None:
            found.append((f"items/{item['key']}/decision", _("The decision is missing.")))
    return found


def lines_without_citations(paths: Collection[str]) -> list[tuple[str, str]]:
    """Guideline lines that changed while their citations did not: (path, message)."""
    found = []
    for path in paths:
        cited = path.removesuffix("_text")
        if path.endswith(("/claims_text", "/reviewer_text")) and cited not in paths:
            name = ITEM_FIELDS[cited.rpartition("/")[2]].label
            found.append(
                (path, _("“%s” was not changed. Update it too if this line now cites different guidelines.") % name)
            )
    return found

"""The section of the case page that says what to do, and by when."""

from collections.abc import Sequence

from django.utils import timezone

from determinations.duties.records import windows_of
from determinations.models import Case, Duty, Receipt
from determinations.parsing.results import ItemRecord
from determinations.views.cases.case_has import CaseHas
from determinations.views.duties.worklist import Row, in_words, is_late

#: Duties that the case page lists; the worklist has all.
MOST_SHOWN = 30


def duty_context(case: Case, items: Sequence[ItemRecord], has: CaseHas) -> dict[str, object]:
    """The duties of a case that counts, its receipt, and the windows that run; nothing for a superseded case."""
    if case.superseded_by_id is not None:
        return {}
    today = timezone.localdate()
    duties = Duty.objects.filter(letter=case.pk).select_related("rule", "assigned_to").order_by("item_number")
    shown = list(duties[: MOST_SHOWN + 1]) if has.duties else []
    receipt = Receipt.objects.filter(pk=case.pk).first() if has.receipt else None
    return {
        "duties": [Row(duty, "", in_words(duty, today), is_late(duty, today)) for duty in shown[:MOST_SHOWN]],
        "more_duties": len(shown) > MOST_SHOWN,
        "receipt": receipt,
        "windows": windows_of(case, receipt, {str(item["decision"]) for item in items}),
    }

"""A case as the office cites it in letters and notes."""

from django.conf import settings

from determinations.models import Case

_UNKNOWN = "date unknown"


def citation_of(case: Case) -> str:
    """The citation by the style of the setting; empty for a case without a number."""
    if not case.case_number:
        return ""
    decided = case.decision_date
    words = {
        "{number}": case.case_number,
        "{decided}": f"{decided:%b} {decided.day}, {decided.year}" if decided else _UNKNOWN,
        "{outcome}": case.get_outcome_display().lower(),
        "{items}": f"{case.overturned_count} of {case.item_count} overturned",
    }
    style = settings.CITATION_STYLE
    for name, text in words.items():
        style = style.replace(name, text)
    return style

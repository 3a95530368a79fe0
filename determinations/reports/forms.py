"""The form of the report builder: what was typed, and the sections in their order."""

import re
from collections.abc import Sequence
from dataclasses import replace

from django import forms
from django.http import QueryDict

from determinations.reports.definition import LONGEST_NOTE, MOST_SECTIONS, PERIODS, ROWS, Definition, PeriodKind
from determinations.reports.saved import LONGEST_NAME

_KEY = re.compile(r"[\w-]{1,80}")


class ReportForm(forms.Form):
    """Title, cover note, period and size of a report."""

    title = forms.CharField(max_length=LONGEST_NAME)
    note = forms.CharField(
        max_length=LONGEST_NOTE, required=False, label="Cover note", widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Printed under the title. Everyone who gets the report reads it, so name no case here.",
    )  # fmt: skip
    period = forms.ChoiceField(
        choices=[(kind.value, label) for kind, label in PERIODS.items()], label="Date of decision",
        help_text="Counted from the day on which the report is made.",
    )  # fmt: skip
    first = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(required=False, label="Through", widget=forms.DateInput(attrs={"type": "date"}))
    rows = forms.TypedChoiceField(
        choices=[(number, f"Up to {number}") for number in ROWS], coerce=int, label="Rows per table",
        help_text="In PDF. Excel and CSV have all rows.",
    )  # fmt: skip
    charts = forms.BooleanField(required=False, label="With charts")

    def clean(self) -> dict[str, object]:
        """A fixed period has at least one date, in order."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if cleaned.get("period") == PeriodKind.FIXED and not (self.errors or first or last):
            self.add_error("first", "Enter at least one date, or choose another period.")
        if first and last and first > last:
            self.add_error("last", "This date is before the first one.")
        return cleaned

    @classmethod
    def showing(cls, definition: Definition) -> "ReportForm":
        """The form of a stored report."""
        names = ("title", "note", "first", "last", "rows", "charts")
        return cls(initial={name: getattr(definition, name) for name in names} | {"period": definition.period.value})

    def applied_to(self, definition: Definition) -> Definition:
        """The report with what the valid form says."""
        typed = self.cleaned_data
        period = PeriodKind(typed["period"])
        fixed = period is PeriodKind.FIXED
        return replace(
            definition,
            title=typed["title"],
            note=typed["note"],
            period=period,
            first=typed["first"] if fixed else None,
            last=typed["last"] if fixed else None,
            rows=typed["rows"],
            charts=typed["charts"],
        )


class RowsForm(ReportForm):
    """Title and period of a report of rows, which has neither note nor tables."""

    note = rows = charts = None  # type: ignore[assignment] # how Django leaves out fields of a base class

    def applied_to(self, definition: Definition) -> Definition:
        """The report with what the valid form says."""
        self.cleaned_data |= {"note": "", "rows": definition.rows, "charts": definition.charts}
        return super().applied_to(definition)


def sections_of(post: QueryDict) -> list[str]:
    """The sections of the form, in order."""
    return list(dict.fromkeys(filter(_KEY.fullmatch, post.getlist("section"))))[:MOST_SECTIONS]


def rearranged(sections: Sequence[str], do: str, added: str) -> list[str]:
    """The sections after a button: ``up:KEY``, ``down:KEY``, ``remove:KEY``, or ``add``."""
    order = list(sections)
    verb, _, key = do.partition(":")
    if verb == "add" and _KEY.fullmatch(added) and added not in order:
        return [*order, added][:MOST_SECTIONS]
    if key not in order:
        return order
    at = order.index(key)
    if verb == "remove":
        order.pop(at)
    elif verb == "up" and at:
        order[at - 1 : at + 1] = [order[at], order[at - 1]]
    elif verb == "down" and at < len(order) - 1:
        order[at : at + 2] = [order[at + 1], order[at]]
    return order

"""How duties were met: in time, late and by how much, for the items of a selection."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import TruncMonth

from determinations.models import Duty, StatisticsLimits
from determinations.models.any_of import AnyOf
from determinations.models.duties import DUTY_CONDITIONS, NOBODY, duty_person
from determinations.office_fields.values import NOT_ENTERED
from determinations.statistics.export_tables import SMALL_HEAD, Cell, ExportTable, small_cell_mark, small_cell_note
from determinations.statistics.interface import Selection
from determinations.statistics.intervals import quantile, wilson
from determinations.wording.labels import value_texts

#: The columns counted, in the order of the table.
COUNTED = ("met", "late", "done_undated", "not_required", "open", "overdue")


@dataclass(frozen=True)
class TimelinessRow:
    """The duties of one rule, or due in one month: counts by name of ``COUNTED``, and days late to their number."""

    key: str
    label: str
    counts: Mapping[str, int]
    days_late: dict[int, int] = field(default_factory=dict)

    @property
    def judged(self) -> int:
        """Duties done, with a known due date."""
        return self.counts["met"] + self.counts["late"]

    @property
    def share(self) -> float | None:
        """Percent of the judged duties done in time."""
        return 100 * self.counts["met"] / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% Wilson interval of the share."""
        bounds = wilson(self.counts["met"], self.judged)
        return (100 * bounds[0], 100 * bounds[1]) if bounds else None

    @property
    def median_late(self) -> float | None:
        """Median days from the due date, of duties done late."""
        return quantile(self.days_late, 0.5)


@dataclass(frozen=True)
class Timeliness:
    """All duties of a selection, by rule, by the month in which they were due, by person, and by an office field."""

    total: TimelinessRow
    by_rule: list[TimelinessRow]
    by_month: list[TimelinessRow]
    by_person: list[TimelinessRow]
    by_value: list[TimelinessRow]


def read_timeliness(selection: Selection, *, today: date, column: str = "") -> Timeliness:
    """Count the duties of the selected items; eight queries, and three more with ``column``, that of an office field.

    Due dates and days are calendar days. A closed duty counts for the person who closed it, an open one for the person
    it is assigned to. Duties without a due date (receipt not entered) have the month "".
    """
    item = selection.items.filter(case=OuterRef("letter_id"), item__number=OuterRef("item_number"))
    # Each query would otherwise look for the items of every duty.
    selected = list(Duty.objects.filter(Exists(item)).values_list("pk", flat=True))
    duties = Duty.objects.filter(AnyOf("pk", selected))
    conditions = {**DUTY_CONDITIONS, "overdue": DUTY_CONDITIONS["open"] & Q(due_on__lt=today)}
    numbers = {name: Count("pk", filter=conditions[name]) for name in COUNTED}
    late = duties.filter(DUTY_CONDITIONS["late"]).annotate(days=F("closed_on") - F("due_on"))

    def rows(group: str, label: Callable[[object], str], key: Callable[[object], str]) -> list[TimelinessRow]:
        histograms: dict[str, dict[int, int]] = {}
        for value, days, count in late.values_list(group, "days").annotate(count=Count("pk")).order_by():
            histograms.setdefault(key(value), {})[days.days] = count
        merged: dict[str, TimelinessRow] = {}
        for entry in duties.values(group).annotate(**numbers).order_by(group):
            name = key(entry[group])
            counts = {column: entry[column] for column in COUNTED}
            merged[name] = TimelinessRow(name, label(entry[group]), counts, histograms.get(name, {}))
        return list(merged.values())

    duties = duties.annotate(month=TruncMonth("due_on"), person=duty_person())
    late = late.annotate(month=TruncMonth("due_on"), person=duty_person())
    by_month = rows("month", _month_label, _month_key)
    by_rule = rows("rule__key", str, str)
    titles = dict(Duty.objects.order_by().values_list("rule__key", "rule__title").distinct()) if by_rule else {}
    by_rule = [
        TimelinessRow(row.key, titles.get(row.key, row.key), row.counts, row.days_late) for row in by_rule
    ]  # fmt: skip
    by_person = rows("person", lambda name: "No one" if name == NOBODY else str(name), str)
    by_value = _with_texts(rows(f"letter__case__{column}", str, str)) if column else []
    return Timeliness(_sum(by_rule), by_rule, by_month, by_person, by_value)


def _with_texts(rows: list[TimelinessRow]) -> list[TimelinessRow]:
    """Rows by ID of a value as rows by its text, those with most duties first."""
    texts = value_texts(int(row.key) for row in rows if row.key.isdigit())
    named = [(texts.get(int(row.key)) if row.key.isdigit() else None, row) for row in rows]
    by_text = [
        replace(row, key=text or NOT_ENTERED, label=text or "Not entered") for text, row in named
    ]  # fmt: skip
    return sorted(by_text, key=lambda row: (row.key == NOT_ENTERED, -sum(row.counts.values()), row.label))


def _month_key(value: object) -> str:
    return f"{value:%Y-%m}" if isinstance(value, date) else ""


def _month_label(value: object) -> str:
    return f"{value:%b %Y}" if isinstance(value, date) else "Receipt not entered"


def _sum(rows: Iterable[TimelinessRow]) -> TimelinessRow:
    counts = dict.fromkeys(COUNTED, 0)
    days: dict[int, int] = {}
    for row in rows:
        for name in COUNTED:
            counts[name] += row.counts[name]
        for late, count in row.days_late.items():
            days[late] = days.get(late, 0) + count
    return TimelinessRow("", "All duties", counts, days)


def timeliness_table(
    timeliness: Timeliness, limits: StatisticsLimits, notes: list[str], value_name: str = ""
) -> ExportTable:
    """All tables in one for export; ``value_name`` is the office field that duties are counted by."""
    tables = {"rule": timeliness.by_rule, "month due": timeliness.by_month, "person": timeliness.by_person}
    if value_name:
        tables[value_name] = timeliness.by_value
    parts = [(part, row) for part, rows in tables.items() for row in rows]
    return ExportTable(
        name="timeliness",
        title="Timeliness of duties",
        heads=(
            "by", "duty, month, person, value", "done in time", "done late", "done, due date unknown", "not required",
            "open", "of these overdue", "percent in time", "interval from", "interval to", "median days late",
            SMALL_HEAD,
        ),
        rows=[[part, row.label, *_cells(row), small_cell_mark(row.counts.values(), limits)] for part, row in parts],
        keys=[f"{part}/{row.key}" for part, row in parts],
        notes=("Counts duties: one per overturned item.", small_cell_note(limits), *notes),
    )  # fmt: skip


def _cells(row: TimelinessRow) -> list[Cell]:
    low, high = row.interval or (None, None)
    rounded = [None if value is None else round(value, 2) for value in (row.share, low, high, row.median_late)]
    return [*(row.counts[name] for name in COUNTED), *rounded]

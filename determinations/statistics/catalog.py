"""The catalog of statistics.

To add one, add an entry to ``STATISTICS``. It defines which columns of the fact rows are grouped by, in which rows of
the table an item counts, and which filters list those items. Its page, chart, CSV, Excel, JSON and exactness test come
with it.
"""

from collections.abc import Iterable, Mapping, Sequence

from determinations.models import DisputedItem
from determinations.statistics.citation_catalog import CITATION_STATISTICS
from determinations.statistics.definition import UNKNOWN, Filters, Statistic, label_from
from determinations.statistics.time_steps import STEPS, Step, step_filters, step_key, step_label
from determinations.wording.labels import AGE_BANDS, CLAIM_AGES, DAY_BANDS, Labels

DRUGS = "Pharmaceuticals"


def _text(value: str, labels: Labels) -> list[str]:
    return [value or UNKNOWN]


def _values(values: Sequence[str], labels: Labels) -> Iterable[str]:
    return values or [UNKNOWN]


def _number(value: int | None, labels: Labels) -> list[str]:
    return [UNKNOWN if value is None else str(value)]


def _band(number: int | None, bands: Iterable[tuple[str, str, int, int]]) -> str:
    return UNKNOWN if number is None else next(name for name, _, first, last in bands if first <= number <= last)


def _age_band(age: int | None, labels: Labels | None = None) -> list[str]:
    return [_band(age, AGE_BANDS)]


def _year(key: str) -> Filters:
    if key == UNKNOWN:
        return {"undated": ["injured"]}
    return {"injured_from": [f"{key}-01-01"], "injured_to": [f"{key}-12-31"]}


def _over_time(step: Step) -> Statistic:
    """Items by month, quarter or year of decision."""
    return Statistic(
        key=step, label=f"{step.capitalize()} of decision", group="Time", columns=("decision_month",),
        keys=lambda month, labels: [step_key(step, month)],
        plain=lambda item: [step_key(step, item.case.decision_date)], filters=step_filters,
        row_label=lambda key, labels: step_label(key), sort_by_key=True,
        note="By the date of the letter, not of its upload.",
    )  # fmt: skip


def _day_band(days: int | None, labels: Labels | None = None) -> list[str]:
    return [_band(days, DAY_BANDS)]


def _days(key: str, label: str, start: str, filter_name: str) -> Statistic:
    def plain(item: DisputedItem) -> list[str]:
        start_date, decided = getattr(item.case, start), item.case.decision_date
        return _day_band((decided - start_date).days if start_date and decided and start_date <= decided else None)

    return Statistic(
        key=key, label=label, group="Time", columns=(key.replace("-", "_"),), keys=_day_band, plain=plain,
        filters=lambda band: {filter_name: [band]}, row_label=label_from("days"), days=True,
        order=[band[0] for band in DAY_BANDS],
        note="Calendar days. Items that lack one of the dates, or whose dates are out of order, have a row of their "
        "own and do not count toward the median and quartiles.",
    )  # fmt: skip


def _claim_age(years: int | None, labels: Labels | None = None) -> list[str]:
    return [_band(years, CLAIM_AGES)]


def _plain_claim_age(item: DisputedItem) -> list[str]:
    injury, decision = item.case.date_of_injury, item.case.decision_date
    if injury is None or decision is None or injury > decision:
        return [UNKNOWN]
    return _claim_age(decision.year - injury.year - ((decision.month, decision.day) < (injury.month, injury.day)))


_INFERRED = "Letters do not print a category. It is inferred from the words of the request, or set by staff."

STATISTICS: tuple[Statistic, ...] = (
    Statistic(
        key="category", label="Treatment category", group="Treatment", columns=("category_id",),
        keys=lambda pk, labels: [labels.category_by_id[pk].name], plain=lambda item: [item.category.name],
        filters=lambda key: {"category": [key]}, note=_INFERRED, benchmark="category",
    ),
    Statistic(
        key="subcategory", label="Treatment subcategory", group="Treatment", columns=("category_id",),
        keys=lambda pk, labels: [labels.category_by_id[pk].key],
        plain=lambda item: [f"{item.category.name}/{item.category.subcategory}"],
        filters=lambda key: {"subcategory": [key]}, row_label=label_from("subcategory"), note=_INFERRED,
    ),
    Statistic(
        key="drug-class", label="Drug class", group="Treatment", columns=("category_id",),
        keys=lambda pk, labels: [labels.category_by_id[pk].key],
        plain=lambda item: [f"{item.category.name}/{item.category.subcategory}"],
        filters=lambda key: {"subcategory": [key]}, row_label=lambda key, labels: key.partition("/")[2],
        within={"category": [DRUGS]}, note="Counts only drug requests. " + _INFERRED, benchmark="drugs",
    ),
    Statistic(
        key="body-region", label="Body region", group="Treatment", columns=("body_region",), keys=_text,
        plain=lambda item: [item.body_region or UNKNOWN], filters=lambda key: {"region": [key]},
        row_label=lambda key, labels: "Not specified" if key == UNKNOWN else key.capitalize(),
        note="The region that the request names.",
    ),
    Statistic(
        key="partial-approval", label="Partial approvals", group="Treatment", columns=("partly_approved",),
        keys=lambda partly, labels: ["yes" if partly else "no"],
        plain=lambda item: ["yes" if item.partly_approved else "no"],
        filters=lambda key: {"partly_approved": [key]},
        row_label=lambda key, labels: "Partly approved by UR" if key == "yes" else "Not approved by UR",
        order=["yes", "no"], note="Whether the letter says that UR authorized part of the request.",
    ),
    Statistic(
        key="ground", label="Ground of the decision", group="Treatment", columns=("grounds",), keys=_values,
        plain=lambda item: item.grounds or [UNKNOWN], filters=lambda key: {"ground": [key]},
        row_label=label_from("ground"), several=True,
        note="Recognized in the reviewer's rationale, or set by staff. An item counts under every one of its grounds; "
        "upheld and overturned items have different grounds.",
    ),
    Statistic(
        key="specialty", label="Reviewer's specialty", group="Review", columns=("specialties",), keys=_values,
        plain=lambda item: item.case.specialties or [UNKNOWN], filters=lambda key: {"specialty": [key]},
        several=True, note="As printed. An item counts under every specialty of its reviewer.",
    ),
    Statistic(
        key="licensure", label="Reviewer's licensure", group="Review", columns=("licensure",), keys=_values,
        plain=lambda item: item.case.licensure or [UNKNOWN], filters=lambda key: {"licensure": [key]},
        several=True, note="An item counts under every state in which its reviewer is licensed.",
    ),
    Statistic(
        key="priority", label="Priority", group="Review", columns=("priority",), keys=_text,
        plain=lambda item: [item.case.priority or UNKNOWN], filters=lambda key: {"priority": [key]},
        row_label=label_from("priority"),
    ),
    Statistic(
        key="case-outcome", label="Case outcome", group="Review", columns=("outcome",), keys=_text,
        plain=lambda item: [item.case.outcome], filters=lambda key: {"outcome": [key]},
        row_label=label_from("outcome"),
        note="Counts items by the outcome of their letter. The overview counts letters.",
    ),
    Statistic(
        key="age", label="Age", group="Worker and claim", columns=("age",), keys=_age_band,
        plain=lambda item: _age_band(item.case.age), filters=lambda key: {"age": [key]}, row_label=label_from("age"),
        order=[band[0] for band in AGE_BANDS],
    ),
    Statistic(
        key="sex", label="Sex", group="Worker and claim", columns=("sex",), keys=_text,
        plain=lambda item: [item.case.sex or UNKNOWN], filters=lambda key: {"sex": [key]}, row_label=label_from("sex"),
    ),
    Statistic(
        key="injury-year", label="Year of injury", group="Worker and claim", columns=("injury_year",), keys=_number,
        plain=lambda item: [str(item.case.date_of_injury.year) if item.case.date_of_injury else UNKNOWN],
        filters=_year, sort_by_key=True,
    ),
    Statistic(
        key="claim-age", label="Age of the claim at decision", group="Worker and claim", columns=("claim_age",),
        keys=_claim_age, plain=_plain_claim_age, filters=lambda key: {"claim_age": [key]},
        row_label=label_from("claim_age"),
        order=[band[0] for band in CLAIM_AGES], note="Full years from the date of injury to the decision.",
    ),
    *map(_over_time, STEPS),
    _days("days-from-denial", "Days from UR denial to decision", "ur_denial_date", "days_from_denial"),
    _days("days-from-application", "Days from application to decision", "application_received",
          "days_from_application"),
    _days("days-from-assignment", "Days from assignment to decision", "date_assigned", "days_from_assignment"),
    *CITATION_STATISTICS,
)  # fmt: skip
BY_KEY: Mapping[str, Statistic] = {statistic.key: statistic for statistic in STATISTICS}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(statistic.group for statistic in STATISTICS))

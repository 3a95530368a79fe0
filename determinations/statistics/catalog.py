"""The statistics, each one an entry.

An entry says which columns of the fact rows are grouped by, in which rows of the table an item then counts, and which
filters open the list of exactly those items. Page, chart, CSV, Excel, JSON and the test against the normalised tables
come with it. To add one, add an entry to ``STATISTICS``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from determinations.models import DisputedItem
from determinations.statistics.citation_catalog import CITATION_STATISTICS
from determinations.statistics.definition import UNKNOWN, Filters, Statistic, word_of
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


def month_filters(key: str) -> Filters:
    """A month's first and last day."""
    if key == UNKNOWN:
        return {"undated": ["decided"]}
    year, month = map(int, key.split("-"))
    last = date.fromordinal(date(year + month // 12, month % 12 + 1, 1).toordinal() - 1)
    return {"decided_from": [f"{key}-01"], "decided_to": [last.isoformat()]}


def _month_word(key: str, labels: Labels) -> str:
    return "No date" if key == UNKNOWN else f"{date.fromisoformat(key + '-01'):%b %Y}"


def _day_band(days: int | None, labels: Labels | None = None) -> list[str]:
    return [_band(days, DAY_BANDS)]


def _days(key: str, label: str, start: str, name: str) -> Statistic:
    def plain(item: DisputedItem) -> list[str]:
        begun, decided = getattr(item.case, start), item.case.decision_date
        return _day_band((decided - begun).days if begun and decided and begun <= decided else None)

    return Statistic(
        key=key, label=label, group="Time", columns=(key.replace("-", "_"),), keys=_day_band, plain=plain,
        filters=lambda band: {name: [band]}, word=word_of("days"), order=[band[0] for band in DAY_BANDS], days=True,
        note="Calendar days to the decision. Items without one of the two dates, or with the first after the second, "
        "stand in a row of their own and are not in median and quartiles.",
    )  # fmt: skip


def _claim_age(years: int | None, labels: Labels | None = None) -> list[str]:
    return [_band(years, CLAIM_AGES)]


def _plain_claim_age(item: DisputedItem) -> list[str]:
    injury, decision = item.case.date_of_injury, item.case.decision_date
    if injury is None or decision is None or injury > decision:
        return [UNKNOWN]
    return _claim_age(decision.year - injury.year - ((decision.month, decision.day) < (injury.month, injury.day)))


_INFERRED = "Letters print no category: it is worked out from the words of the request, or set by staff."

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
        filters=lambda key: {"subcategory": [key]}, word=word_of("subcategory"), note=_INFERRED,
    ),
    Statistic(
        key="drug-class", label="Drug class", group="Treatment", columns=("category_id",),
        keys=lambda pk, labels: [labels.category_by_id[pk].key],
        plain=lambda item: [f"{item.category.name}/{item.category.subcategory}"],
        filters=lambda key: {"subcategory": [key]}, word=lambda key, labels: key.partition("/")[2],
        within={"category": [DRUGS]}, note="Of the drug requests alone. " + _INFERRED, benchmark="drugs",
    ),
    Statistic(
        key="body-region", label="Body region", group="Treatment", columns=("body_region",), keys=_text,
        plain=lambda item: [item.body_region or UNKNOWN], filters=lambda key: {"region": [key]},
        word=lambda key, labels: "None named" if key == UNKNOWN else key.capitalize(),
        note="The region that the request's own words name.",
    ),
    Statistic(
        key="partial-approval", label="Partial approvals", group="Treatment", columns=("partly_approved",),
        keys=lambda partly, labels: ["yes" if partly else "no"],
        plain=lambda item: ["yes" if item.partly_approved else "no"],
        filters=lambda key: {"partly_approved": [key]},
        word=lambda key, labels: "UR had approved a part" if key == "yes" else "UR had approved nothing",
        order=["yes", "no"], note="Whether the item line says that UR had authorised a part of the request.",
    ),
    Statistic(
        key="specialty", label="Reviewer's specialty", group="Review", columns=("specialties",), keys=_values,
        plain=lambda item: item.case.specialties or [UNKNOWN], filters=lambda key: {"specialty": [key]},
        several=True, note="As printed; an item counts under each specialty of its reviewer.",
    ),
    Statistic(
        key="licensure", label="Reviewer's licensure", group="Review", columns=("licensure",), keys=_values,
        plain=lambda item: item.case.licensure or [UNKNOWN], filters=lambda key: {"licensure": [key]},
        several=True, note="An item counts under each state in which its reviewer is licensed.",
    ),
    Statistic(
        key="priority", label="Priority", group="Review", columns=("priority",), keys=_text,
        plain=lambda item: [item.case.priority or UNKNOWN], filters=lambda key: {"priority": [key]},
        word=word_of("priority"),
    ),
    Statistic(
        key="case-outcome", label="Outcome of the case", group="Review", columns=("outcome",), keys=_text,
        plain=lambda item: [item.case.outcome], filters=lambda key: {"outcome": [key]}, word=word_of("outcome"),
        note="Items by the outcome of their letter; the letters themselves are counted on the overview.",
    ),
    Statistic(
        key="age", label="Age", group="Person and claim", columns=("age",), keys=_age_band,
        plain=lambda item: _age_band(item.case.age), filters=lambda key: {"age": [key]}, word=word_of("age"),
        order=[band[0] for band in AGE_BANDS],
    ),
    Statistic(
        key="sex", label="Sex", group="Person and claim", columns=("sex",), keys=_text,
        plain=lambda item: [item.case.sex or UNKNOWN], filters=lambda key: {"sex": [key]}, word=word_of("sex"),
    ),
    Statistic(
        key="injury-year", label="Year of injury", group="Person and claim", columns=("injury_year",), keys=_number,
        plain=lambda item: [str(item.case.date_of_injury.year) if item.case.date_of_injury else UNKNOWN],
        filters=_year, in_order=True,
    ),
    Statistic(
        key="claim-age", label="Claim's age at decision", group="Person and claim", columns=("claim_age",),
        keys=_claim_age, plain=_plain_claim_age, filters=lambda key: {"claim_age": [key]}, word=word_of("claim_age"),
        order=[band[0] for band in CLAIM_AGES], note="Whole years from the date of injury to the decision.",
    ),
    Statistic(
        key="month", label="Month of decision", group="Time", columns=("decision_month",),
        keys=lambda month, labels: [f"{month:%Y-%m}" if month else UNKNOWN],
        plain=lambda item: [f"{item.case.decision_date:%Y-%m}" if item.case.decision_date else UNKNOWN],
        filters=month_filters, word=_month_word, in_order=True,
        note="By the letter's own date, never by the day of its upload.",
    ),
    _days("days-from-denial", "Days from UR denial to decision", "ur_denial_date", "days_from_denial"),
    _days("days-from-application", "Days from application to decision", "application_received",
          "days_from_application"),
    _days("days-from-assignment", "Days from assignment to decision", "date_assigned", "days_from_assignment"),
    *CITATION_STATISTICS,
)  # fmt: skip
BY_KEY: Mapping[str, Statistic] = {statistic.key: statistic for statistic in STATISTICS}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(statistic.group for statistic in STATISTICS))

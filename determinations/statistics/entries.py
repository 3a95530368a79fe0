"""The statistics, each one an entry.

An entry says which columns of the fact rows are grouped by, in which rows of the table an item then counts, and which
filters open the list of exactly those items. Page, chart, CSV, Excel, JSON and the test against the normalised tables
come with it. To add one, add an entry to ``STATISTICS``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from determinations.labels import AGE_BANDS, CLAIM_AGES, DAY_BANDS, Labels
from determinations.models import DisputedItem
from determinations.models.authorities import Family
from determinations.statistics.cited import authority_ids

Filters = Mapping[str, Sequence[str]]
UNKNOWN = "unknown"
DRUGS = "Pharmaceuticals"
CITES_SOMETHING = [str(family) for family in Family]


@dataclass(frozen=True)
class Statistic:
    """One table of items by the values of something.

    ``columns`` of ``ItemFact`` are grouped by; ``keys`` turns their values into the keys of the table's rows in which
    such an item counts, in the spelling of the address; ``plain`` does the same from the normalised tables, written
    on its own, for the test. ``filters`` opens the list of a row's items. ``several``: an item can count in more than
    one row, so that shares add up to more than 100%.
    """

    key: str
    label: str
    group: str
    columns: tuple[str, ...]
    keys: Callable[..., Iterable[str]]
    plain: Callable[[DisputedItem], Iterable[str]]
    filters: Callable[[str], Filters]
    word: Callable[[str, Labels], str] = lambda key, labels: "Not known" if key == UNKNOWN else key
    note: str = ""
    several: bool = False
    within: Filters = field(default_factory=dict)  # only items of these filters, such as one category
    order: Sequence[str] | None = None  # of keys; None: by number of items
    in_order: bool = False  # the keys themselves are in order: months, years
    days: bool = False  # a number of days: with median and quartiles
    benchmark: str = ""  # which published figures stand beside it: "category" or "drugs"

    def keys_of(self, raw: Sequence[Any], labels: Labels) -> Iterable[str]:
        """The rows in which an item with these values counts, each once."""
        return dict.fromkeys(self.keys(*raw, labels))


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


def _families(cited: str, side: str, labels: Labels) -> list[str]:
    """The families that a side cites; ``none`` where it cites nothing."""
    found = {labels.authority_by_id[each].family for each in authority_ids(cited, side)}
    return [family for family in CITES_SOMETHING if family in found] or ["none"]


def _plain_families(item: DisputedItem, side: str) -> list[str]:
    return sorted({c.authority.family for c in item.citations.all() if c.side == side}) or ["none"]


def _plain_authorities(item: DisputedItem, side: str) -> set[str]:
    return {c.authority.key for c in item.citations.all() if c.side == side}


def _authority_keys(cited: str, side: str, labels: Labels) -> list[str]:
    return [labels.authority_by_id[each].key for each in authority_ids(cited, side)] or ["none"]


def _authority_word(key: str, labels: Labels) -> str:
    return "Nothing cited" if key == "none" else labels.of("authority", key)


def _authority_filter(side: str) -> Callable[[str], Filters]:
    def filters(key: str) -> Filters:
        return {f"{side}_family": ["none"]} if key == "none" else {f"{side}_authority": [key]}

    return filters


def _of(kind: str) -> Callable[[str, Labels], str]:
    return lambda key, labels: labels.of(kind, key)


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
        filters=lambda band: {name: [band]}, word=_of("days"), order=[band[0] for band in DAY_BANDS], days=True,
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


def _pairs(cited: str, labels: Labels) -> list[str]:
    claims, reviewer = (_families(cited, side, labels) for side in ("claims", "reviewer"))
    return [f"{one}|{other}" for one in claims for other in reviewer]


def _plain_pairs(item: DisputedItem) -> list[str]:
    return [f"{a}|{b}" for a in _plain_families(item, "claims") for b in _plain_families(item, "reviewer")]


def _pair_filters(key: str) -> Filters:
    claims, reviewer = key.split("|")
    return {"claims_family": [claims], "reviewer_family": [reviewer]}


def _pair_word(key: str, labels: Labels) -> str:
    claims, reviewer = (labels.of("family", each) for each in key.split("|"))
    return f"Claims administrator: {claims}; reviewer: {reviewer}"


AGREEMENT: Mapping[str, tuple[str, Filters]] = {
    "same": ("Both cite, an authority in common", {"same_guideline": ["yes"]}),
    "different": (
        "Both cite, none in common",
        {"claims_family": ["any"], "reviewer_family": ["any"], "same_guideline": ["no"]},
    ),
    "claims": ("Only the claims administrator cites", {"claims_family": ["any"], "reviewer_family": ["none"]}),
    "reviewer": ("Only the reviewer cites", {"claims_family": ["none"], "reviewer_family": ["any"]}),
    "neither": ("Neither side cites", {"claims_family": ["none"], "reviewer_family": ["none"]}),
}


def _agreement(cited: str, labels: Labels) -> list[str]:
    claims, reviewer = authority_ids(cited, "claims"), authority_ids(cited, "reviewer")
    if claims and reviewer:
        return ["different" if set(claims).isdisjoint(reviewer) else "same"]
    return ["claims" if claims else "reviewer" if reviewer else "neither"]


def _plain_agreement(item: DisputedItem) -> list[str]:
    claims, reviewer = _plain_authorities(item, "claims"), _plain_authorities(item, "reviewer")
    if not claims or not reviewer:
        return ["claims" if claims else "reviewer" if reviewer else "neither"]
    return ["same" if claims & reviewer else "different"]


SITUATIONS: Mapping[str, tuple[str, Filters]] = {
    "claims-nothing": ("The claims administrator cited nothing", {"claims_family": ["none"]}),
    "outside-mtus": (
        "The claims administrator went outside the MTUS, the reviewer found it applicable",
        {"claims_family": ["any"], "claims_without": ["mtus"], "reviewer_family": ["mtus"]},
    ),
    "nothing-but-mtus": (
        "The claims administrator cited nothing, the reviewer found the MTUS applicable",
        {"claims_family": ["none"], "reviewer_family": ["mtus"]},
    ),
    "reviewer-nothing": ("The reviewer cited nothing", {"reviewer_family": ["none"]}),
    "every-item": ("All items, for comparison", {}),
}


def _situations(cited: str, labels: Labels) -> Iterable[str]:
    claims, reviewer = (_families(cited, side, labels) for side in ("claims", "reviewer"))
    yield "every-item"
    if claims == ["none"]:
        yield "claims-nothing"
    if Family.MTUS in reviewer and Family.MTUS not in claims:
        yield "nothing-but-mtus" if claims == ["none"] else "outside-mtus"
    if reviewer == ["none"]:
        yield "reviewer-nothing"


def _plain_situations(item: DisputedItem) -> set[str]:
    claims, reviewer = _plain_families(item, "claims"), _plain_families(item, "reviewer")
    found = {"every-item"}
    found |= {"claims-nothing"} if claims == ["none"] else set()
    found |= {"reviewer-nothing"} if reviewer == ["none"] else set()
    if "mtus" in reviewer and "mtus" not in claims:
        found.add("nothing-but-mtus" if claims == ["none"] else "outside-mtus")
    return found


_FAMILY_NOTE = "Items with at least one citation of the family; an item that cites two families counts in both."
_AUTHORITY_NOTE = "Items that cite the authority at least once; an item that cites two counts under both."
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
        filters=lambda key: {"subcategory": [key]}, word=_of("subcategory"), note=_INFERRED,
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
        word=_of("priority"),
    ),
    Statistic(
        key="case-outcome", label="Outcome of the case", group="Review", columns=("outcome",), keys=_text,
        plain=lambda item: [item.case.outcome], filters=lambda key: {"outcome": [key]}, word=_of("outcome"),
        note="Items by the outcome of their letter; the letters themselves are counted on the overview.",
    ),
    Statistic(
        key="age", label="Age", group="Person and claim", columns=("age",), keys=_age_band,
        plain=lambda item: _age_band(item.case.age), filters=lambda key: {"age": [key]}, word=_of("age"),
        order=[band[0] for band in AGE_BANDS],
    ),
    Statistic(
        key="sex", label="Sex", group="Person and claim", columns=("sex",), keys=_text,
        plain=lambda item: [item.case.sex or UNKNOWN], filters=lambda key: {"sex": [key]}, word=_of("sex"),
    ),
    Statistic(
        key="injury-year", label="Year of injury", group="Person and claim", columns=("injury_year",), keys=_number,
        plain=lambda item: [str(item.case.date_of_injury.year) if item.case.date_of_injury else UNKNOWN],
        filters=_year, in_order=True,
    ),
    Statistic(
        key="claim-age", label="Claim's age at decision", group="Person and claim", columns=("claim_age",),
        keys=_claim_age, plain=_plain_claim_age, filters=lambda key: {"claim_age": [key]}, word=_of("claim_age"),
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
    Statistic(
        key="claims-family", label="Families cited by the claims administrator", group="Citations",
        columns=("cited",), keys=lambda cited, labels: _families(cited, "claims", labels),
        plain=lambda item: _plain_families(item, "claims"), filters=lambda key: {"claims_family": [key]},
        word=_of("family"), several=True, order=[*CITES_SOMETHING, "none"], note=_FAMILY_NOTE,
    ),
    Statistic(
        key="reviewer-family", label="Families cited by the reviewer", group="Citations",
        columns=("cited",), keys=lambda cited, labels: _families(cited, "reviewer", labels),
        plain=lambda item: _plain_families(item, "reviewer"), filters=lambda key: {"reviewer_family": [key]},
        word=_of("family"), several=True, order=[*CITES_SOMETHING, "none"], note=_FAMILY_NOTE,
    ),
    Statistic(
        key="claims-authority", label="Authorities cited by the claims administrator", group="Citations",
        columns=("cited",), keys=lambda cited, labels: _authority_keys(cited, "claims", labels),
        plain=lambda item: _plain_authorities(item, "claims") or ["none"], filters=_authority_filter("claims"),
        word=_authority_word, several=True, note=_AUTHORITY_NOTE,
    ),
    Statistic(
        key="reviewer-authority", label="Authorities cited by the reviewer", group="Citations",
        columns=("cited",), keys=lambda cited, labels: _authority_keys(cited, "reviewer", labels),
        plain=lambda item: _plain_authorities(item, "reviewer") or ["none"], filters=_authority_filter("reviewer"),
        word=_authority_word, several=True, note=_AUTHORITY_NOTE,
    ),
    Statistic(
        key="family-pair", label="Claims administrator and reviewer by family", group="Citations",
        columns=("cited",), keys=_pairs, plain=_plain_pairs, filters=_pair_filters,
        word=_pair_word, several=True, note=_FAMILY_NOTE,
    ),
    Statistic(
        key="agreement", label="Do both sides rely on the same authority?", group="Citations",
        columns=("cited",), keys=_agreement, plain=_plain_agreement,
        filters=lambda key: AGREEMENT[key][1], word=lambda key, labels: AGREEMENT[key][0], order=list(AGREEMENT),
        note="The agreement rate is the share of the first row among items for which both sides cite something.",
    ),
    Statistic(
        key="situation", label="When a side cited nothing, or something else", group="Citations",
        columns=("cited",), keys=_situations, plain=_plain_situations,
        filters=lambda key: SITUATIONS[key][1], word=lambda key, labels: SITUATIONS[key][0], several=True,
        order=list(SITUATIONS), note="Counted from the letters' guideline lines alone, not from narrative text.",
    ),
)  # fmt: skip
BY_KEY: Mapping[str, Statistic] = {statistic.key: statistic for statistic in STATISTICS}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(statistic.group for statistic in STATISTICS))

"""Facets: what the rows of a list have in each dimension, how often, with all filters but the dimension's own.

Counting stops at the newest 5,000 rows of each dimension's base, and the page says so. Dimensions without a filter
of their own share one base, so that one statement reads the list once for them and once for each filtered dimension.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import django_filters
from django.db import connection
from django.db.models import F, QuerySet
from django.http import QueryDict

from determinations.filters import CaseFilter, ItemFilter
from determinations.labels import AGE_BANDS, Labels
from determinations.models import Case, ItemFact
from determinations.paging import WORDS_CAP, Count

#: Rows of a base that are counted, the newest; fewer where words are searched.
_COUNTED = 5_000
#: How many options a facet shows before "more".
_FIRST_SHOWN = 8

_AGE_BAND = (
    "CASE "
    + " ".join(f"WHEN age BETWEEN {first} AND {last} THEN '{band}'" for band, _label, first, last in AGE_BANDS)
    + " ELSE 'unknown' END"
)
_FILLED = "COALESCE(NULLIF({0}, ''), 'unknown')"
_YES_NO = "CASE WHEN {0} THEN 'yes' ELSE 'no' END"

#: SQL over the base's columns for a row's value; "each:" marks an array whose elements count one by one, "from:" a
#: query that gives a row's values.
_OF_ITEMS: Mapping[str, str] = {
    "outcome": "outcome",
    "decision": "CASE overturned WHEN true THEN 'overturned' WHEN false THEN 'upheld' ELSE 'unknown' END",
    "subcategory": "category_id::text",
    "reviewer_family": "reviewer_families::text",
    "claims_family": "claims_families::text",
    "reviewer_authority": "each:reviewer_authority_ids",
    "claims_authority": "each:claims_authority_ids",
    "region": "body_region",
    "specialty": "each:specialties",
    "licensure": "each:licensure",
    "age": _AGE_BAND,
    "sex": _FILLED.format("sex"),
    "priority": _FILLED.format("priority"),
    "problem": "each:problem_codes",
    "partly_approved": _YES_NO.format("partly_approved"),
    "same_guideline": _YES_NO.format("same_authority"),
}
_OF_CASES: Mapping[str, str] = {
    **{name: _OF_ITEMS[name] for name in ("outcome", "specialty", "licensure", "age", "sex", "priority")},
    "decision": "each:ARRAY[CASE WHEN overturned_count > 0 THEN 'overturned' END, "
    "CASE WHEN overturned_count < item_count AND outcome <> 'unknown' THEN 'upheld' END]",
    "category": "from:SELECT DISTINCT c.name FROM unnest(category_ids) AS u (id) "
    "JOIN determinations_category c USING (id)",
    "subcategory": "each:category_ids",
    "reviewer_family": "from:SELECT DISTINCT a.family FROM unnest(reviewer_authority_ids) AS u (id) "
    "JOIN determinations_authority a USING (id)",
    "claims_family": "from:SELECT DISTINCT a.family FROM unnest(claims_authority_ids) AS u (id) "
    "JOIN determinations_authority a USING (id)",
    "reviewer_authority": "each:reviewer_authority_ids",
    "claims_authority": "each:claims_authority_ids",
    "problem": "each:all_problem_codes",
    "state": "state",
    "corrected": _YES_NO.format("corrected"),
}
_COLUMNS_OF_ITEMS = (
    "outcome", "overturned", "category_id", "reviewer_families", "claims_families", "reviewer_authority_ids",
    "claims_authority_ids", "body_region", "specialties", "licensure", "age", "sex", "priority", "problem_codes",
    "partly_approved", "same_authority",
)  # fmt: skip
_COLUMNS_OF_CASES = (
    "outcome", "overturned_count", "item_count", "category_ids", "reviewer_authority_ids", "claims_authority_ids",
    "specialties", "licensure", "age", "sex", "priority", "all_problem_codes", "state", "corrected",
)  # fmt: skip

_COUNT_ALL = "SELECT '' AS facet, '{name}' AS value, count(*) FROM {name}"
_COUNT_EACH = "SELECT '{name}', each.value::text, count(*) FROM {source} WHERE each.value IS NOT NULL GROUP BY 2"

_FAMILY_BITS = (("mtus", 1), ("acoem", 2), ("odg", 4), ("other", 8))


@dataclass(frozen=True, slots=True)
class Option:
    """A value that the filter offers; ``count`` is None where it is not counted."""

    value: str
    label: str
    count: int | None
    chosen: bool
    options: tuple["Option", ...] = ()


@dataclass(frozen=True, slots=True)
class Facet:
    """A dimension as the rail shows it. ``kind`` picks its template: options, tree (options within options), dates."""

    name: str
    title: str
    kind: str
    options: tuple[Option, ...] = ()
    open: bool = False
    fields: tuple[Any, ...] = ()

    @property
    def shown(self) -> tuple[Option, ...]:
        """The options that stand there at once: the chosen ones and the most frequent."""
        return tuple(o for at, o in enumerate(self.options) if at < _FIRST_SHOWN or o.chosen)

    @property
    def folded(self) -> tuple[Option, ...]:
        """The rest."""
        return tuple(o for at, o in enumerate(self.options) if at >= _FIRST_SHOWN and not o.chosen)


@dataclass(frozen=True)
class FacetCounts:
    """How many rows have each value of each dimension; ``capped``: only the newest ``cap`` were counted."""

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    total: Count | None = None
    capped: bool = False
    cap: int = 0


def count_facets(
    filter_class: type[ItemFilter] | type[CaseFilter], query: QueryDict, rows: QuerySet[Any]
) -> FacetCounts:
    """Count every dimension of ``rows`` under the filters of ``query``: one statement."""
    of_items = issubclass(filter_class, ItemFilter)
    values = _OF_ITEMS if of_items else _OF_CASES
    columns = _COLUMNS_OF_ITEMS if of_items else _COLUMNS_OF_CASES
    own = {name: {name} for name in values}
    for name in ("category", "subcategory"):
        own[name] = {"category", "subcategory"}
    bases: dict[str, QuerySet[Any]] = {"base": filter_class(query, queryset=rows, asked_only=True).qs}
    base_of: dict[str, str] = {}
    for name in values:
        if not any(query.get(parameter) for parameter in own[name]):
            base_of[name] = "base"
            continue
        others = query.copy()
        for parameter in own[name]:
            others.pop(parameter, None)
        bases[f"but_{name}"] = filter_class(others, queryset=rows, asked_only=True).qs
        base_of[name] = f"but_{name}"
    cap = WORDS_CAP if query.get("q") else _COUNTED
    statement, parameters = _statement(bases, base_of, values, columns, cap)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for name, value, number in cursor.fetchall():
            counts[name][value] = number
    totals = counts.pop("", {})
    total = totals.get("base", 0)
    for name in ("reviewer_family", "claims_family"):
        if of_items and name in counts:
            counts[name] = _families(counts[name])
    return FacetCounts(
        counts, Count(min(total, cap), total > cap), any(number > cap for number in totals.values()), cap
    )


def _statement(
    bases: Mapping[str, QuerySet[Any]],
    base_of: Mapping[str, str],
    values: Mapping[str, str],
    columns: Iterable[str],
    cap: int,
) -> tuple[str, list[Any]]:
    """Bases as materialised CTEs of the newest rows, and a grouped count for each dimension."""
    parameters: list[Any] = []
    tables = []
    for name, queryset in bases.items():
        newest = queryset.order_by(F("decision_date").desc(nulls_last=True), F("pk").desc()).values(*columns)
        sql, its_parameters = newest[: cap + 1].query.sql_with_params()
        tables.append(f"{name} AS MATERIALIZED ({sql})")
        parameters += its_parameters
    counts = [_COUNT_ALL.format(name=name) for name in bases]
    for name, value in values.items():
        table = base_of[name]
        if value.startswith("each:"):
            source = f"{table} CROSS JOIN LATERAL unnest({value.removeprefix('each:')}) AS each (value)"
            counts.append(_COUNT_EACH.format(name=name, source=source))
        elif value.startswith("from:"):
            source = f"{table} CROSS JOIN LATERAL ({value.removeprefix('from:')}) AS each (value)"
            counts.append(_COUNT_EACH.format(name=name, source=source))
        else:
            counts.append(f"SELECT '{name}', {value}, count(*) FROM {table} GROUP BY 2")  # noqa: S608 - constants
    return f"WITH {', '.join(tables)} {' UNION ALL '.join(counts)}", parameters


def _families(by_bits: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {"none": by_bits.get("0", 0)}
    for family, bit in _FAMILY_BITS:
        found[family] = sum(number for bits, number in by_bits.items() if int(bits) & bit)
    return found


#: The rail's order: dimension, title, kind of options, open from the start.
_RAIL = (
    ("decided", "Decided", "dates", True),
    ("outcome", "Case outcome", "fixed:outcome", True),
    ("decision", "Decision on an item", "fixed:decision", True),
    ("category", "Category", "tree", True),
    ("reviewer_family", "Reviewer cites", "fixed:family", True),
    ("reviewer_authority", "Reviewer's guideline", "authorities", False),
    ("claims_family", "Claims administrator cites", "fixed:family", False),
    ("claims_authority", "Claims administrator's guideline", "authorities", False),
    ("same_guideline", "Both cite the same guideline", "fixed:yes_no", False),
    ("specialty", "Reviewer's specialty", "found", False),
    ("licensure", "Reviewer's licensure", "found", False),
    ("region", "Body region", "found", False),
    ("partly_approved", "Partly approved by UR", "fixed:yes_no", False),
    ("age", "Age", "fixed:age", False),
    ("sex", "Sex", "fixed:sex", False),
    ("priority", "Priority", "fixed:priority", False),
    ("dates", "Other dates", "dates", False),
    ("problem", "Doubts", "found:problem", False),
    ("state", "State of the letter", "fixed:state", False),
    ("corrected", "Corrected by staff", "fixed:yes_no", False),
)
_DATES = {
    "decided": ("decided_from", "decided_to"),
    "dates": (
        "injured_from", "injured_to", "denied_from", "denied_to", "received_from", "received_to",
    ),
}  # fmt: skip
_READABLE = ("parsed", "needs_review", "unknown_layout")


def rail(filterset: django_filters.FilterSet, query: QueryDict, labels: Labels, found: FacetCounts) -> list[Facet]:
    """The facets of the rail in order, from what was counted (possibly nothing yet)."""
    facets = []
    for name, title, kind, opened in _RAIL:
        if kind == "dates":
            fields = tuple(filterset.form[each] for each in _DATES[name])
            undated = _fixed(name="undated", values=labels.fixed("undated"), query=query, counts=None)
            if name == "decided":
                undated = tuple(option for option in undated if option.value == "decided")
            else:
                undated = tuple(option for option in undated if option.value != "decided")
            active = any(query.get(each) for each in _DATES[name]) or any(option.chosen for option in undated)
            facets.append(Facet(name, title, "dates", undated, opened or active, fields))
            continue
        if kind == "tree":
            options = _tree(labels, query, found.counts.get("subcategory"), found.counts.get("category"))
        elif kind == "authorities":
            names = {authority.key: str(authority) for authority in labels.authorities}
            by_id = found.counts.get(name)
            counts = by_id and {a.key: by_id[str(a.id)] for a in labels.authorities if str(a.id) in by_id}
            options = _by_frequency(name, {**names}, query, counts)
        elif kind.startswith("fixed:"):
            values = dict(labels.fixed(kind.removeprefix("fixed:")))
            if name == "state":
                values = {value: label for value, label in values.items() if value in _READABLE}
            options = _fixed(name, values, query, found.counts.get(name))
        else:
            values = {
                value: labels.of(kind.removeprefix("found:"), value) for value in found.counts.get(name, {}) if value
            }
            options = _by_frequency(name, values, query, found.counts.get(name))
        facets.append(
            Facet(
                name,
                title,
                "tree" if kind == "tree" else "options",
                options,
                opened or _active(query, name),
                _section(filterset, name),
            )
        )
    return facets


def _section(filterset: django_filters.FilterSet, name: str) -> tuple[Any, ...]:
    """Below a side's guidelines stands the box for its sections."""
    if name.endswith("_authority"):
        return (filterset.form[name.replace("_authority", "_section")],)
    return ()


def _active(query: QueryDict, name: str) -> bool:
    return bool(query.get(name) or query.get(name.replace("_authority", "_section")))


def _fixed(
    name: str, values: Mapping[str, str], query: QueryDict, counts: Mapping[str, int] | None
) -> tuple[Option, ...]:
    """All values of a fixed set. That a case cites nothing is said of its items, and not counted for cases."""
    chosen = set(query.getlist(name))
    uncounted = {"none"} - set(counts or ())
    return tuple(
        Option(value, label, None if counts is None or value in uncounted else counts.get(value, 0), value in chosen)
        for value, label in values.items()
    )


def _by_frequency(
    name: str, values: Mapping[str, str], query: QueryDict, counts: Mapping[str, int] | None
) -> tuple[Option, ...]:
    """The values that occur, most frequent first; chosen ones always."""
    chosen = [value for value in query.getlist(name) if value]
    occurring = {**values, **{value: values.get(value, value) for value in chosen}}
    options = [
        Option(value, label, None if counts is None else counts.get(value, 0), value in chosen)
        for value, label in occurring.items()
        if value in chosen or (counts is not None and counts.get(value))
    ]
    return tuple(sorted(options, key=lambda option: (not option.chosen, -(option.count or 0), option.label)))


def _tree(
    labels: Labels, query: QueryDict, by_id: Mapping[str, int] | None, by_name: Mapping[str, int] | None
) -> tuple[Option, ...]:
    """Categories with their subcategories. An item has one, so that its counts add up; a case may have two."""
    chosen, chosen_below = set(query.getlist("category")), set(query.getlist("subcategory"))
    below: dict[str, list[Option]] = defaultdict(list)
    for category in labels.categories:
        count = None if by_id is None else by_id.get(str(category.id), 0)
        if count or category.key in chosen_below:
            below[category.name].append(
                Option(category.key, category.subcategory, count, category.key in chosen_below)
            )
    return tuple(
        Option(
            name,
            name,
            _count_of(name, below[name], by_name) if by_id is not None else None,
            name in chosen,
            tuple(sorted(below[name], key=lambda option: -(option.count or 0))),
        )
        for name in labels.category_names()
    )


def _count_of(name: str, below: Iterable[Option], by_name: Mapping[str, int] | None) -> int:
    return sum(option.count or 0 for option in below) if by_name is None else by_name.get(name, 0)


def facets_of_cases(query: QueryDict) -> FacetCounts:
    """The facets of the case list."""
    return count_facets(CaseFilter, query, Case.objects.current())


def facets_of_items(query: QueryDict) -> FacetCounts:
    """The facets of the item list, and of statistics."""
    return count_facets(ItemFilter, query, ItemFact.objects.all())

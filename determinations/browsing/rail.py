"""The rail of filters beside a list: each dimension with its options, and with their counts once these are known."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from determinations.browsing.facets import FacetCounts
from determinations.filters import ItemFilter
from determinations.wording.labels import Labels

#: How many options a facet shows before "more".
_FIRST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Option:
    """A value that the filter offers; ``count`` is None where it is not counted."""

    value: str
    label: str
    count: int | None
    chosen: bool
    options: tuple["Option", ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A box of its own below the options: ``kind`` is that of its input."""

    name: str
    label: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Facet:
    """A dimension as the rail shows it. ``kind`` picks its template: options, tree (options within options), dates."""

    name: str
    title: str
    kind: str
    options: tuple[Option, ...] = ()
    open: bool = False
    fields: tuple["Field", ...] = ()

    @property
    def shown(self) -> tuple[Option, ...]:
        """The options that stand there at once: the chosen ones and the most frequent."""
        return tuple(o for at, o in enumerate(self.options) if at < _FIRST_SHOWN or o.chosen)

    @property
    def folded(self) -> tuple[Option, ...]:
        """The rest."""
        return tuple(o for at, o in enumerate(self.options) if at >= _FIRST_SHOWN and not o.chosen)


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


def rail(query: QueryDict, labels: Labels, found: FacetCounts) -> list[Facet]:
    """The facets of the rail in order, from what was counted (possibly nothing yet)."""
    facets = []
    for name, title, kind, opened in _RAIL:
        if kind == "dates":
            fields = tuple(_field(each, "date", query) for each in _DATES[name])
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
            by_id = found.counts.get(name)
            counts = by_id and {a.key: by_id[str(a.id)] for a in labels.authorities if str(a.id) in by_id}
            names = {key: labels.of("authority", key) for key in (*(counts or ()), *query.getlist(name))}
            options = _by_frequency(name, names, query, counts)
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
                _section(query, name),
            )
        )
    return facets


def _field(name: str, kind: str, query: QueryDict, label: str = "") -> Field:
    return Field(name, label or str(ItemFilter.base_filters[name].label), kind, query.get(name, ""))


def _section(query: QueryDict, name: str) -> tuple[Field, ...]:
    """Below a side's guidelines stands the box for its sections."""
    if name.endswith("_authority"):
        return (_field(name.replace("_authority", "_section"), "text", query, "Section named"),)
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

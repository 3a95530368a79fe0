"""What filters of items find, written into the row of the case: ``region=Knee`` stands there when one item is so.

A list of cases filtered by one such filter then reads cases alone; with several of them only the cases that have each
mark are asked whether one of their items has all.
"""

from collections.abc import Iterable, Mapping, Sequence

from determinations.models.authorities import Family
from determinations.parsing.categories import body_region
from determinations.parsing.results import SIDES, ItemRecord

_FAMILIES = tuple(str(family) for family in Family)
#: Filters whose every value is marked, and those of which only "yes" is.
_MARKED = frozenset({"decision", "region", "claims_family", "reviewer_family"})
_MARKED_YES = frozenset({"partly_approved", "same_guideline"})
#: All filters that leave marks.
MARKED = _MARKED | _MARKED_YES


def said_of_items(items: Iterable[ItemRecord], families: Mapping[str, str]) -> list[str]:
    """The marks of a case, sorted; ``families``: the family of each authority by its key."""
    marks: set[str] = set()
    for item in items:
        marks.add(f"decision={item['decision'] or 'unknown'}")
        marks.add(f"region={body_region(item['disputed']) or 'unknown'}")
        if item["partly_approved"]:
            marks.add("partly_approved=yes")
        cited = {side: {c["authority"] for c in item[side]} for side in SIDES}
        if cited["claims"] & cited["reviewer"]:
            marks.add("same_guideline=yes")
        for side, keys in cited.items():
            marks |= {f"{side}_family={families[key]}" for key in keys} or {f"{side}_family=none"}
    return sorted(marks)


def marks_of(name: str, values: Sequence[str]) -> list[str] | None:
    """The marks that a case has one of when one of its items passes this filter; None where no mark tells."""
    if name in _MARKED_YES:
        return [f"{name}=yes"] if list(values) == ["yes"] else None
    if name not in _MARKED:
        return None
    if name.endswith("_family"):
        values = [each for value in values for each in (_FAMILIES if value == "any" else (value,))]
    return [f"{name}={value}" for value in values]

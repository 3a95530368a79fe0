"""Items that staff create: added, split off, or merged. Each gets a key, cleaned values, and an occurrence number."""

from collections.abc import Iterable, Sequence

from determinations.cases.cleaning import Known, clean, field_of
from determinations.cases.fields import put
from determinations.cases.item_keys import drawn_key, folded
from determinations.cases.open_letter import GivenPart, OpenLetter
from determinations.models.corrections import ItemValues, MadeItem


def made_item(
    opened: OpenLetter,
    part: GivenPart,
    *,
    known: Known,
    required: Sequence[str] = (),
    before: Sequence[MadeItem] = (),
    instead_of: Sequence[str] = (),
) -> MadeItem:
    """The item as a correction stores it, or ``ValueRefused``.

    ``before`` are items created by the same change; ``instead_of`` are the keys of the items that this one replaces.
    """
    given = dict(part.get("values") or {})
    if "request" in given:
        given.setdefault("disputed", given["request"])
    values: ItemValues = {}
    for name in (*required, *(name for name in given if name not in required)):
        put(values, name, clean(field_of(name, of_item=True), given.get(name), known=known))
    wording = folded(values["request"])
    earlier = sum(folded(made["values"]["request"]) == wording for made in before)
    return {
        "key": _free_key(opened, part.get("key")),
        "values": values,
        "occurrence": 1 + _items_worded(opened, wording, instead_of) + earlier,
    }


def joined(texts: Iterable[str], between: str = "; ") -> str:
    """Texts joined, each once."""
    return between.join(dict.fromkeys(text for text in texts if text))


def _free_key(opened: OpenLetter, wanted: object) -> str:
    """The key that the form drew for the item, if it is well formed and unused; else a new one."""
    key = str(wanted or "")
    taken = {row.item_key for row in opened.corrections}
    if key.startswith("n") and key[1:].isalnum() and key.isascii() and 9 <= len(key) <= 24 and key not in taken:
        return key
    return drawn_key()


def _items_worded(opened: OpenLetter, wording: str, instead_of: Sequence[str]) -> int:
    """How many items have this wording: the parser's, and those created by staff that the parser does not find."""
    merged = opened.merged
    parsed = sum(folded(item["request"]) == wording for item in opened.document["items"])
    replaced = sum(
        base is not None and folded(base["request"]) == wording for base in map(merged.bases.get, instead_of)
    )
    by_hand = sum(
        not merged.bases.get(item["key"]) and folded(item["request"]) == wording
        for item in merged.record["items"]
        if item["key"] not in instead_of
    )
    return parsed - replaced + by_hand

"""Item keys identify a disputed item when another parser version reads the letter differently.

A parsed item's key consists of its request's wording and the count of earlier items with the same wording.
Item numbers are not stable: they shift when an item is added, split, or found by a better parser.
"""

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from determinations.parsing.results import ItemRecord

_NOT_WORD = re.compile(r"[^a-z0-9]+")
#: An item at the same place is the same item if its wording is at least this similar.
_ALIKE = 0.6
#: In another copy of the letter, where places cannot be compared, it must be at least this similar.
_ALIKE_IN_COPY = 0.85


@dataclass(frozen=True, slots=True)
class Anchor:
    """An item as stored with a correction: its key, the request as the parser read it, and its place in the letter.

    ``in_copy``: it was read from another copy of the letter, where places differ.
    """

    key: str
    request: str
    span: Sequence[int] | None
    in_copy: bool = False


def folded(request: str) -> str:
    """A request normalized for comparison: lower case, letters and digits only."""
    return _NOT_WORD.sub(" ", request.lower()).strip()


def drawn_key() -> str:
    """A key for an item added by staff."""
    return "n" + secrets.token_hex(8)


def is_parsed(key: str) -> bool:
    """Whether the key was made from a parsed item."""
    return key.startswith("p")


def keys_of(items: Sequence[ItemRecord], anchors: Iterable[Anchor] = ()) -> list[str]:
    """A key for each parsed item, in their order.

    ``anchors`` are the items that corrections refer to. If no item has an anchor's wording, the item at its place in
    the text gets the anchor's key, provided that the wording is similar.
    """
    keys = _wording_keys(items)
    taken = {anchor.key for anchor in anchors}
    present = set(keys)
    lost = [anchor for anchor in {a.key: a for a in anchors}.values() if is_parsed(anchor.key)]
    lost = sorted((anchor for anchor in lost if anchor.key not in present), key=lambda anchor: anchor.key)
    free = [place for place, key in enumerate(keys) if key not in taken]
    for anchor in lost:
        found = max(
            ((_likeness(anchor, items[place]), -place) for place in free),
            default=(0.0, 0),
        )
        if found[0] >= _ALIKE:
            keys[-found[1]] = anchor.key
            free.remove(-found[1])
    return keys


def _wording_keys(items: Sequence[ItemRecord]) -> list[str]:
    seen: Counter[str] = Counter()
    keys = []
    for item in items:
        wording = folded(item["request"])
        seen[wording] += 1
        digest = hashlib.sha256(wording.encode()).hexdigest()[:14]
        keys.append(f"p{digest}-{seen[wording]}")
    return keys


def _likeness(anchor: Anchor, item: ItemRecord) -> float:
    """How similar the wording is, 0 to 1; 0 if the places in the text do not overlap.

    In another copy of the letter only the wording is compared, with a higher threshold.
    """
    span = (item.get("spans") or {}).get("request")
    if not anchor.in_copy and (not span or not anchor.span or span[0] >= anchor.span[1] or anchor.span[0] >= span[1]):
        return 0.0
    one, other = folded(anchor.request), folded(item["request"])
    if anchor.in_copy:
        matcher = SequenceMatcher(None, one, other, autojunk=False)
        ratio = matcher.ratio() if matcher.quick_ratio() >= _ALIKE_IN_COPY else 0.0
        return ratio if ratio >= _ALIKE_IN_COPY else 0.0
    if one in other or other in one:
        return 1.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()

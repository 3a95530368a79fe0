"""Which part of the body a disputed item names, from ``regions.toml``."""

import tomllib
from functools import lru_cache
from importlib.resources import files

from determinations.parsing.categories.phrases import Hit, Phrases

_REGIONS: dict[str, list[str]] = {
    entry["name"]: entry["words"]
    for entry in tomllib.loads((files(__package__) / "regions.toml").read_text(encoding="utf-8"))["region"]
}
_REGION_OF = {word: name for name, words in _REGIONS.items() for word in words}
_PHRASES = Phrases(set(_REGION_OF))
# "spine" alone says less than the "cervical" that may follow it.
_UNSPECIFIC = {"Spine"}

#: The names that ``body_region`` gives, in their order from head to foot in ``regions.toml``.
REGIONS: tuple[str, ...] = tuple(_REGIONS)


def _stands_inside(hit: Hit, other: Hit) -> bool:
    return other.start <= hit.start and hit.end <= other.end and len(other.phrase) > len(hit.phrase)


@lru_cache(maxsize=8192)
def body_regions(request: str) -> tuple[str, ...]:
    """Every part of the body that the request names, in the order of naming, each once."""
    hits = _PHRASES.find(request)
    # "lower back" and "ulnar nerve at the elbow": the longest phrase at a place wins over words inside it.
    longest = [hit for hit in hits if not any(_stands_inside(hit, other) for other in hits)]
    names = list(dict.fromkeys(_REGION_OF[hit.phrase] for hit in longest))
    specific = [name for name in names if name not in _UNSPECIFIC]
    return tuple(specific or names)


def body_region(request: str) -> str | None:
    """The part of the body that the request names first, such as ``Lumbar spine``; None when it names none."""
    regions = body_regions(request)
    return regions[0] if regions else None

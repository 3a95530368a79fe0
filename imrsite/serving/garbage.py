"""Objects that requests leave behind in cycles, freed between requests.

A page leaves some 1,500. Collected once there are enough of them, as Python does by itself, they add 3 to 8 ms to one
request in five or so, and each tenth time, with what was in use during the others, some 30 ms.
"""

import gc

#: So many objects, about what a page leaves, are worth a collection.
_ENOUGH = 1_000
#: Each tenth collection looks at the generation above, too, as Python does.
_OLDER = 10


def is_due() -> bool:
    """Whether the last requests left enough to be freed."""
    return gc.get_count()[0] >= _ENOUGH


def collect_young() -> None:
    """Free what the last requests left. To be called while none runs: what a request uses would only be looked at."""
    if is_due():
        gc.collect(1 if gc.get_count()[1] >= _OLDER else 0)

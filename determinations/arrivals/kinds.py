"""The kinds of sources."""

from collections.abc import Mapping
from dataclasses import dataclass

from determinations.arrivals.connections import Connection, Opener, Place
from determinations.arrivals.folder import open_watched_folder
from determinations.models import ArrivalSource
from determinations.storage.secrets import open_secret, purpose_of


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source. ``destination``: the options that say where it is, in the order in which pages show them.

    ``secret`` is the label of its password or key; empty if it has none.
    """

    key: str
    label: str
    about: str
    icon: str
    destination: tuple[str, ...]
    open: Opener
    secret: str = ""


KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "folder", "Watched folder", "A folder on a disk of the workers or on a network share.", "inbox",
            ("path",), open_watched_folder,
        ),
    )
}  # fmt: skip


def open_source(source: ArrivalSource) -> Connection:
    """Connect to a source. Raises ``SourceFault``, or what ``open_secret`` raises."""
    secret = open_secret(purpose_of(source), bytes(source.sealed_secret))
    return KINDS[source.kind].open(Place(source.options, secret))


def place_of(source: ArrivalSource) -> str:
    """Where the source is, in one line."""
    return " ".join(filter(None, (source.options.get(name, "") for name in KINDS[source.kind].destination)))

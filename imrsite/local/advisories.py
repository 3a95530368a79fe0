"""Known vulnerabilities of pinned packages, without network: lock files against a list of advisories in the project.

The list (``advisories.tsv``) is PyPA's advisory database up to the date in its first line, reduced to names, IDs and
versions. What was published later is not in it, and every result says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

HERE = Path(__file__).resolve().parent
LIST = HERE / "advisories.tsv"
LOCKS = (
    HERE.parent / "deploy" / "requirements.txt",
    HERE.parent / "requirements.txt",
    HERE.parent / "requirements-test.txt",
    HERE.parent / "requirements-pip.txt",
)
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)((?:.*\\\n)*.*)", re.MULTILINE)
_HEADER = "# Advisories of PyPA's advisory database (github.com/pypa/advisory-database), CC BY 4.0, reduced, up to "


@dataclass(frozen=True, slots=True)
class Pin:
    """A package in a lock file."""

    name: str
    version: str
    has_hash: bool


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory. ``ranges``: pairs of the first affected and the first fixed version; empty for all later ones."""

    package: str
    id: str
    ranges: tuple[tuple[str, str], ...]

    def concerns(self, version: str) -> bool:
        """Whether the version is affected; one that cannot be compared is."""
        try:
            own = Version(version)
            return any(
                own >= Version(first or "0") and (not fixed or own < Version(fixed)) for first, fixed in self.ranges
            )
        except InvalidVersion:
            return True


def pins_of(lock: str) -> list[Pin]:
    """The pins in the text of a lock file."""
    return [
        Pin(canonicalize_name(name), version, "--hash=sha256:" in rest) for name, version, rest in _PIN.findall(lock)
    ]


def read_list(text: str) -> tuple[date, list[Advisory]]:
    """The date up to which the list knows advisories, and the advisories."""
    header, *lines = text.splitlines()
    if not header.startswith(_HEADER):
        raise ValueError("the list of advisories does not begin with its date")
    advisories = []
    for line in lines:
        package, name, ranges = line.split("\t")
        pairs = [pair.partition("..") for pair in ranges.split(",")]
        advisories.append(Advisory(package, name, tuple((first, fixed) for first, _, fixed in pairs)))
    return date.fromisoformat(header.removeprefix(_HEADER)), advisories


def affected(pins: Iterable[Pin], advisories: Iterable[Advisory]) -> list[tuple[Pin, Advisory]]:
    """The pins that advisories name."""
    by_name: dict[str, list[Advisory]] = {}
    for advisory in advisories:
        by_name.setdefault(advisory.package, []).append(advisory)
    return [
        (pin, advisory) for pin in pins for advisory in by_name.get(pin.name, ()) if advisory.concerns(pin.version)
    ]


def make_list(folder: Path, known_until: date) -> str:
    """The text of the list, from a checkout of the database."""
    from ruamel.yaml import YAML  # of the developers' environment

    reader = YAML(typ="safe")
    lines = set()
    for path in folder.glob("vulns/*/*.yaml"):
        entry = reader.load(path)
        if not entry.get("withdrawn"):
            lines |= set(_lines(entry))
    return "\n".join([f"{_HEADER}{known_until}", *sorted(lines)]) + "\n"


def _lines(entry: Mapping[str, Any]) -> Iterator[str]:
    name = next((alias for alias in entry.get("aliases", ()) if alias.startswith("CVE-")), entry["id"])
    for part in entry.get("affected", ()):
        ranges = [
            pair
            for found in part.get("ranges", ())
            if found["type"] == "ECOSYSTEM"
            for pair in _pairs(found["events"])
        ] or [f"{version}..{version}.post0" for version in part.get("versions", ())]
        if ranges:
            yield f"{canonicalize_name(part['package']['name'])}\t{name}\t{','.join(ranges)}"


def _pairs(events: Iterable[Mapping[str, str]]) -> Iterator[str]:
    first = None
    for event in events:
        if "introduced" in event:
            first = event["introduced"]
        elif first is not None:
            fixed = event.get("fixed") or f"{event['last_affected']}.post0"
            yield f"{'' if first == '0' else first}..{fixed}"
            first = None
    if first is not None:
        yield f"{'' if first == '0' else first}.."

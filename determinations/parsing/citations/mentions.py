"""What the readers of statements give: mentions of authorities and doubts, placed in the folded line."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

_BARE_ACOEM = "acoem/unspecified"


class Mention(NamedTuple):
    """One authority as named at ``start``:``end`` of the folded line."""

    key: str
    edition: str | None
    sections: tuple[str, ...]
    pages: tuple[str, ...]
    start: int
    end: int


class Doubt(NamedTuple):
    """Something at ``start``:``end`` that was not read with certainty; ``code`` as in ``Problem``."""

    code: str
    message: str
    start: int
    end: int


@dataclass
class Found:
    """Collects what one guideline sentence, or one of its statements, gives while it is read.

    ``odg_before``: whether a statement that was read by itself before this one cites the ODG.
    """

    mentions: list[Mention] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    odg_before: bool = False

    def names_odg(self) -> bool:
        """Whether anything before this place of the sentence cites the ODG."""
        return self.odg_before or any([mention.key.startswith("odg/") for mention in self.mentions])

    def doubt(self, code: str, message: str, start: int, end: int) -> None:
        self.doubts.append(Doubt(code, message, start, end))


def merged(mentions: Iterable[Mention]) -> list[Mention]:
    """One mention per authority and edition: later ones add their sections and pages to the first.

    A later mention without an edition belongs to the only edition named before it. "ACOEM" alone says nothing more
    than the chapter of it that is named beside it.
    """
    result: list[Mention] = []
    for mention in mentions:
        same = [n for n, other in enumerate(result) if other.key == mention.key and _one_edition(other, mention)]
        if not same:
            result.append(mention)
            continue
        first = result[same[0]]
        result[same[0]] = first._replace(
            edition=first.edition or mention.edition,
            sections=_joined(first.sections, mention.sections),
            pages=_joined(first.pages, mention.pages),
            end=mention.end if same[0] == len(result) - 1 else first.end,
        )
    named = any(other.key.startswith("acoem/") and other.key != _BARE_ACOEM for other in result)
    return [other for other in result if not (named and other.key == _BARE_ACOEM and _says_nothing(other))]


def _says_nothing(mention: Mention) -> bool:
    return not (mention.edition or mention.sections or mention.pages)


def _one_edition(first: Mention, second: Mention) -> bool:
    return first.edition == second.edition or not (first.edition and second.edition)


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))

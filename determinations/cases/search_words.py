"""The search vectors of cases and items, from records; and which stored ones are of an earlier form.

Vectors are written with the rows of a case, by ``rows``. When the normal form of text or the list of terms changes,
``searching.terms.version`` changes, and workers write the rows of older cases again (``rewrite_old_words``). Until
then the old vectors answer: the English words of requests, rationales and summaries.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from determinations.models import CaseText
from determinations.models.authorities import Family
from determinations.paging.counts import Count, count_up_to
from determinations.parsing.results import SIDES, ItemRecord, LetterBase
from determinations.searching.terms import version
from determinations.searching.vectors import ItemWords, LetterWords, item_vectors, letter_vector

#: The version of cases that cannot be written again; they keep the vectors they have.
KEPT = -1
#: How long a process relies on what it read about old vectors, in seconds.
_REMEMBERED = 60.0


@dataclass(frozen=True, slots=True)
class SearchWords:
    """What a case and its items are found by."""

    letter: str
    items: tuple[str, ...]

    @property
    def digest(self) -> int:
        """A number that changes with the words."""
        said = "\n".join([self.letter, *self.items])
        return int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), signed=True)


def search_words(
    record: LetterBase, items: Iterable[ItemRecord], titles: Mapping[str, str], notes: Sequence[str]
) -> SearchWords:
    """The words of a case; ``titles`` are those of authorities by key, ``notes`` those of its corrections."""
    return SearchWords(
        letter_vector(
            LetterWords(
                number=record["case_number"] or "",
                summary=record["summary"] or "",
                reviewer=(*record["specialties"], *record["licensure"]),
                notes=tuple(notes),
            )
        ),
        tuple(item_vectors([_item_words(item, titles) for item in items])),
    )


def _item_words(item: ItemRecord, titles: Mapping[str, str]) -> ItemWords:
    citations = [citation for side in SIDES for citation in item[side]]
    return ItemWords(
        request=item["request"],
        rationale=item["rationale"] or "",
        lines=(item["claims_text"] or "", item["reviewer_text"] or ""),
        names=[
            *(titles.get(citation["authority"], "") for citation in citations),
            *(section for citation in citations for section in citation["sections"]),
        ],
    )


def searched_title(family: str, title: str) -> str:
    """The name under which a guideline is searched: ``ODG Low Back``."""
    return f"{family.upper()} {title}" if family != Family.OTHER else title


def old_words(limit: int) -> list[int]:
    """Cases whose vectors are of an earlier form, up to ``limit``."""
    now = version()
    stale: list[int] = []
    for old in ({"words_version__lt": now, "words_version__gt": KEPT}, {"words_version__gt": now}):
        left = limit - len(stale)
        stale += CaseText.objects.filter(**old).order_by("words_version", "pk").values_list("pk", flat=True)[:left]
    return stale


def count_old_words() -> Count:
    """How many cases have vectors of an earlier form."""
    return count_up_to(CaseText.objects.filter(words_version__gt=KEPT).exclude(words_version=version()))


@dataclass(slots=True)
class _Remembered:
    """What a process read about vectors, and until when it relies on it."""

    is_so: bool = False
    until: float = 0.0

    def read(self, ask: Callable[[], bool]) -> bool:
        """What was read less than a minute ago, or now."""
        if time.monotonic() >= self.until:
            self.is_so, self.until = ask(), time.monotonic() + _REMEMBERED
        return self.is_so


_old, _kept = _Remembered(), _Remembered()


def old_words_remain() -> bool:
    """Whether some vectors are of an earlier form. Read once a minute in each process."""
    return _old.read(lambda: bool(old_words(1)))


def kept_words_remain() -> bool:
    """Whether some cases keep the vectors they have, whose items do not have the words of their letter. Read once a
    minute in each process."""
    return _kept.read(CaseText.objects.filter(words_version=KEPT).exists)


def forget_old_words() -> None:
    """Read anew whether such vectors remain."""
    _old.until = _kept.until = 0.0

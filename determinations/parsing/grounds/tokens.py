"""The tokens of a sentence, found once for the rules and for the model."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

Meaning = TypeVar("Meaning")

#: How many different tokens are remembered with what they mean; English prose uses far fewer.
MOST_REMEMBERED = 60_000
#: Rules and model read the sentences of one rationale one after the other.
_REMEMBERED_SENTENCES = 512
#: Signs around a token that mean nothing to either. Others divide sentences or join numbers, dates and "n't".
_SURROUNDING = '!"#$%&()*+,.<=>?@[\\]^_`{|}~'


@lru_cache(maxsize=_REMEMBERED_SENTENCES)
def tokens_of(sentence: str) -> list[str]:
    """What stands between spaces, in lower case. No word, number or date of rules or model reaches beyond its token.

    A token may hold several of them, as ``follow-up`` does: both know each token's words once they have met it.
    """
    return sentence.lower().split()


class Remembered(dict[str, Meaning], Generic[Meaning]):
    """Tokens with what they mean, each worked out once, whatever signs surround it."""

    def __init__(self, work_out: Callable[[str], Meaning]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, token: str) -> Meaning:
        bare = token.strip(_SURROUNDING)
        meaning = self._work_out(token) if bare == token else self[bare]
        if len(self) < MOST_REMEMBERED:
            self[token] = meaning
        return meaning

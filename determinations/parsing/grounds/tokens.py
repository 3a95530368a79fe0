"""The tokens of a sentence, found once for the rules and for the model."""

from functools import lru_cache
from typing import NamedTuple

#: Signs that mean nothing to either. Those that are left divide sentences or join numbers, dates and "n't".
_SEPARATORS = str.maketrans(dict.fromkeys('!"#$%&()*+,.<=>?@[\\]^_`{|}~', " "))
#: Rules and model read the sentences of one rationale one after the other.
_REMEMBERED_SENTENCES = 512


class Tokens(NamedTuple):
    """The tokens of a sentence in lower case: all in order, and the different ones."""

    all: list[str]
    different: set[str]


@lru_cache(maxsize=_REMEMBERED_SENTENCES)
def tokens_of(sentence: str) -> Tokens:
    """What stands between spaces and signs. No word, number or date of rules or model reaches beyond its token.

    A token may hold several of them, as ``follow-up`` does: both know each token's words once they have met it.
    """
    tokens = sentence.lower().translate(_SEPARATORS).split()
    return Tokens(tokens, set(tokens))

"""Reads queries of words: which places match, told from the places of each word."""

import re
from collections.abc import Callable
from typing import cast

from pyroaring import BitMap

from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.sets.places import in_all


def matching(query: str, having: Callable[[str], BitMap], everything: BitMap) -> BitMap:
    """The places that match the text of a ``tsquery`` of whole words, from the places that have a lexeme.

    Raises NotInColumns for a query of any other kind: phrases, beginnings of words, weights.
    """
    return _Query(query, having, everything).read()


_TOKENS = re.compile(r"'(?P<lexeme>[^'\\]+)'(?!:)|(?P<sign>[()&|!])|(?P<space>\s+)|(?P<other>.)", re.DOTALL)


class _Query:
    """Reads a query from left to right: ``!`` binds closest, then ``&``, then ``|``."""

    def __init__(self, query: str, having: Callable[[str], BitMap], everything: BitMap) -> None:
        self.having, self.everything = having, everything
        self.tokens: list[tuple[str, str]] = []
        for match in _TOKENS.finditer(query):
            kind = cast(str, match.lastgroup)
            if kind == "other":
                raise NotInColumns("searches more than whole words")
            if kind != "space":
                self.tokens.append((kind, match[kind]))
        self.at = 0

    def read(self) -> BitMap:
        places = self._any()
        if self.at < len(self.tokens):
            raise NotInColumns("has a query of another kind")
        return places

    def _any(self) -> BitMap:
        parts = [self._all()]
        while self._took("|"):
            parts.append(self._all())
        return BitMap.union(*parts)

    def _all(self) -> BitMap:
        parts = [self._one()]
        while self._took("&"):
            parts.append(self._one())
        return in_all(parts)

    def _one(self) -> BitMap:
        if self._took("!"):
            return self.everything - self._one()
        if self._took("("):
            places = self._any()
            if not self._took(")"):
                raise NotInColumns("has a query of another kind")
            return places
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != "lexeme":
            raise NotInColumns("has a query of another kind")
        self.at += 1
        return self.having(self.tokens[self.at - 1][1])

    def _took(self, sign: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign):
            self.at += 1
            return True
        return False

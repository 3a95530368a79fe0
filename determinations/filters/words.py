"""The words of the search box, and the PostgreSQL query they become.

Every word must match; ``"a phrase"``, ``-not``, ``OR`` and ``word*`` work as in a web search.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery
from django.db import connection

from determinations.models import Case

_CONFIG = "english"


_LONGEST = 300


#: ``"a phrase"``, ``-word``, ``word*``, ``OR``; a quote that never closes is read as closing at the end.
_PART = re.compile(r'(?P<not>-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


_PREFIX = re.compile(r"\w{2,}\*")


WORD = re.compile(r"\w+")


#: Certainly one word for PostgreSQL; others may be phrases.
_PLAIN = re.compile(r"\w+\*?")


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The text of a search; false if it contains no words."""

    text: str

    @classmethod
    def read(cls, typed: str | None) -> "QueryWords":
        """The text of the search box, limited in length."""
        return cls((typed or "").replace("\x00", " ").strip()[:_LONGEST])

    def __bool__(self) -> bool:
        return bool(WORD.search(self.text))

    @property
    def unpacked(self) -> bool:
        """Whether no index alone tells which rows match: a phrase (``L4-L5`` is one), or nothing but ``-not``."""
        parts = [part for alternative in self._alternatives() for part in alternative]
        return self.only_not or not all(part["word"] and _PLAIN.fullmatch(part["word"]) for part in parts)

    @property
    def only_not(self) -> bool:
        """Whether rows without any of the words match: no index finds them."""
        return any(all(part["not"] for part in parts) for parts in self._alternatives())

    def query(self) -> SearchQuery | CombinedSearchQuery:
        """The query for PostgreSQL. Without ``word*`` PostgreSQL's own reading of a web search is used."""
        if not _PREFIX.search(self.text):
            return SearchQuery(self.text, config=_CONFIG, search_type="websearch")
        return reduce(lambda left, right: left | right, (self._all_of(part) for part in self._alternatives()))

    def sql(self) -> tuple[str, list[Any]]:
        """The query as an SQL expression with its parameters."""
        compiler = Case.objects.all().query.get_compiler(connection=connection)
        sql, parameters = compiler.compile(self.query().resolve_expression(compiler.query))
        return sql, list(parameters)

    def _alternatives(self) -> Iterator[list[re.Match[str]]]:
        parts: list[re.Match[str]] = []
        for part in _PART.finditer(self.text):
            if part["word"] == "OR" and parts:
                yield parts
                parts = []
            else:
                parts.append(part)
        if parts:
            yield parts

    @staticmethod
    def _all_of(parts: list[re.Match[str]]) -> SearchQuery | CombinedSearchQuery:
        return reduce(and_, map(_part_query, parts))


def _part_query(part: re.Match[str]) -> SearchQuery | CombinedSearchQuery:
    if part["phrase"] is not None:
        query = SearchQuery(part["phrase"], config=_CONFIG, search_type="phrase")
    elif _PREFIX.fullmatch(part["word"]):
        query = SearchQuery(part["word"].replace("*", ":*"), config=_CONFIG, search_type="raw")
    else:
        query = SearchQuery(part["word"], config=_CONFIG, search_type="plain")
    return ~query if part["not"] else query

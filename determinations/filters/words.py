"""The words of the search box as a condition on rows. What is understood: see ``searching.query``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib.postgres.search import SearchQueryField
from django.db.models import BooleanField, Func, TextField, Value

from determinations.cases.search_words import old_words_remain
from determinations.searching.query import (
    Alternatives,
    Part,
    in_field,
    needs_places,
    only_not,
    parts_apart,
    read_query,
)
from determinations.searching.tsquery import Scope, to_index_query, to_tsquery

#: Characters of a search that are read.
LONGEST = 300
#: Dashes between spaces, as in "Physical therapy - knee": to ``websearch_to_tsquery``, they exclude the next word.
_DASHES = re.compile(r"(?<!\S)-+(?!\S)")


class Matches(Func):
    """``vector @@ query``."""

    arg_joiner = " @@ "
    template = "(%(expressions)s)"
    output_field = BooleanField()


class AsQuery(Func):
    """A text as ``tsquery``, as it stands: no dictionary of the database changes its words."""

    template = "(%(expressions)s)::tsquery"
    output_field = SearchQueryField()


class _TextMatches(Func):
    """Whether a text of the row matches a query: reads the texts of that row, where no index helps.

    ``OFFSET 0`` keeps PostgreSQL from reading the texts of all rows first, which it takes for little work.
    """

    arg_joiner = " AND said.search @@ "
    output_field = BooleanField()


class LetterMatches(_TextMatches):
    """The letter besides its items, given by its ID."""

    template = "EXISTS (SELECT FROM determinations_casetext AS said WHERE said.case_id = %(expressions)s OFFSET 0)"


class ItemMatches(_TextMatches):
    """The item, given by its ID."""

    template = "EXISTS (SELECT FROM determinations_itemtext AS said WHERE said.item_id = %(expressions)s OFFSET 0)"


class SomeItemMatches(_TextMatches):
    """One of the items of a letter, given by its ID."""

    template = (
        "EXISTS (SELECT FROM determinations_disputeditem AS disputed JOIN determinations_itemtext AS said "
        "ON said.item_id = disputed.id WHERE disputed.case_id = %(expressions)s OFFSET 0)"
    )


class WithEnglishQuery(Func):
    """The query, or the words as vectors of before migration 0037 have them."""

    template = "(%(expressions)s))"
    arg_joiner = " || websearch_to_tsquery('english', "
    output_field = SearchQueryField()


def _query_of(text: str) -> Func:
    return AsQuery(Value(text, output_field=TextField()))


@dataclass(frozen=True)
class QueryWords:
    """The text of a search, in one ``field`` if it names one; false if it contains no words."""

    text: str
    field: str = ""
    #: Names of the office's fields that may be searched.
    office: tuple[str, ...] = ()

    @classmethod
    def read(cls, typed: str | None, field: str = "", office: Iterable[str] = ()) -> "QueryWords":
        """The text of the search box, limited in length."""
        return cls((typed or "").replace("\x00", " ").strip()[:LONGEST], field, tuple(office))

    def __bool__(self) -> bool:
        return bool(self.alternatives)

    @cached_property
    def alternatives(self) -> Alternatives:
        """What was typed, in the normal form."""
        alternatives = read_query(self.text, self.office)
        return in_field(alternatives, self.field) if self.field else alternatives

    @property
    def unpacked(self) -> bool:
        """Whether no index alone tells which rows match, so that their words have to be read."""
        return needs_places(self.alternatives)

    @property
    def only_not(self) -> bool:
        """Whether rows without any of the words match: no index finds them."""
        return only_not(self.alternatives)

    def query_of(self, parts: Sequence[Part], scope: Scope, *, notes: bool = False) -> Func:
        """The query of some parts that must all hold."""
        return _query_of(to_tsquery((tuple(parts),), scope, notes=notes))

    def index_queries(self, scope: Scope, *, notes: bool = False) -> list[Func]:
        """Queries that an index answers alone, which all match for more rows than match; none if no index helps."""
        apart = parts_apart(self.alternatives[0]) if len(self.alternatives) == 1 and not self.only_not else []
        texts = [to_index_query((parts,), scope, notes=notes) for parts in apart]
        return [_query_of(text) for text in texts or [to_index_query(self.alternatives, scope, notes=notes)] if text]

    def index_query_of(self, parts: Sequence[Part], scope: Scope, *, notes: bool = False) -> Func | None:
        """The same of some parts that must all hold."""
        text = to_index_query((tuple(parts),), scope, notes=notes)
        return _query_of(text) if text else None

    def queries(self, scope: Scope, *, notes: bool = False) -> list[Func]:
        """Queries that must all match, in place of ``query``: an index answers them in a half to a third of the time.

        Of ``a & b`` in one query PostgreSQL reads every entry of both; of two queries, one skips what the other lacks.
        """
        if len(self.alternatives) != 1 or self._with_old_words or self.only_not:
            return [self.query(scope, notes=notes)]
        return [_query_of(text) for text in self.query_texts(scope, notes=notes)]

    def query_texts(self, scope: Scope, *, notes: bool = False) -> list[str]:
        """The texts of queries that must all match, for vectors of the form of now."""
        if len(self.alternatives) != 1:
            return [to_tsquery(self.alternatives, scope, notes=notes)]
        return [to_tsquery((tuple(parts),), scope, notes=notes) for parts in parts_apart(self.alternatives[0])]

    def query(self, scope: Scope, *, notes: bool = False) -> Func:
        """The query for PostgreSQL over the words of items or of cases; ``notes``: the user may read notes."""
        query = _query_of(to_tsquery(self.alternatives, scope, notes=notes))
        if self._with_old_words:
            return WithEnglishQuery(query, Value(_DASHES.sub(" ", self.text), output_field=TextField()))
        return query

    @property
    def _with_old_words(self) -> bool:
        """Whether vectors of before migration 0037 are looked in, too."""
        return not any(part.field for parts in self.alternatives for part in parts) and old_words_remain()

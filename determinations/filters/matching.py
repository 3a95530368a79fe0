"""Rows in which the words of a search occur, as an index tells, as the texts of each row tell, or as both do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from functools import reduce
from operator import and_, or_

import django_filters
from django.db.models import F, Func, Model, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from determinations.access.scope import current_scope
from determinations.cases.search_words import old_words_remain
from determinations.filters.lookups import Lookups, has_number, has_office_value
from determinations.filters.words import ItemMatches, LetterMatches, Matches, QueryWords, SomeItemMatches
from determinations.searching.query import Part, parts_in_one_text
from determinations.searching.tsquery import Scope


class Told(Enum):
    """What tells whether a row has the words."""

    #: Exactly, whatever it takes.
    EXACTLY = "exactly"
    #: The index alone: more rows than match, where the order of words counts.
    BY_INDEX = "by index"
    #: The texts of each row: for few rows, which are known from elsewhere.
    BY_TEXTS = "by texts"


class WordsFilter(django_filters.CharFilter):
    """Words searched in the texts, or in one field of them, as a web search understands them.

    A scope without texts (an outside party) finds nothing by words, and nothing by their absence either. "All except"
    what words find is then all rows, whatever the words are, so it tells nothing of the texts.
    """

    def __init__(self, label: str, words: Func, scope: Scope, field: str = "") -> None:
        self.words = words
        self.scope = scope
        self.in_field = field
        super().__init__(label=label, max_length=300, strip=True)

    def filter(self, qs: QuerySet[Model], value: str) -> QuerySet[Model]:
        """Rows in which the words occur."""
        lookups: Lookups = self.parent.lookups
        words = QueryWords.read(value, self.in_field, (field.key for field in lookups.searched_fields))
        if not words:
            return qs
        if current_scope().masked:  # no words are seen: "-word" would find every row, whatever it says
            return qs.filter(Value(False))
        told: Told = self.parent.told
        elsewhere = self._elsewhere(words, lookups)
        if elsewhere:
            return qs.filter(self._with(words, elsewhere, lookups, told))
        if (told is Told.EXACTLY and not words.unpacked) or old_words_remain():
            matches = self._said(lambda notes: self._all_of(words.queries(self.scope, notes=notes)), lookups)
            # Of a query of nothing but "-not" PostgreSQL would read the whole index; checking row by row is faster.
            return qs.filter(Coalesce(matches, Value(False)) if words.only_not else matches)
        if told is not Told.BY_TEXTS:
            qs = qs.filter(self._said(lambda notes: self._by_index(words, notes), lookups))
        return (
            qs if told is Told.BY_INDEX else qs.filter(self._said(lambda notes: self._by_texts(words, notes), lookups))
        )

    def index_queries(self, value: str) -> list[str] | None:
        """Texts of the ``tsquery`` that the words of letters all match exactly where rows pass; None if other than
        these words tells whether they do.
        """
        lookups: Lookups = self.parent.lookups
        words = QueryWords.read(value, self.in_field, (field.key for field in lookups.searched_fields))
        if not words:
            return []
        notes_of_some = lookups.may_read_notes and lookups.sets_of_own is not None
        if current_scope().masked or words.unpacked or notes_of_some or old_words_remain():
            return None
        return None if self._elsewhere(words, lookups) else words.query_texts(self.scope, notes=lookups.may_read_notes)

    def _all_of(self, queries: Sequence[Func]) -> Func | Q:
        """Rows whose words match all of these queries."""
        first, *others = [Matches(self.words, query) for query in queries]
        return reduce(and_, map(Q, others), Q(first)) if others else first

    def _by_index(self, words: QueryWords, notes: bool) -> Func | Q:
        queries = words.index_queries(self.scope, notes=notes)
        return self._all_of(queries) if queries else Q()

    def _by_texts(self, words: QueryWords, notes: bool) -> Q:
        """Each part in one of the texts; for each alternative."""
        return reduce(
            or_,
            [
                reduce(and_, [self._part_by_texts(words, part, notes) for part in parts])
                for parts in words.alternatives
            ],
        )

    def _part_by_texts(self, words: QueryWords, part: Part, notes: bool) -> Q:
        def said(one: Part) -> Q:
            query = words.query_of([one], self.scope, notes=notes)
            if self.scope is Scope.CASES:
                return Q(LetterMatches(F("letter"), query)) | Q(SomeItemMatches(F("letter"), query))
            return Q(ItemMatches(F("item"), query)) | Q(LetterMatches(F("case"), query))

        ways = parts_in_one_text(replace(part, negated=False))
        matches = reduce(or_, [reduce(and_, map(said, several)) for several in ways])
        return ~matches if part.negated else matches

    def _parts(self, words: QueryWords, parts: Sequence[Part], notes: bool, told: Told) -> Func | Q:
        """Rows in whose words all these parts occur."""
        if told is Told.BY_TEXTS:
            return reduce(and_, [self._part_by_texts(words, part, notes) for part in parts])
        if told is Told.EXACTLY:
            return Matches(self.words, words.query_of(parts, self.scope, notes=notes))
        query = words.index_query_of(parts, self.scope, notes=notes)
        return Q(Matches(self.words, query)) if query else Q()

    def _said(self, condition: Callable[[bool], Func | Q], lookups: Lookups) -> Func | Q:
        """Rows whose words match; the condition looks in notes on corrections where the user may read them."""
        own = lookups.sets_of_own if lookups.may_read_notes else None
        if own is None:
            return condition(lookups.may_read_notes)
        of_own = Q(office_set__in=own)
        return of_own & Q(condition(True)) | ~of_own & Q(condition(False))

    def _elsewhere(self, words: QueryWords, lookups: Lookups) -> dict[Part, Q]:
        """The rows in which a part occurs besides the words of letters: in a value of the office, in a note."""
        letter = "case_id" if self.scope is Scope.ITEMS else "pk"
        found = {part: Q(has_office_value(ids)) for part, ids in lookups.ids_by_part(words).items()}
        for part, letters in lookups.noted_letters_by_part(words, self.scope).items():
            noted = Q(has_number(letter, letters))
            found[part] = found[part] | noted if part in found else noted
        return found

    def _with(self, words: QueryWords, elsewhere: Mapping[Part, Q], lookups: Lookups, told: Told) -> Q:
        """Rows in which each part occurs: among the words of letters, or elsewhere."""

        def said(parts: Sequence[Part]) -> Q:
            return Q(self._said(lambda notes: self._parts(words, parts, notes, told), lookups))

        alternatives = []
        for parts in words.alternatives:
            plain = [part for part in parts if part not in elsewhere]
            conditions = [said(plain)] if plain else []
            for part in parts:
                if part in elsewhere:
                    has = elsewhere[part]
                    conditions.append(said([part]) & ~has if part.negated else said([part]) | has)
            alternatives.append(reduce(and_, conditions))
        return reduce(or_, alternatives)

"""The words of the letters: counted by a worker, asked for corrections and suggestions. All questions are bounded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Max

from determinations.models import Case, OfficeField, SearchVocabulary, SearchWord
from determinations.office_fields.values import words_near
from determinations.searching.spelling import KnownWord, checked_words, corrected, edits
from determinations.searching.terms import key_of, names_of_terms

#: The newest letters that are counted: nearly every word of the rest is among theirs.
COUNTED = 20_000
#: Words in fewer letters are names and typing errors as a rule.
_FEWEST = 2
#: Counted again after so much time, if letters came in; or at once if the collection grew by so much.
_RENEWED_AFTER = timedelta(hours=12)
_GROWTH = 1.2
#: How many misspelled words of a search are looked up, and how many known words are compared with each.
_MOST_WORDS = 4
_MOST_NEAR = 25

# Notes are left out: they may be read by some only. So are terms ("=mri") and pairs ("~a~b"), and the words that items
# have once more under the prefix of a field. Letters are counted by hashing: distinct ones would have to be sorted.
_COUNT = """
INSERT INTO determinations_searchword (word, letters, office_sets)
SELECT word, sum(letters),
    COALESCE(array_agg(office_set_id ORDER BY office_set_id) FILTER (WHERE office_set_id IS NOT NULL), '{}')
FROM (
    SELECT word, office_set_id, count(*) AS letters
    FROM (
        SELECT letter_id, office_set_id FROM determinations_case ORDER BY letter_id DESC LIMIT %(letters)s
    ) AS newest
    CROSS JOIN LATERAL (
        SELECT DISTINCT ltrim(lexeme, 'SR') AS word
        FROM (
            SELECT search FROM determinations_casetext WHERE case_id = newest.letter_id
            UNION ALL
            SELECT search FROM determinations_itemtext JOIN determinations_disputeditem AS item ON item.id = item_id
            WHERE item.case_id = newest.letter_id
        ) AS texts
        CROSS JOIN LATERAL unnest(tsvector_to_array(texts.search)) AS lexeme
        WHERE lexeme COLLATE "C" ~ '^[SR]?[a-z]{3,60}$'
    ) AS words
    GROUP BY word, office_set_id
) AS of_offices
GROUP BY word HAVING sum(letters) >= %(fewest)s
"""


def is_due(now: datetime) -> bool:
    """Whether the words should be counted: never done, long ago, or when there were far fewer letters."""
    newest = _newest()
    counted = SearchVocabulary.objects.first()
    if counted is None or not newest:
        return bool(newest)
    grown = newest > counted.last_letter * _GROWTH
    return grown or (newest != counted.last_letter and now - counted.counted_at > _RENEWED_AFTER)


def count_words(*, now: datetime) -> None:
    """Count the words of the newest letters, in one transaction."""
    with transaction.atomic():
        SearchWord.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"letters": COUNTED, "fewest": _FEWEST})
        SearchVocabulary.objects.update_or_create(id=1, defaults={"counted_at": now, "last_letter": _newest()})


def _newest() -> int:
    return Case.objects.aggregate(newest=Max("pk"))["newest"] or 0


def did_you_mean(text: str, office: Sequence[OfficeField] = ()) -> str | None:
    """The search with misspelled words corrected; None if every word is known, or none is near. Up to two queries.

    Known are the words of the letters, the names of terms, such as those of drugs, and the values of ``office``, the
    fields that the user searches.
    """
    return corrected(text, partial(_near, office=[field.slot for field in office])) if checked_words(text) else None


def _near(words: Sequence[str], *, office: Sequence[int] = ()) -> list[list[KnownWord]]:
    asked = list(words[:_MOST_WORDS])
    near: dict[str, list[KnownWord]] = {word: [] for word in words}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.word, known.word, known.letters FROM unnest(%s::text[]) AS asked (word)
            CROSS JOIN LATERAL (
                SELECT word, letters FROM determinations_searchword AS known
                WHERE known.word %% asked.word
                ORDER BY similarity(known.word, asked.word) DESC, letters DESC LIMIT %s
            ) AS known
            """,
            [asked, _MOST_NEAR],
        )
        for word, known, letters in cursor.fetchall():
            near[word].append(KnownWord(known, letters))
    for word, of_values in (words_near(office, asked) if office else {}).items():
        near[word] += [KnownWord(key_of(known), 0) for known in of_values]
    names = [KnownWord(name, 0) for name in names_of_terms()]
    return [
        [*near[word], *(name for name in names if edits(word, name.word, 2) <= 2)] if word in asked else []
        for word in words
    ]


def words_beginning(start: str, limit: int) -> list[str]:
    """Known words that begin so, the most frequent first. One query."""
    if len(start) < 2 or not start.isalpha():
        return []
    following = start[:-1] + chr(ord(start[-1]) + 1)
    words = SearchWord.objects.filter(word__gte=start, word__lt=following)
    return list(words.order_by("-letters", "word").values_list("word", flat=True)[:limit])

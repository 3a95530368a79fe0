"""Letters that a parser read before it recognized grounds: they have none until they are read again."""

from django.db import connection

from determinations.paging.counts import Count
from determinations.parsing.grounds import reads_grounds

#: Counting stops here.
MOST_COUNTED = 10_000
#: The versions by which letters were read: one step of the index for each, however many letters there are.
_VERSIONS = """
WITH RECURSIVE versions AS (
    (SELECT parser_version FROM determinations_letter WHERE parser_version <> '' ORDER BY parser_version LIMIT 1)
    UNION ALL
    SELECT (SELECT letter.parser_version FROM determinations_letter AS letter
            WHERE letter.parser_version > versions.parser_version ORDER BY letter.parser_version LIMIT 1)
    FROM versions WHERE versions.parser_version IS NOT NULL
)
SELECT parser_version FROM versions WHERE parser_version IS NOT NULL
"""
_LETTERS = """
SELECT count(*) FROM (SELECT FROM determinations_letter WHERE parser_version = ANY(%s) LIMIT %s) AS letters
"""


def letters_without_grounds() -> Count:
    """Letters last read before grounds were recognized, up to ``MOST_COUNTED``."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS)
        older = [name for (name,) in cursor.fetchall() if not reads_grounds(name)]
        letters = 0
        if older:
            cursor.execute(_LETTERS, [older, MOST_COUNTED + 1])
            (letters,) = cursor.fetchone()
    return Count(min(letters, MOST_COUNTED), letters > MOST_COUNTED)

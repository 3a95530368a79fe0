"""How many letters have each state and layout, from the rows that triggers keep (``LetterTally``)."""

from typing import NamedTuple

from django.db import connection, transaction

from determinations.access.scope import current_scope

#: Rows that are summed up at a time.
_FOLDED = 50_000
#: The key of the advisory lock of corrections.
_LOCK = 1_145_931
#: With fewer rows than this, they are left as they are.
_FEW = 200

_TALLIES = """
SELECT state, layout, sum(letters)::bigint FROM determinations_lettertally
GROUP BY state, layout HAVING sum(letters) <> 0
"""
_LETTERS = "SELECT state, layout, count(*) FROM determinations_letter GROUP BY state, layout"
#: One statement: whoever reads sees the rows of before or those of after.
_FOLD = """
WITH folded AS (
    DELETE FROM determinations_lettertally WHERE id = ANY(ARRAY(
        SELECT id FROM determinations_lettertally ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )) RETURNING state, layout, letters
)
INSERT INTO determinations_lettertally (state, layout, letters)
SELECT state, layout, sum(letters) FROM folded GROUP BY state, layout HAVING sum(letters) <> 0
"""
#: What the letters have more than the rows say, in one snapshot.
_DIFFERENCES = """
SELECT state, layout, sum(letters)::bigint
FROM (
    SELECT state, layout, count(*) AS letters FROM determinations_letter GROUP BY state, layout
    UNION ALL SELECT state, layout, -letters FROM determinations_lettertally
) AS counted
GROUP BY state, layout HAVING sum(letters) <> 0
"""


class LettersOf(NamedTuple):
    """How many letters have a state and a layout."""

    state: str
    layout: str
    letters: int


def letters_by_state_and_layout() -> list[LettersOf]:
    """All letters that the user sees: for an account that is limited to offices, its letters are counted."""
    return _rows(_TALLIES if current_scope().is_everything else _LETTERS)


def fold() -> bool:
    """Sum up rows of the tally; whether there were enough. Others may write, and do the same, meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT FROM determinations_lettertally LIMIT %s) AS few", [_FEW])
        (number,) = cursor.fetchone()
        if number < _FEW:
            return False
        cursor.execute(_FOLD, [_FOLDED])
        return True


def differences() -> list[LettersOf]:
    """Where a plain count of the letters differs from the tally, and by how many; reads all letters."""
    return _rows(_DIFFERENCES)


def correct() -> None:
    """Add to the tally what a plain count has more, or fewer; two that do so at once do it one after the other."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(f"INSERT INTO determinations_lettertally (state, layout, letters) {_DIFFERENCES}")


def _rows(statement: str) -> list[LettersOf]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [LettersOf(*row) for row in cursor.fetchall()]

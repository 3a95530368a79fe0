"""Counts of letters from the column file, in which every letter has a place: see ``columns.letters``.

PostgreSQL has no places; its statements, of the same meaning, are in ``sql_engine``.
"""

from determinations.statistics.cited_counts import Ask
from determinations.statistics.columns.letters import BLOCKS
from determinations.statistics.interface import TALLY, LetterGroup, Selection


def count_letters(ask: Ask, selection: Selection) -> list[LetterGroup] | None:
    """As ``Engine.count_letters``; None if PostgreSQL has to count."""
    rows, params = selection.rows
    sql = f"""
        SELECT decision_month, outcome, sum(items)::BIGINT, sum(decided)::BIGINT, sum(overturned)::BIGINT,
            sum(bit_count(letters))::BIGINT, COALESCE(sum(bit_count(letters)) FILTER (WHERE several), 0)::BIGINT
        FROM (
            SELECT letter_block, bit_or(1::BIGINT << letter_bit), {TALLY} {rows} GROUP BY letter_block
        ) AS counted (letter_block, letters, items, decided, overturned) JOIN {BLOCKS} USING (letter_block)
        GROUP BY decision_month, outcome
    """  # noqa: S608 - constants and the ORM's own SQL
    answer = ask(sql, params, selection.is_everything)
    return None if answer is None else [LetterGroup(*row) for row in answer]

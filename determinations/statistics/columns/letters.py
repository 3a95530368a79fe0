"""The places of letters: what letters are counted by, without looking at each.

A column file has items, and a letter with several selected items counts once. So every letter has a place: a bit of a
block. A block is of letters with the same month of decision and outcome, all of several items or all of one. The items
of a selection are counted by block, and the letters that they are of are the bits that their places have in common.
Numbers of blocks are small, which makes them quick to group by.
"""

import duckdb

from determinations.statistics.columns.layout import ITEMS, TableLayout

BLOCKS = "letter_blocks"
#: The columns of a block.
BLOCK = "letter_block, decision_month, outcome, several"
#: Those that items of a file have beside PostgreSQL's, and how a table defines them.
PLACE = "letter_block, letter_bit"
OF_PLACE = "letter_block INTEGER, letter_bit UTINYINT"
#: A block's bits are those of a positive number.
_BITS = 62
_OF_LETTER = ("case_id", "decision_month", "outcome", "case_items")
#: One row of each letter, from PostgreSQL.
LETTERS = TableLayout(ITEMS.name, "case_id", tuple(c for c in ITEMS.columns if c.name in _OF_LETTER))
LETTERS_ROWS = "WHERE first_of_case"
_GROUP = "decision_month, outcome, case_items > 1"


def place_letters(engine: duckdb.DuckDBPyConnection, letters: str) -> None:
    """Make the engine's table ``places`` and the blocks of the file ``file``, from rows with one of each letter."""
    engine.execute(f"""
        CREATE OR REPLACE TABLE places AS
        SELECT case_id, decision_month, outcome, case_items > 1 AS several,
            row_number() OVER (PARTITION BY {_GROUP}) - 1 AS nth
        FROM ({letters}) AS letters
    """)  # noqa: S608 - names of our own
    engine.execute(f"""
        CREATE OR REPLACE TABLE groups AS
        SELECT *, (sum(blocks) OVER (ORDER BY decision_month, outcome, several) - blocks)::INTEGER AS first
        FROM (
            SELECT decision_month, outcome, several, max(nth) // {_BITS} + 1 AS blocks FROM places
            GROUP BY decision_month, outcome, several
        ) AS counted
    """)  # noqa: S608 - names of our own
    engine.execute(f"""
        CREATE TABLE file.{BLOCKS} AS
        SELECT (first + block)::INTEGER AS letter_block, decision_month, outcome, several
        FROM groups CROSS JOIN unnest(range(blocks)) AS told (block)
    """)  # noqa: S608 - names of our own
    engine.execute(f"""
        CREATE OR REPLACE TABLE places AS
        SELECT case_id, (first + nth // {_BITS})::INTEGER AS letter_block, (nth % {_BITS})::UTINYINT AS letter_bit
        FROM places JOIN groups ON places.decision_month IS NOT DISTINCT FROM groups.decision_month
            AND places.outcome = groups.outcome AND places.several = groups.several
    """)  # noqa: S608 - names of our own


def with_places(items: str) -> str:
    """The statement that gives rows of items, from another statement, with the places that ``place_letters`` gave."""
    return f"SELECT items.*, {PLACE} FROM ({items}) AS items LEFT JOIN memory.main.places USING (case_id)"  # noqa: S608 - names of our own


def place_changed(engine: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make tables of a version: ``places`` of the letters that changed, and ``..._placed``, their changed items.

    A letter keeps the place of the file if it still belongs into its block, since items that did not change have it
    too. Otherwise every item of the letter changed, as all of them have the month, outcome and number of items: the
    letter gets a block of its own.
    """
    now = f"{schema}.{ITEMS.name}_now"
    engine.execute(f"""
        CREATE TABLE {schema}.places AS
        WITH letters AS (
            SELECT case_id, any_value(decision_month) AS decision_month, any_value(outcome) AS outcome,
                any_value(case_items) > 1 AS several
            FROM {now} GROUP BY case_id
        ), before AS (
            SELECT case_id, any_value(letter_block) AS letter_block, any_value(letter_bit) AS letter_bit
            FROM file.{ITEMS.name} WHERE case_id IN (SELECT case_id FROM letters) GROUP BY case_id
        )
        SELECT letters.*,
            CASE WHEN block.letter_block IS NULL
                THEN (SELECT COALESCE(max(letter_block), -1) FROM file.{BLOCKS}) + count(*) FILTER (
                    WHERE block.letter_block IS NULL
                ) OVER (ORDER BY case_id ROWS UNBOUNDED PRECEDING)
                ELSE block.letter_block END::INTEGER AS letter_block,
            CASE WHEN block.letter_block IS NULL THEN 0 ELSE before.letter_bit END::UTINYINT AS letter_bit,
            block.letter_block IS NULL AS is_new
        FROM letters LEFT JOIN before USING (case_id) LEFT JOIN file.{BLOCKS} AS block
            ON block.letter_block = before.letter_block AND block.outcome = letters.outcome
            AND block.decision_month IS NOT DISTINCT FROM letters.decision_month AND block.several = letters.several
    """)  # noqa: S608 - names of our own
    engine.execute(f"""
        CREATE TABLE {schema}.{ITEMS.name}_placed AS
        SELECT items.*, {PLACE} FROM {now} AS items JOIN {schema}.places USING (case_id)
    """)  # noqa: S608 - names of our own

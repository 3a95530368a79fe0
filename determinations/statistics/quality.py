"""How well letters are read: counts of letters, problems, corrections and unrecognized citations."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS
from determinations.models import LetterState
from determinations.statistics.answer_cache import Rows
from determinations.statistics.export_tables import ExportTable
from determinations.statistics.letter_tallies import letters_by_state_and_layout
from determinations.statistics.sql_engine import SqlEngine
from determinations.wording.labels import fixed_label
from determinations.wording.paths import label_of_field

_CORRECTED = """
SELECT substring(path FROM '[^/]+$'), parser_version, count(*) FILTER (WHERE operation = 'set'),
    count(*) FILTER (WHERE operation = 'confirm'), count(DISTINCT (letter_sha256, letter_part))
FROM determinations_correction
WHERE operation IN ('set', 'confirm') AND state IN ('active', 'confirmed', 'conflict')
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
"""
_CONFIRMED = """
SELECT count(DISTINCT (c.letter_sha256, c.letter_part, c.item_key, substring(c.path FROM '[^/]+$')))
FROM determinations_correction c
JOIN determinations_letter letter ON letter.sha256 = c.letter_sha256 AND letter.part = c.letter_part
JOIN determinations_case k ON k.letter_id = letter.id AND k.superseded_by_id IS NULL
WHERE c.operation IN ('set', 'confirm') AND c.state IN ('active', 'confirmed', 'conflict')
"""
_UNRECOGNIZED = """
SELECT normalised, min(printed), count(*), count(DISTINCT printed.letter_id)
FROM determinations_printedcitation printed
JOIN determinations_case k ON k.letter_id = printed.letter_id AND k.superseded_by_id IS NULL
WHERE NOT aliased GROUP BY normalised ORDER BY 3 DESC, 1 LIMIT 200
"""


@dataclass(frozen=True)
class NamedCount:
    """A count with its label; ``key`` is the value of the filter that lists it."""

    key: str
    label: str
    count: int
    second: int = 0


@dataclass(frozen=True)
class CorrectedField:
    """Values of one field that staff set or confirmed, by the parser version that had read them."""

    field: str
    version: str
    set: int
    confirmed: int
    letters: int

    @property
    def label(self) -> str:
        """The name of the field."""
        return label_of_field(self.field)

    @property
    def numbers(self) -> list[NamedCount]:
        """Both counts, by operation as the correction history spells it."""
        return [NamedCount("set", "set", self.set), NamedCount("confirm", "confirmed", self.confirmed)]


@dataclass(frozen=True)
class Quality:
    """Everything on the quality page. ``values``: all values of current letters that staff can correct."""

    states: Sequence[NamedCount]
    layouts: Sequence[NamedCount]
    problems: Sequence[NamedCount]
    corrected: Sequence[CorrectedField]
    unrecognized: Sequence[NamedCount]
    letters: int
    empty_letters: int
    values: int
    reviewed_values: int

    @property
    def reviewed_share(self) -> float | None:
        """The percentage of values that staff set or confirmed."""
        return 100 * self.reviewed_values / self.values if self.values else None

    def export_tables(self) -> list[ExportTable]:
        """The tables to export."""
        return [
            ExportTable("states", "Letters by state", ("state", "letters"),
                  [(row.label, row.count) for row in self.states]),
            ExportTable("layouts", "Letters by layout", ("layout", "letters", "need review"),
                  [(row.label, row.count, row.second) for row in self.layouts]),
            ExportTable("problems", "Letters by problem", ("problem", "letters"),
                  [(row.label, row.count) for row in self.problems]),
            ExportTable("corrected", "Corrected and confirmed fields",
                  ("field", "parser version", "set", "confirmed", "letters"),
                  [(row.label, row.version, row.set, row.confirmed, row.letters) for row in self.corrected]),
            ExportTable("unrecognized", "Unrecognized citations", ("as printed", "citations", "letters"),
                  [(row.label, row.count, row.second) for row in self.unrecognized]),
        ]  # fmt: skip


def read_quality(engine: SqlEngine) -> Quality:
    """Everything: letters from the tally that triggers keep, problems by column where the engine can; four queries, of
    which one is kept until the data change."""
    states, layouts, to_review = Counter[str](), Counter[str](), Counter[str]()
    for state, layout, letters in letters_by_state_and_layout():
        states[state] += letters
        if layout or state == LetterState.UNKNOWN_LAYOUT:
            layouts[layout] += letters
            to_review[layout] += letters if state == LetterState.NEEDS_REVIEW else 0
    by_code, cases, items, empty = engine.count_problems()
    return Quality(
        states=[NamedCount(state, fixed_label("state", state), n) for state, n in _most_first(states)],
        layouts=[
            NamedCount(layout, fixed_label("layout", layout), n, to_review[layout])
            for layout, n in _most_first(layouts)
        ],
        problems=[NamedCount(code, fixed_label("problem", code), n) for code, n in _most_first(by_code)],
        corrected=corrected_fields(),
        unrecognized=[NamedCount(form, printed, n, m) for form, printed, n, m in _unrecognized_citations(engine)],
        letters=cases,
        empty_letters=empty,
        values=cases * len(LETTER_FIELDS) + items * len(ITEM_FIELDS),
        reviewed_values=_rows(_CONFIRMED)[0][0],
    )


def _unrecognized_citations(engine: SqlEngine) -> Rows:
    """The forms printed most often that no authority is known for: the form, as printed, citations, letters. The case
    of each is looked for, which takes most of the page's time."""
    return engine.kept_by_postgresql(_UNRECOGNIZED, shared=False)


def corrected_fields() -> list[CorrectedField]:
    """Fields that staff set or confirmed, by parser version, most set values first."""
    return [CorrectedField(*row) for row in _rows(_CORRECTED)]


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))


def _rows(sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()

"""How well letters are read: counted from letters, problems, corrections and unrecognised citations themselves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS
from determinations.models import LetterState
from determinations.parsing.problems import PROBLEMS
from determinations.statistics.answer_cache import Rows, kept_answers
from determinations.statistics.export_tables import Sheet

_LETTERS = "SELECT state, layout, count(*) FROM determinations_letter GROUP BY state, layout"
_CASES = """
SELECT all_problem_codes, count(*), sum(item_count), count(*) FILTER (WHERE item_count = 0)
FROM determinations_case WHERE superseded_by_id IS NULL GROUP BY all_problem_codes
"""
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
_UNRECOGNISED = """
SELECT normalised, min(printed), count(*), count(DISTINCT printed.letter_id)
FROM determinations_printedcitation printed
JOIN determinations_case k ON k.letter_id = printed.letter_id AND k.superseded_by_id IS NULL
WHERE NOT aliased GROUP BY normalised ORDER BY 3 DESC, 1 LIMIT 200
"""


@dataclass(frozen=True)
class Named:
    """A count with its name; ``key`` as filters spell it."""

    key: str
    label: str
    count: int
    second: int = 0


@dataclass(frozen=True)
class Corrected:
    """Values of one field that people set or confirmed, by the parser version that had read them."""

    field: str
    version: str
    set: int
    confirmed: int
    letters: int

    @property
    def numbers(self) -> list[Named]:
        """Both counts by what was done, as the history of corrections spells it."""
        return [Named("set", "set", self.set), Named("confirm", "confirmed", self.confirmed)]


@dataclass(frozen=True)
class Quality:
    """Everything that the quality page shows; ``values`` are all values of current letters that people can correct."""

    states: Sequence[Named]
    layouts: Sequence[Named]
    problems: Sequence[Named]
    corrected: Sequence[Corrected]
    unrecognised: Sequence[Named]
    letters: int
    empty_letters: int
    values: int
    seen_values: int

    @property
    def seen_share(self) -> float | None:
        """Values that a person set or confirmed, in percent of all."""
        return 100 * self.seen_values / self.values if self.values else None

    def sheets(self) -> list[Sheet]:
        """The tables to export."""
        return [
            Sheet("states", "Letters by state", ("state", "letters"), [(n.label, n.count) for n in self.states]),
            Sheet("layouts", "Letters by layout", ("layout", "letters", "need review"),
                  [(n.label, n.count, n.second) for n in self.layouts]),
            Sheet("problems", "Letters by problem", ("code", "problem", "letters"),
                  [(n.key, n.label, n.count) for n in self.problems]),
            Sheet("corrected", "Fields that people set or confirmed",
                  ("field", "parser version", "set", "confirmed", "letters"),
                  [(c.field, c.version, c.set, c.confirmed, c.letters) for c in self.corrected]),
            Sheet("unrecognised", "Unrecognised citations", ("printed", "citations", "letters"),
                  [(n.label, n.count, n.second) for n in self.unrecognised]),
        ]  # fmt: skip


def read_quality(state: str) -> Quality:
    """Count it: five queries, each table read once. ``state`` names the state of the data, see ``answer_cache``."""
    states, layouts, to_review = Counter[str](), Counter[str](), Counter[str]()
    for state, layout, letters in _rows(_LETTERS):
        states[state] += letters
        if layout or state == LetterState.UNKNOWN_LAYOUT:
            layouts[layout] += letters
            to_review[layout] += letters if state == LetterState.NEEDS_REVIEW else 0
    problems, cases, items, empty = Counter[str](), 0, 0, 0
    for codes, letters, its_items, without in problems_of_cases(state):
        cases, items, empty = cases + letters, items + int(its_items), empty + without
        for code in codes:
            problems[code] += letters
    labels = {str(value): str(label).capitalize() for value, label in LetterState.choices}
    return Quality(
        states=[Named(state, labels.get(state, state), n) for state, n in _most_first(states)],
        layouts=[
            Named(layout, layout or "None that the parser knows", n, to_review[layout])
            for layout, n in _most_first(layouts)
        ],
        problems=[
            Named(code, PROBLEMS[code].label if code in PROBLEMS else code, n) for code, n in _most_first(problems)
        ],
        corrected=[Corrected(*row) for row in _rows(_CORRECTED)],
        unrecognised=[Named(form, printed, n, m) for form, printed, n, m in _rows(_UNRECOGNISED)],
        letters=cases,
        empty_letters=empty,
        values=cases * len(LETTER_FIELDS) + items * len(ITEM_FIELDS),
        seen_values=_rows(_CONFIRMED)[0][0],
    )


def problems_of_cases(state: str) -> Rows:
    """Problems that cases have together, how many cases with how many items, and how many of them without any."""
    return kept_answers.get((state, _CASES, ""), lambda: _rows(_CASES), shared=True)


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _rows(sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()

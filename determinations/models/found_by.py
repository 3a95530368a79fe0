"""What the indexes of cases and items find a row by besides its own columns: words of its texts, sections it cites.

Texts stand in wide rows, and a search that visits ten thousand of those reads ten thousand pages. So the narrow rows
have the words in their index without having them themselves: functions read them from the tables of texts when the
index entry is written (see migration 0020). Each is immutable as PostgreSQL asks of it, for its arguments name a text
that never changes: an item gets new numbers whenever it is written, and a case a new ``searched_hash``. Texts and
citations must therefore be written before the rows that are found by them; ``effective.write_cases`` does so. For the
same reason the indexes are built again after a restore (``deploy/backup.md``).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, TextField, Value


def item_words() -> Func:
    """The words of the item of a fact row: its request first, then its rationale."""
    return Func(F("item"), function="determinations_item_words", output_field=SearchVectorField())


def item_sections(side: str) -> Func:
    """The names of all sections that one side cites for the item of a fact row."""
    return Func(F("item"), Value(side), function="determinations_item_sections", output_field=ArrayField(TextField()))


def case_words() -> Func:
    """The words of a case: number and requests first, then the summary, then rationales."""
    return Func(
        F("letter"), F("searched_hash"), function="determinations_case_words", output_field=SearchVectorField()
    )


def case_sections(side: str) -> Func:
    """The names of all sections that one side cites for any item of a case."""
    return Func(
        F("letter"),
        F("searched_hash"),
        Value(side),
        function="determinations_case_sections",
        output_field=ArrayField(TextField()),
    )

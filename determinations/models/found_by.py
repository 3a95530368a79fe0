"""Expressions in the filter indexes of cases and items beside their own columns: words of texts, sections cited.

Texts are in wide rows, and a search that visits ten thousand of those reads ten thousand pages. So the narrow rows
index words that they do not contain: functions read them from the text tables when the index entry is written (see
migration 0020). The functions are immutable, as PostgreSQL requires, because their arguments identify a text that
never changes for the row: facts are written anew when the item or its letter has other words, and a case gets a new
``searched_hash``. Texts and citations
must therefore be written before the rows that are found by them, which ``effective.write_cases`` does. For the same
reason the indexes are rebuilt after a restore (``deploy/backup.md``).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, TextField, Value


def item_words() -> Func:
    """The words of the item of a fact row, and of its letter under the prefixes of their fields."""
    return Func(F("item"), function="determinations_item_words", output_field=SearchVectorField())


def item_sections(side: str) -> Func:
    """The names of all sections that one side cites for the item of a fact row."""
    return Func(F("item"), Value(side), function="determinations_item_sections", output_field=ArrayField(TextField()))


def case_words() -> Func:
    """The words of a case and of all its items (see ``searching.vectors``)."""
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

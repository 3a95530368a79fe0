"""The dictionary of the data set: every column with its type, its meaning and the values that it may have."""

from collections.abc import Iterator

from determinations.datasets.tables import TABLES

HEADS = ("Table", "Column", "Type", "Meaning", "Value", "Meaning of the value")
Entry = tuple[str, str, str, str, str, str]


def entries(*, deidentified: bool) -> Iterator[Entry]:
    """The rows of the dictionary: one per column, and one per value of a column that has codes."""
    for table in TABLES:
        for column in table.columns_for(deidentified=deidentified):
            meaning = f"{column.meaning} {column.changed}".strip() if deidentified else column.meaning
            kind = column.kind.value
            yield (table.name, column.name, kind, meaning, "", "")
            for code, label in column.codes.items():
                yield (table.name, column.name, kind, "", code, str(label))


def as_text(*, deidentified: bool) -> str:
    """What a reader of the files needs to know first."""
    lines = [
        "Determinations of California's Independent Medical Review, as tables.",
        "",
        *(f"{table.name}: {table.meaning}" for table in TABLES),
        "",
        "The column letter joins the tables. dictionary.csv explains every column and value.",
        "Values are what the letters say as read by the parser, with the corrections of staff on top.",
        "An empty value means that the letter does not say it or that it was not found.",
    ]
    if deidentified:
        lines += [
            "",
            "De-identified: no numbers of cases, of dates only the year, no text of a letter, no age above 89 (90",
            "means 90 and older). Numbers of letters are replaced by keys that differ in every data set; rows are in",
            "the order of these keys.",
        ]
    else:
        lines += ["A cell of Excel holds 32,767 characters; longer texts are cut there, but in no other format."]
    return "\n".join([*lines, ""])

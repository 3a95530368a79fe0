"""Packs the long texts and documents of earlier releases, in the background (see ``models.packed``).

A row is locked while it is packed, and one that is locked by others is left for the next turn. Nothing is read or
counted otherwise afterwards, so no case is written again. PostgreSQL gives the space that becomes free to new rows.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Model

from determinations.cases.bulk import bulk_cursor
from determinations.models import CaseText, ItemText, LetterText, ParsedDocument
from determinations.models.packed import packed_column
from determinations.packing.codec import pack, pack_json

#: The columns of each table; rows are found by the first (an index of each table has those that are not packed).
_COLUMNS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (LetterText, ("text",)),
    (ParsedDocument, ("document",)),
    (CaseText, ("summary",)),
    (ItemText, ("rationale", "claims_text", "reviewer_text")),
)


#: The last key of each table that was packed in a turn.
Reached = dict[type[Model], int]


def any_earlier() -> bool:
    """Whether some rows are not packed."""
    return any(model._default_manager.filter(**{f"{names[0]}__isnull": True}).exists() for model, names in _COLUMNS)


def pack_some(limit: int, reached: Reached) -> int:
    """Pack up to so many rows of each table, in a transaction per table; returns how many were packed.

    Goes on after ``reached``, and notes there where it came to: index entries of packed rows remain for as long as a
    backup is made, and would be passed again and again.
    """
    return sum(_pack_some(model, names, limit, reached) for model, names in _COLUMNS)


def _pack_some(model: type[Model], names: tuple[str, ...], limit: int, reached: Reached) -> int:
    with transaction.atomic():
        earlier = model._default_manager.filter(**{f"{names[0]}__isnull": True}, pk__gt=reached.get(model, 0))
        rows = list(
            earlier.order_by("pk").select_for_update(skip_locked=True, of=("self",)).values_list("pk", *names)[:limit]
        )
        if rows:
            keys, *columns = zip(*rows, strict=True)
            reached[model] = keys[-1]
            _write(
                model,
                names,
                [
                    list(keys),
                    *(
                        [pack(value) if isinstance(value, str) else pack_json(value) for value in column]
                        for column in columns
                    ),
                ],
            )
    return len(rows)


def _write(model: type[Model], names: Sequence[str], arrays: Sequence[list[int] | list[bytes]]) -> None:
    """Write packed values, given by column, of the keys that come first."""
    options, packed = model._meta, [packed_column(name) for name in names]
    values, types = ", ".join(["key", *packed]), ", ".join(["%b::bigint[]", *["%b::bytea[]"] * len(packed)])
    statement = f"""
        UPDATE {options.db_table} AS stored SET {", ".join(f"{name} = r.{name}" for name in packed)}
        FROM unnest({types}) AS r ({values}) WHERE stored.{options.pk.column} = r.key
    """  # noqa: S608 - names of our own columns
    with bulk_cursor() as cursor:
        cursor.execute(statement, arrays)

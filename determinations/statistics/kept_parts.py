"""Parts of statements that only a change of cases or items can change: read once for each version of the data.

The statement that asks for them names the versions that the process has answers of; PostgreSQL works out what is of
another one. So what is shown is what the statement sees, whoever changed it.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from threading import Lock
from typing import TypeAlias

from django.db import connection

from determinations.access.scope import current_scope
from determinations.paging.composed import Part, Value, values_of

#: What a part is asked for with: the database, the scope, the statement, its parameters.
_Question: TypeAlias = tuple[str, str, str, str]
_MOST_KEPT = 400
#: The sum of the marks identifies a version of the data, see ``FactChange``.
_VERSION = "(SELECT sum(mark) AS marks FROM determinations_factchange) AS version"

_kept: OrderedDict[_Question, tuple[object, object]] = OrderedDict()
_lock = Lock()


def read_with_kept(
    parts: Mapping[str, Part[object]], given: Mapping[str, Value], *, of_version: Collection[str]
) -> dict[str, object]:
    """The value of each part by its name, in one statement; those ``of_version`` are kept in the process."""
    columns = ["marks"]
    parameters: list[object] = []
    kept: dict[str, tuple[object, object]] = {}
    questions = {name: _question(parts[name], given) for name in of_version}
    with _lock:
        for name, question in questions.items():
            if question in _kept:
                kept[name] = _kept[question]
                _kept.move_to_end(question)
    for name, part in parts.items():
        if name in kept:
            columns.append(f"CASE WHEN marks IS NOT DISTINCT FROM %s THEN NULL ELSE {part.sql} END")
            parameters.append(kept[name][0])
        else:
            columns.append(part.sql)
        parameters += part.parameters(given)
    marks, *answers = values_of(f"SELECT {', '.join(columns)} FROM {_VERSION}", parameters)  # noqa: S608 - composed by Django
    values = {}
    for (name, part), answer in zip(parts.items(), answers, strict=True):
        is_current = name in kept and kept[name][0] == marks
        values[name] = kept[name][1] if is_current else part.read(answer)
    _keep({question: (marks, values[name]) for name, question in questions.items()})
    return values


def _question(part: Part[object], given: Mapping[str, Value]) -> _Question:
    database = str(connection.settings_dict["NAME"])
    return database, current_scope().key, part.sql, repr(part.parameters(given))


def _keep(answers: Mapping[_Question, tuple[object, object]]) -> None:
    with _lock:
        _kept.update(answers)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)

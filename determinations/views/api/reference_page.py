"""The API as a page: every operation of the OpenAPI document, without scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.views.api.addresses import api
from determinations.views.api.document import operations_of
from determinations.views.api.openapi_types import Body, Document, OperationPart, Parameter, Schema

_SUCCESS = ("200", "201")
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A parameter or a field: its name, its type in words, and what it means."""

    name: str
    kind: str
    about: str
    where: str = ""
    is_required: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """An operation."""

    key: str
    method: str
    path: str
    summary: str
    about: Sequence[str]
    parameters: Sequence[Line]
    filters: Sequence[Line]
    body: Sequence[Line]
    answer: Sequence[Line]
    #: Where a browser can try it; empty if it cannot.
    url: str


@require_safe
def reference_page(request: HttpRequest) -> HttpResponse:
    """All operations by subject."""
    context = {"groups": _groups(), "rate": settings.API_REQUESTS_PER_MINUTE, "site": request.build_absolute_uri("/")}
    return render(request, "api/reference.html", context)


@cache
def _groups() -> Mapping[str, Sequence[Section]]:
    document = api.document
    groups: dict[str, list[Section]] = {}
    for path, method, operation in operations_of(document):
        groups.setdefault(operation["tags"][0], []).append(_section(document, path, method, operation))
    return groups


def _section(document: Document, path: str, method: str, operation: OperationPart) -> Section:
    parameters = [_parameter(one) for one in operation["parameters"]]
    filters = [line for line in parameters if line.where == "query" and len(parameters) > 20]
    answered = next(operation["responses"][status] for status in _SUCCESS if status in operation["responses"])
    return Section(
        key=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        about=[part for part in operation["description"].split("\n\n") if part],
        parameters=[line for line in parameters if line not in filters],
        filters=filters,
        body=_fields(document, _schema_of(operation.get("requestBody"))),
        answer=_fields(document, _schema_of(answered)),
        url=path if method == "get" and "{" not in path and not any(line.is_required for line in parameters) else "",
    )


def _schema_of(body: Body | None) -> Schema:
    """The schema of a body; an empty one for none."""
    nothing: Schema = {}
    contents = body.get("content", {}) if body else {}
    return next((content["schema"] for content in contents.values()), nothing)


def _parameter(parameter: Parameter) -> Line:
    schema = parameter["schema"]
    about = parameter.get("description", "")
    return Line(parameter["name"], _kind(schema), about, parameter["in"], parameter["required"])


def _fields(document: Document, schema: Schema, depth: int = 0) -> list[Line]:
    """The fields of an object, those of objects in it below them."""
    found = _object(document, schema)
    lines: list[Line] = []
    for name, field in found.get("properties", {}).items():
        is_required = name in found.get("required", ())
        lines.append(Line(name, _kind(field), field.get("description", ""), "", is_required, depth))
        if depth < _DEEPEST:
            lines += _fields(document, field, depth + 1)
    return lines


def _object(document: Document, schema: Schema) -> Schema:
    """The object that a schema means: itself, its items, or one of its alternatives."""
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "items" in schema:
        return _object(document, schema["items"])
    for one in schema.get("anyOf", ()):
        if found := _object(document, one).get("properties"):
            return {"properties": found}
    return schema


def _kind(schema: Schema) -> str:
    """The type of a schema in words."""
    if "enum" in schema:
        return " | ".join(f"{value}" or "(empty)" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "items" in schema:
        return f"list of {_kind(schema['items'])}"
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2].removesuffix("Out").removesuffix("In").lower()
    return f"{schema.get('format') or schema.get('type', 'any')}"

"""The parts of an OpenAPI document that we write and read."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

Schema = TypedDict(
    "Schema",
    {
        "$ref": str,
        "type": str,
        "title": str,
        "description": str,
        "format": str,
        "pattern": str,
        "enum": Sequence[str],
        "default": object,
        "minimum": int,
        "maximum": int,
        "minLength": int,
        "maxLength": int,
        "items": "Schema",
        "anyOf": "Sequence[Schema]",
        "properties": "Mapping[str, Schema]",
        "required": Sequence[str],
    },
    total=False,
)


class Content(TypedDict, total=False):
    """The schema of a body."""

    schema: Schema


class Body(TypedDict, total=False):
    """A body that is sent or answered."""

    description: str
    content: Mapping[str, Content]


Parameter = TypedDict(
    "Parameter",
    {"in": str, "name": str, "required": bool, "description": str, "schema": Schema},
    total=False,
)


class OperationPart(TypedDict, total=False):
    """An operation."""

    operationId: str
    summary: str
    description: str
    tags: Sequence[str]
    security: Sequence[object]
    parameters: Sequence[Parameter]
    requestBody: Body
    responses: Mapping[str, Body]


class Components(TypedDict):
    """What operations refer to."""

    schemas: dict[str, Schema]


class Document(TypedDict):
    """A whole document."""

    openapi: str
    paths: Mapping[str, Mapping[str, OperationPart]]
    components: Components

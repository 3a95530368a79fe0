"""The OpenAPI document: what django-ninja derives from the operations, with filters, errors and needs added."""

from collections.abc import Iterator
from functools import cached_property
from typing import cast

import django_filters
from django import forms
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.security import HttpBearer

from determinations.browsing.lists import ListKind
from determinations.filters import PARAMETERS
from determinations.filters.kinds import KINDS
from determinations.filters.parameters import TimeField, UploadFilter, ValuesField
from determinations.models.dimensions import DIMENSIONS
from determinations.paging.addresses import CURSOR
from determinations.views.api.openapi_types import Body, Document, OperationPart, Parameter, Schema
from determinations.views.api.problems import CONTENT_TYPE

#: Where the addresses of the API begin.
API_PATH = "/api/v1/"
#: Text without the character that no database stores.
_TEXT: Schema = {"type": "string", "pattern": "^[^\\u0000]*$"}
#: The errors that any operation may answer with.
_ERRORS = {
    400: "The request could not be read", 401: "No valid access token", 403: "Not allowed",
    404: "Nothing there that the account may see", 413: "The body is too large",
    422: "Some values are not valid", 429: "Too many requests in this minute", 500: "Our fault",
    503: "Not possible now",
}  # fmt: skip
_PROBLEM: Schema = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457)",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}


class AccessToken(HttpBearer):
    """The token of the ``Authorization`` header, which the middleware has checked, or a browser's session to read."""

    def __call__(self, request: HttpRequest) -> bool:
        """Whether the middleware found a user."""
        return request.user.is_authenticated

    def authenticate(self, request: HttpRequest, token: str) -> bool:
        """Not used: see ``__call__``."""
        return request.user.is_authenticated


class Api(NinjaAPI):
    """Django-ninja's API with a document that tells all of it."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function: clients are generated from it."""
        return operation.view_func.__name__

    @cached_property
    def document(self) -> Document:
        """The OpenAPI document."""
        document = cast(Document, self.get_openapi_schema(path_prefix=API_PATH.lstrip("/")))
        document["components"]["schemas"]["Problem"] = _PROBLEM
        for _path, _method, operation in operations_of(document):
            answers = {str(status): body for status, body in operation["responses"].items()}
            errors = {str(status): _error(words) for status, words in _ERRORS.items()}
            operation["responses"] = answers | errors
        return document


def _error(words: str) -> Body:
    return {"description": words, "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def operations_of(document: Document) -> Iterator[tuple[str, str, OperationPart]]:
    """The operations of a document with their paths and methods."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def filter_parameters(kind: ListKind) -> dict[str, object]:
    """The parameters of a list: every filter, its orders, and cursors."""
    return {"parameters": [*filters_of(of_items=kind.of_items), *cursors(), _sort(kind)]}


def filters_of(*, of_items: bool) -> Iterator[Parameter]:
    """Every filter as a parameter."""
    for dimension in DIMENSIONS:
        for name, made in KINDS[dimension.kind].filters(dimension, of_items=of_items or dimension.of_item).items():
            about = PARAMETERS[name].label
            yield {"in": "query", "name": name, "required": False, "description": about, "schema": _schema(made)}


def _schema(made: django_filters.Filter) -> Schema:
    """What values a filter takes."""
    if isinstance(made, UploadFilter):
        return {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
    field = made.field_class
    if issubclass(field, ValuesField):
        return {"type": "array", "items": _TEXT}
    if issubclass(field, forms.DateField | TimeField):
        return {"type": "string", "format": "date"}
    if issubclass(field, forms.DecimalField):
        return {"type": "number"}
    most = made.extra.get("max_length")
    return {**_TEXT, "maxLength": most} if most else _TEXT


def cursors() -> Iterator[Parameter]:
    """The parameters that say where a page begins."""
    for name in CURSOR:
        about = f"a cursor: the page {name} it. Take it from “next” and “previous” of a page."
        yield {"in": "query", "name": name, "required": False, "description": about, "schema": {"type": "string"}}


def _sort(kind: ListKind) -> Parameter:
    schema: Schema = {"type": "string", "enum": sorted(kind.orders), "default": kind.default_sort}
    return {"in": "query", "name": "sort", "required": False, "description": "the order", "schema": schema}

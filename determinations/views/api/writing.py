"""Writes of the API: done once per idempotency key, with refusals as problems."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Field

from determinations.api.repeats import LONGEST_KEY, Answer, OtherRequest, once
from determinations.casework.work import WorkRefused
from determinations.duties.actions import DutyRefused
from determinations.office_fields.records import ValuesRefused
from determinations.views.api.answers import Reply
from determinations.views.api.openapi_types import Parameter
from determinations.views.api.problems import Problem
from determinations.views.requests import token_of

T = TypeVar("T")
_KEY = "Idempotency-Key"
#: The header that writes accept, for the document.
KEY_PARAMETER: Parameter = {
    "in": "header",
    "name": _KEY,
    "required": False,
    "description": "a key of your own, such as a UUID: a request that is repeated with it is done once",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
IDEMPOTENT: dict[str, object] = {"parameters": [KEY_PARAMETER]}


class Done(Reply):
    """What a write did: IDs and addresses, never text."""

    id: int = Field(description="of what was written")
    address: str = Field(description="where it can be read")
    changed: int = Field(default=1, description="how many values or rows changed")


def write(
    request: HttpRequest, status: int, work: Callable[[], Done], *, content: bytes | None = None
) -> JsonResponse:
    """The answer to a write, in one transaction: done now, or what a request with the same key was answered.

    ``content`` stands for the body, if it is not read as a whole.
    """
    key, token = request.headers.get(_KEY, ""), token_of(request)
    if _KEY in request.headers and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Problem(422, f"An idempotency key has 1 to {LONGEST_KEY} printable characters.")
    if not key or token is None:
        with transaction.atomic():
            return JsonResponse(_refusals(work).model_dump(), status=status)
    body = request.body if content is None else content
    asked = f"{request.method} {request.get_full_path()}\n".encode() + body

    def answer() -> Answer:
        return Answer(status, _refusals(work).model_dump())

    try:
        given = once(token, key, asked, answer, now=timezone.now())
    except OtherRequest:
        raise Problem(422, "This idempotency key was used for another request. Use a new key.") from None
    headers = {"Idempotency-Replayed": "true"} if given.repeated else {}
    return JsonResponse(given.body, status=given.status, headers=headers)


def _refusals(work: Callable[[], T]) -> T:
    """The result; a refusal of the product becomes a problem with its words."""
    try:
        return work()
    except (WorkRefused, DutyRefused) as refusal:
        raise Problem(422, str(refusal)) from None
    except ValuesRefused as refusal:
        errors = [(f"slot {slot}", why) for slot, why in refusal.by_slot.items()]
        raise Problem(409 if refusal.now else 422, "Nothing was saved.", errors=errors) from None


def contents_of(files: Iterable[UploadedFile], *values: object) -> bytes:
    """What files and values of a form are, apart from how they were sent."""
    digest = hashlib.sha256(repr(values).encode())
    for file in files:
        digest.update((file.name or "").encode("utf-8", "surrogatepass") + b"\0")
        for chunk in file.chunks():
            digest.update(chunk)
    return digest.digest()


def address(name: str, *args: int) -> str:
    """The address of an operation."""
    return reverse(f"api:{name}", args=args)

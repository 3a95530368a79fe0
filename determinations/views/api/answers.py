"""What operations answer, and how it is written.

Answers are built value by value. Django-ninja's own schemas also look values up in rows of the database and check
each answer again, which takes longer than reading the rows.
"""

from functools import cache

from django.http import HttpResponse
from django.urls import reverse
from pydantic import BaseModel

#: Stands for an ID where an address is resolved once for all rows.
_ANY = 2**62 + 1


class Reply(BaseModel):
    """What an operation answers, or a part of it."""


def written(answer: object) -> object:
    """The response for an answer; what is none is returned as it is, for django-ninja to write."""
    if isinstance(answer, Reply):
        return HttpResponse(answer.model_dump_json(), content_type="application/json; charset=utf-8")
    return answer


def page_of_case(case_id: int) -> str:
    """The address of a case's page, which is resolved once."""
    before, after = _around("case_detail")
    return f"{before}{case_id}{after}"


@cache
def _around(name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[_ANY]).partition(str(_ANY))
    return before, after

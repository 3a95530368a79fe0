"""What users type about duties, read once and kept as typed if it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from determinations.access.roles import people_with
from determinations.cases.typed_dates import read_typed_date
from determinations.models import Service

may_work = permission_required("determinations.work_duties", raise_exception=True)


@dataclass(frozen=True, slots=True)
class TypedDate:
    """A date as typed; ``day`` is None if it is none."""

    text: str
    day: date | None

    @property
    def error(self) -> str:
        """Why it cannot be used; empty if it can."""
        if self.day:
            return ""
        return f"“{self.text}” is not a date. Type it like 06/09/2026." if self.text else "Enter a date."


def typed_date(query: QueryDict, name: str) -> TypedDate:
    """The date that was typed in a field."""
    text = query.get(name, "").replace("\x00", "").strip()[:40]
    return TypedDate(text, read_typed_date(text))


def service_of(query: QueryDict) -> str:
    """How the letter was served; unknown for anything else."""
    value = query.get("service", "")
    return value if value in Service.values else Service.UNKNOWN


def numbers_of(query: QueryDict, name: str) -> list[int]:
    """The IDs that were selected."""
    return [int(value) for value in query.getlist(name) if value.isascii() and value.isdigit() and len(value) < 19]


def workers(request: HttpRequest) -> QuerySet[User]:
    """The users whom a duty can be assigned to, by name."""
    return people_with("work_duties")


def choices(chosen: str) -> list[Mapping[str, object]]:
    """The ways of service to choose from."""
    return [
        {"value": value, "label": str(label).capitalize(), "chosen": value == chosen}
        for value, label in Service.choices
    ]

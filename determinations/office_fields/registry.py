"""Which fields there are, and who may see and edit each."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from determinations.access.roles import STAFF_ROLES, role_of
from determinations.models import OfficeField

#: The users who import tables.
MAY_IMPORT = "import_office_values"
MAY_EDIT = "edit_office_values"


def active_fields() -> list[OfficeField]:
    """The fields in use, in their order."""
    return list(OfficeField.objects.filter(retired_at=None))


def seen_fields(user: User | None, fields: Iterable[OfficeField] | None = None) -> list[OfficeField]:
    """The fields in use that the user may see; without a user, those that every role sees.

    The role is read only if some field is not for everyone.
    """
    used = [field for field in (active_fields() if fields is None else fields) if field.retired_at is None]
    if all(_for_everyone(field.seen_by) for field in used):
        return used
    role = role_of(user) if user else None
    return [field for field in used if _for_everyone(field.seen_by) or role in field.seen_by]


def edited_fields(user: User, seen: Iterable[OfficeField]) -> list[OfficeField]:
    """Those of the fields the user sees that they may edit."""
    if not user.has_perm(f"determinations.{MAY_EDIT}"):
        return []
    seen = list(seen)
    if all(_for_everyone(field.edited_by) for field in seen):
        return seen
    role = role_of(user)
    return [field for field in seen if role in field.edited_by]


def closed_fields(user: User) -> list[OfficeField]:
    """The fields, deactivated ones too, that the user may not see or not edit."""
    fields = list(OfficeField.objects.all())
    if not user.has_perm(f"determinations.{MAY_EDIT}"):
        return fields
    limited = [field for field in fields if not (_for_everyone(field.seen_by) and _for_everyone(field.edited_by))]
    role = role_of(user) if limited else None
    return [
        field
        for field in limited
        if any(not _for_everyone(roles) and role not in roles for roles in (field.seen_by, field.edited_by))
    ]


def _for_everyone(roles: Iterable[str]) -> bool:
    return set(STAFF_ROLES) <= set(roles)

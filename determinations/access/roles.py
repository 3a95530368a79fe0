"""What a user may do: checked in one place, and read with the user (Django's own backend makes two more queries)."""

from functools import cache

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, Q, QuerySet

from determinations.access.row_rules import OTHER_STAFF
from determinations.access.scope import EVERYTHING, Scope, current_scope

#: The roles, from least to most; each is a group whose permissions are made by migrations.
ROLES = ("outside party", "case manager", "supervisor", "admin")
#: Sees cases without medical narrative only, and changes nothing.
OUTSIDE_PARTY = ROLES[0]
CASE_MANAGER = ROLES[1]
#: The others: the office's own staff.
STAFF_ROLES = ROLES[1:]
ADMIN = ROLES[-1]
#: Its holders see cases without medical narrative, whatever else they may do.
_MASKED = "determinations.only_masked"
#: In the place of the app's name, among a user's permissions: the offices that an account is limited to.
_OFFICES = "offices"
#: What stored sessions name as their backend; it never changes.
PATH_OF_BACKEND = "determinations.roles.RoleBackend"

#: Users that a list to choose from has at most.
MOST_USERS = 100
#: The attributes of a user object that keep the permissions once they are read, and the names of the groups if they
#: were read with the user.
_KEPT, _GROUPS = "imrsite_permissions", "imrsite_groups"

#: A limit to offices is read with them, in the form of a permission; there is no row of it without a limit.
_LIMIT = """
    UNION ALL
    SELECT 'offices', office_ids::varchar FROM determinations_account
    WHERE user_id = %(user)s AND office_ids IS NOT NULL
"""
_ALL_PERMISSIONS = """
    SELECT app_label, codename FROM auth_permission
    JOIN django_content_type AS kind ON kind.id = content_type_id
"""
_OF_USER = """
    WHERE auth_permission.id IN (
        SELECT permission_id FROM auth_user_user_permissions WHERE user_id = %(user)s
        UNION ALL
        SELECT permission_id FROM auth_group_permissions JOIN auth_user_groups USING (group_id)
        WHERE user_id = %(user)s
    )
"""

#: A user, their permissions and groups in one row.
_READ_USER = f"""
SELECT {{columns}},
    ARRAY(
        SELECT app_label || '.' || codename FROM auth_permission
        JOIN django_content_type AS kind ON kind.id = content_type_id
        WHERE auth_user.is_superuser
        UNION ALL
        SELECT app_label || '.' || codename FROM auth_permission
        JOIN django_content_type AS kind ON kind.id = content_type_id
        WHERE NOT auth_user.is_superuser AND auth_permission.id IN (
            SELECT permission_id FROM auth_user_user_permissions WHERE user_id = auth_user.id
            UNION ALL
            SELECT permission_id FROM auth_group_permissions JOIN auth_user_groups USING (group_id)
            WHERE user_id = auth_user.id
        )
        UNION ALL
        SELECT '{_OFFICES}.' || office_ids::varchar FROM determinations_account
        WHERE user_id = auth_user.id AND office_ids IS NOT NULL
    ),
    ARRAY(SELECT name FROM auth_group JOIN auth_user_groups ON group_id = auth_group.id WHERE user_id = auth_user.id)
FROM auth_user WHERE auth_user.id = %s
"""  # noqa: S608 - constants


def check_permission(by: User, name: str) -> None:
    """Raises ``PermissionDenied`` for a user without the named permission of this app."""
    if not by.has_perm(f"determinations.{name}"):
        raise PermissionDenied


def role_of(user: User) -> str:
    """The user's role; empty for none. A superuser is an administrator; of several roles, the one with most rights."""
    if user.is_superuser:
        return ADMIN
    held: set[str] | None = getattr(user, _GROUPS, None)
    if held is None:
        held = {group.name for group in user.groups.all()}
    return next((role for role in reversed(ROLES) if role in held), "")


def scope_of(user: AbstractBaseUser | AnonymousUser) -> Scope:
    """What the user may see. It is read with the permissions; a user who is not signed in has no pages to see."""
    if not isinstance(user, User):
        return EVERYTHING
    if not user.is_active:
        return Scope(offices=())
    names = user.get_all_permissions()
    limits = [name.removeprefix(f"{_OFFICES}.") for name in names if name.startswith(f"{_OFFICES}.")]
    offices = tuple(int(number) for number in limits[0].strip("{}").split(",") if number) if limits else None
    return Scope(offices, masked=_MASKED in names and not user.is_superuser)


def sees_everything(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user sees all letters, unmasked: what concerns the whole installation is for such users."""
    return scope_of(user).is_everything


def may_move(user: User) -> bool:
    """Whether the user may move letters between offices."""
    return sees_everything(user) and user.has_perm("determinations.manage_offices")


def may_read_notes(user: User) -> bool:
    """Whether the user may read the notes on corrections, and so search them."""
    return user.has_perm("determinations.correct_cases")


def people_who_correct(*, but: User) -> QuerySet[User]:
    """The other users who may correct cases, by name."""
    return people_with("correct_cases").exclude(pk=but.pk)[:MOST_USERS]


def user_named(name: str) -> User | None:
    """The user of this name, as a form names one; None if there is no such user."""
    name = name.replace("\x00", "")
    return None if name == OTHER_STAFF else User.objects.filter(username=name).first()


def people_with(permission_name: str) -> QuerySet[User]:
    """Active users of the staff with a permission of this app, by name."""
    permission = Permission.objects.filter(codename=permission_name, content_type__app_label="determinations")
    named = Q(groups__permissions__in=permission) | Q(user_permissions__in=permission) | Q(is_superuser=True)
    users = User.objects.filter(named, is_active=True).exclude(groups__name=OUTSIDE_PARTY)
    offices = current_scope().offices
    if offices is not None:  # names of users who share an office, or see all letters
        users = users.filter(Q(account=None) | Q(account__office_ids=None) | Q(account__office_ids__overlap=offices))
    return users.distinct().order_by("username")


class RoleBackend(ModelBackend):
    """Django's backend, which reads the user of a session, the user's own permissions and those of the groups in one
    query instead of three."""

    def get_user(self, user_id: int) -> User | None:
        """The user of a session, with permissions and groups as they are now; None if that user may not sign in."""
        with connection.cursor() as cursor:
            cursor.execute(_READ_USER.format(columns=", ".join(_columns())), [user_id])
            row = cursor.fetchone()
        if row is None:
            return None
        *values, permissions, groups = row
        user = User.from_db(DEFAULT_DB_ALIAS, _attributes(), values)
        if not self.user_can_authenticate(user):
            return None
        setattr(user, _KEPT, set(permissions))
        setattr(user, _GROUPS, set(groups))
        return user

    def get_all_permissions(self, user_obj: AbstractBaseUser | AnonymousUser, obj: Model | None = None) -> set[str]:
        """The names of all permissions of an active user, such as ``determinations.browse_cases``.

        They are kept with the user object, that is, until the request ends.
        """
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        kept: set[str] | None = getattr(user_obj, _KEPT, None)
        if kept is None:
            kept = _permission_names(user_obj)
            setattr(user_obj, _KEPT, kept)
        return kept


def forget_role(user: User) -> None:
    """What was read with the user no longer holds: permissions and groups are read again when they are asked for."""
    for kept in (_KEPT, _GROUPS):
        if hasattr(user, kept):
            delattr(user, kept)


@cache
def _attributes() -> list[str]:
    return [field.attname for field in User._meta.concrete_fields]


@cache
def _columns() -> list[str]:
    return [f'auth_user."{field.column}"' for field in User._meta.concrete_fields]


def _permission_names(user: User) -> set[str]:
    """Every request asks for them: the statement is written out, since to compose it takes longer than to run it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ALL_PERMISSIONS + ("" if user.is_superuser else _OF_USER) + _LIMIT,
            {"user": user.pk},
        )
        return {f"{app}.{name}" for app, name in cursor.fetchall()}

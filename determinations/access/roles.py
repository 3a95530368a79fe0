"""What a person may do: asked for in one place, and read in one query (Django's own backend asks twice)."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

#: People that a list to choose from holds at most.
_MOST_PEOPLE = 100


def check_permission(by: User, name: str) -> None:
    """Raises ``PermissionDenied`` for a person without the named permission of this app."""
    if not by.has_perm(f"determinations.{name}"):
        raise PermissionDenied


def people_who_correct(*, but: User) -> QuerySet[User]:
    """The other people whose work corrections can be, by name."""
    permission = Permission.objects.filter(codename="correct_cases", content_type__app_label="determinations")
    named = Q(groups__permissions__in=permission) | Q(user_permissions__in=permission) | Q(is_superuser=True)
    others = User.objects.filter(named, is_active=True).exclude(pk=but.pk)
    return others.distinct().order_by("username")[:_MOST_PEOPLE]


class RoleBackend(ModelBackend):
    """Django's backend, with both kinds of permission read at once. A superuser is asked nothing, as ever."""

    def _get_permissions(self, user_obj: User, obj: object, from_name: str) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_group_perm_cache"):
            self._read_both(user_obj)
        return getattr(user_obj, f"_{from_name}_perm_cache")  # type: ignore[no-any-return]

    def _read_both(self, user: User) -> None:
        if user.is_superuser:
            everything = {f"{app}.{name}" for app, name in _names(Permission.objects.all())}
            user._user_perm_cache = user._group_perm_cache = everything  # type: ignore[attr-defined]
            return
        own = Permission.objects.filter(user=user)
        of_groups = Permission.objects.filter(group__user=user)
        names = {f"{app}.{name}" for app, name in _names(own).union(_names(of_groups))}
        user._user_perm_cache = user._group_perm_cache = names  # type: ignore[attr-defined]


def _names(permissions: QuerySet[Permission]) -> QuerySet[Permission, tuple[str, str]]:
    return permissions.order_by().values_list("content_type__app_label", "codename")

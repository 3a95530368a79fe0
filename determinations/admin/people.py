"""Users and roles."""

from axes.utils import reset
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest

from determinations.access.audit import note
from determinations.admin.bounded import BoundedPaginator

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class StaffAdmin(UserAdmin):
    """A user's name, password and roles. Only superusers make superusers or grant single permissions."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login"]
    list_filter = ()
    search_fields = ["username", "first_name", "last_name", "email"]

    actions = ["unlock"]

    @admin.action(description="Unlock accounts after failed sign-ins", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Clear the failed sign-in attempts of these users, from any address."""
        for user in queryset:
            cleared = reset(username=user.get_username())
            note(request, "person.unlocked", person=user.get_username(), attempts=cleared)
        self.message_user(request, "The selected users can sign in again.")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """The fields that only a superuser may set."""
        fixed = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        return fixed if request.user.is_superuser else [*fixed, "is_superuser", "user_permissions"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only superusers may change a superuser."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Users are deactivated instead: records of their work name them."""
        return False


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """Roles and their permissions."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Roles by name."""
        return super().get_queryset(request).order_by("name")

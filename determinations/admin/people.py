"""People and their roles."""

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
class PersonAdmin(UserAdmin):
    """A person's name, password and roles. Only a superuser makes superusers or grants single permissions."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login"]
    list_filter = ()
    search_fields = ["username", "first_name", "last_name", "email"]

    actions = ["unlock"]

    @admin.action(description="Unlock signing in after wrong passwords", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Forget the wrong passwords that were tried for these people, from wherever."""
        for person in queryset:
            forgotten = reset(username=person.get_username())
            note(request, "person.unlocked", person=person.get_username(), attempts=forgotten)
        self.message_user(request, "They can sign in again.")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """What only a superuser may set."""
        fixed = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        return fixed if request.user.is_superuser else [*fixed, "is_superuser", "user_permissions"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser is changed by superusers only."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """People are made inactive instead: what they did names them."""
        return False


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """The roles and what each may do."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Roles by name."""
        return super().get_queryset(request).order_by("name")

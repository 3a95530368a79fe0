"""Base classes for Django's admin pages: bounded counts, no unrequested joins."""

from functools import cached_property, reduce
from operator import or_

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from determinations.access.audit import note
from determinations.paging.counts import COUNT_CAP, count_up_to, whole_number


class BoundedPaginator(Paginator):
    """Pages over the first rows; longer lists are searched instead."""

    @cached_property
    def count(self) -> int:
        """The number of rows, counted up to the cap."""
        return count_up_to(self.object_list, COUNT_CAP).number  # type: ignore[arg-type] # the admin gives it querysets


def _record(request: HttpRequest, action: str, obj: Model, message: object = ()) -> None:
    """Record a change of settings or reference data; Django's message of a change names the fields."""
    changes = [entry.get("changed", {}) for entry in message] if isinstance(message, list) else []
    fields = [name for change in changes for name in change.get("fields", ())]
    note(request, action, table=str(obj._meta.verbose_name), pk=str(obj.pk), what=str(obj)[:100], fields=fields)


class BoundedAdmin(admin.ModelAdmin):
    """The base of all our admin pages. Filtered and searched columns are indexed, or their tables are small."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 50

    def log_addition(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        """Also in the audit trail, as are changes and deletions."""
        _record(request, "settings.added", obj)
        entry: LogEntry = super().log_addition(request, obj, message)
        return entry

    def log_change(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        """With the names of the changed fields."""
        _record(request, "settings.changed", obj, message)
        entry: LogEntry = super().log_change(request, obj, message)
        return entry

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Model]) -> list[LogEntry]:
        """One event for each row."""
        for obj in queryset:
            _record(request, "settings.deleted", obj)
        entries: list[LogEntry] = super().log_deletions(request, queryset)
        return entries


class ReadOnlyAdmin(BoundedAdmin):
    """Rows that are only viewed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False


class FoundByNumberAdmin(ReadOnlyAdmin):
    """Rows of an unbounded table, searched by whole numbers: each column of ``search_fields`` is indexed.

    Django's own search compares numbers as text, which scans every row.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Rows with one of the numbers; none for other words."""
        words = search_term.split()
        if not words:
            return queryset, False
        numbers = [number for word in words if (number := whole_number(word)) is not None]
        conditions = (Q(**{f"{name}__in": numbers}) for name in self.get_search_fields(request))
        return queryset.filter(reduce(or_, conditions)), False


class KeptAdmin(BoundedAdmin):
    """Rows that are edited but never deleted, since others refer to them."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False


class SingleRowAdmin(KeptAdmin):
    """Settings in one row: the row opens directly instead of a list."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The form of the row; the empty list if the row is missing, so that it can be added."""
        pk = self.model._default_manager.values_list("pk", flat=True).first()
        if pk is None or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only while the row is missing."""
        return super().has_add_permission(request) and not self.model._default_manager.exists()

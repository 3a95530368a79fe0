"""Read-only records: corrections, audit, aliases, rules, runs."""

from django.contrib import admin

from determinations.admin.bounded import FoundByNumberAdmin, ReadOnlyAdmin
from determinations.models import AuditEvent, AuthorityAlias, CategoryRule, Correction, RemovedLetter, ReparseRun


@admin.register(Correction)
class CorrectionAdmin(FoundByNumberAdmin):
    """All corrections; search by letter ID."""

    list_display = ["id", "at", "by_name", "letter_id", "path", "operation", "reason", "state"]
    list_filter = ["state"]
    search_fields = ["letter_id"]
    search_help_text = "Letter ID"
    ordering = ["-id"]


@admin.register(AuditEvent)
class AuditEventAdmin(FoundByNumberAdmin):
    """Actions by user; search by letter ID or user ID."""

    list_display = ["id", "at", "by_name", "action", "letter_id", "detail"]
    search_fields = ["letter_id", "by_id"]
    search_help_text = "Letter ID or user ID"
    ordering = ["-id"]


@admin.register(AuthorityAlias)
class AuthorityAliasAdmin(ReadOnlyAdmin):
    """All aliases, past and present; the page of unknown citations adds and ends them."""

    list_display = ["printed", "authority", "active", "by", "at", "ended_by", "ended_at"]
    list_select_related = ["authority", "by", "ended_by"]
    search_fields = ["=normalised"]
    ordering = ["-id"]


@admin.register(CategoryRule)
class CategoryRuleAdmin(ReadOnlyAdmin):
    """All category rules, past and present."""

    list_display = ["phrase", "category", "active", "by", "at", "ended_by", "ended_at"]
    list_select_related = ["category", "by", "ended_by"]
    search_fields = ["phrase", "category__subcategory"]
    ordering = ["-id"]


@admin.register(ReparseRun)
class ReparseRunAdmin(ReadOnlyAdmin):
    """All reparse runs."""

    list_display = ["id", "at", "by", "state", "parser_version", "letters", "done", "letters_changed"]
    list_select_related = ["by"]
    search_fields = ["why", "state", "parser_version"]
    ordering = ["-id"]


@admin.register(RemovedLetter)
class RemovedLetterAdmin(FoundByNumberAdmin):
    """All removed letters, and how long their files are kept."""

    list_display = ["id", "letter_id", "removed_at", "by_name", "reason", "belonged", "keep_until", "deleted_at"]
    search_fields = ["letter_id"]
    search_help_text = "Letter ID"
    ordering = ["-id"]

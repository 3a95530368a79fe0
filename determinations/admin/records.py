"""Read-only records: corrections, audit, aliases, rules, runs."""

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from determinations.admin.bounded import FoundByNumberAdmin, ReadOnlyAdmin
from determinations.models import (
    AuditEvent,
    AuthorityAlias,
    CategoryRule,
    Correction,
    CorrectionReason,
    RemovedLetter,
    ReparseRun,
)
from determinations.wording.audit_actions import label_of_action
from determinations.wording.paths import label_of_path


@admin.register(Correction)
class CorrectionAdmin(FoundByNumberAdmin):
    """All corrections; search by letter ID."""

    list_display = ["id", "at", "by_name", "letter_id", "value", "operation", "reason_given", "state"]
    list_filter = ["state"]
    search_fields = ["letter_id"]
    search_help_text = "Letter ID"
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Correction]:
        """With the label of each reason; a reason that only the product gives has none."""
        reasons = CorrectionReason.objects.filter(code=OuterRef("reason")).values("label")
        return super().get_queryset(request).annotate(reason_label=Subquery(reasons[:1]))

    @admin.display(description="value")
    def value(self, row: Correction) -> str:
        """What was corrected, in words."""
        label = label_of_path(row.path)
        return label[:1].upper() + label[1:]

    @admin.display(description="reason")
    def reason_given(self, row: Correction) -> str:
        """The reason as staff chose it."""
        return getattr(row, "reason_label", None) or row.reason.replace("_", " ")


@admin.register(AuditEvent)
class AuditEventAdmin(FoundByNumberAdmin):
    """Actions by user; search by letter ID or user ID."""

    list_display = ["id", "at", "by_name", "address", "action_in_words", "letter_id", "detail"]
    search_fields = ["letter_id", "by_id"]
    search_help_text = "Letter ID or user ID"
    ordering = ["-at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Without the letters of lists and exports, which may be very many."""
        return super().get_queryset(request).defer("letter_ids")

    @admin.display(description="action")
    def action_in_words(self, event: AuditEvent) -> str:
        """What was done."""
        return label_of_action(event.action)


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

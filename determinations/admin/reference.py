"""Authorities, categories, published figures and settings."""

from django.contrib import admin
from django.http import HttpRequest

from determinations.admin.bounded import KeptAdmin, SingleRowAdmin
from determinations.models import (
    Authority,
    Category,
    CorrectionReason,
    EditionValidity,
    ReviewSettings,
    StatewideFigure,
    StatisticsLimits,
)


@admin.register(Authority)
class AuthorityAdmin(KeptAdmin):
    """A guideline; its key never changes, since letters refer to it."""

    list_display = ["title", "family", "key", "acoem_chapter", "valid_from", "valid_to"]
    search_fields = ["title", "key"]
    ordering = ["family", "title"]

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """The key cannot be changed."""
        return ["key"] if obj else []


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    """A treatment category; its names never change, since rules refer to them."""

    list_display = ["name", "subcategory", "description"]
    search_fields = ["name", "subcategory"]

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """The names cannot be changed."""
        return ["name", "subcategory"] if obj else []


@admin.register(CorrectionReason)
class CorrectionReasonAdmin(KeptAdmin):
    """The reasons that staff choose from."""

    list_display = ["label", "code", "position", "offered"]
    list_editable = ["position", "offered"]
    search_fields = ["label", "code"]

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> list[str]:
        """The code cannot be changed: corrections refer to it."""
        return ["code"] if obj else []


@admin.register(StatewideFigure)
class StatewideFigureAdmin(KeptAdmin):
    """Published figures."""

    list_display = ["year", "figure", "category", "subcategory", "value", "source"]
    search_fields = ["year", "figure", "category", "source"]


@admin.register(EditionValidity)
class EditionValidityAdmin(KeptAdmin):
    """The dates during which an edition was in force."""

    list_display = ["authority", "edition", "valid_from", "valid_to", "source"]
    list_select_related = ["authority"]
    search_fields = ["authority__title", "edition"]
    autocomplete_fields = ["authority"]


@admin.register(ReviewSettings)
class ReviewSettingsAdmin(SingleRowAdmin):
    """Length of a snooze, similarity of duplicates, retention of removed files."""


@admin.register(StatisticsLimits)
class StatisticsLimitsAdmin(SingleRowAdmin):
    """The smallest numbers that statistics show."""

"""Which fields the office has."""

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from determinations.access.audit import note
from determinations.access.roles import STAFF_ROLES
from determinations.admin.bounded import KeptAdmin
from determinations.models import FieldKind, OfficeField
from determinations.models.office_fields import MOST_FIELDS, SLOTS
from determinations.searching.query import FIELDS

_ROLE_CHOICES = [(role, role.capitalize()) for role in STAFF_ROLES]
#: Names that mean something else in the search box.
_TAKEN = {name for field, others in FIELDS.items() for name in (field, *others)} | {"only"}


class OfficeFieldForm(forms.ModelForm):
    """A field; its slot is the next free one."""

    seen_by = forms.MultipleChoiceField(
        choices=_ROLE_CHOICES, widget=forms.CheckboxSelectMultiple, initial=list(STAFF_ROLES)
    )
    edited_by = forms.MultipleChoiceField(
        choices=_ROLE_CHOICES, widget=forms.CheckboxSelectMultiple, initial=list(STAFF_ROLES), required=False
    )
    choices = SimpleArrayField(
        forms.CharField(max_length=80), delimiter="\n", required=False, max_length=200,
        widget=forms.Textarea(attrs={"rows": 6}), help_text="for a choice from a list: one per line",
    )  # fmt: skip
    retired = forms.BooleanField(
        required=False, help_text="no longer shown, searched or filtered; its values are kept and come back with it"
    )

    class Meta:
        model = OfficeField
        fields = (
            "name", "key", "kind", "choices", "position", "in_lists", "in_filters", "in_search", "in_statistics",
            "masked", "seen_by", "edited_by",
        )  # fmt: skip

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> object:
        """Whether the field is retired is told by the time at which it was."""
        if field_name == "retired":
            return self.instance.retired_at is not None
        return super().get_initial_for_field(field, field_name)

    def clean_key(self) -> str:
        """Letters only, and no name that the search box knows already."""
        key = str(self.cleaned_data["key"]).strip().lower()
        if not (key.isascii() and key.isalpha() and len(key) > 1):
            raise ValidationError("Use two letters or more and nothing else, such as “employer”.")
        if key in _TAKEN:
            raise ValidationError(f"“{key}:” means something else in the search box.")
        return key

    def clean_choices(self) -> list[str]:
        """Each choice once, without empty lines."""
        return list(dict.fromkeys(choice.strip() for choice in self.cleaned_data["choices"] if choice.strip()))

    def clean(self) -> dict[str, object]:
        """Raises ``ValidationError`` for settings that do not go together."""
        cleaned: dict[str, object] = super().clean() or {}
        kind = cleaned.get("kind")
        if kind == FieldKind.CHOICE and not cleaned.get("choices"):
            self.add_error("choices", "Enter at least one choice.")
        if kind in (FieldKind.NUMBER, FieldKind.DATE) and cleaned.get("in_statistics"):
            self.add_error("in_statistics", "Statistics count by texts and choices only.")
        # Lists of roles, as the fields clean them.
        edited, seen = set(cleaned.get("edited_by") or ()), set(cleaned.get("seen_by") or ())  # type: ignore[call-overload]
        if edited - seen:
            self.add_error("edited_by", "Whoever edits a field must see it.")
        if self.instance.pk and kind != self.instance.kind and self.instance.values.exists():
            self.add_error("kind", "The field has values of its present kind. Add another field instead.")
        return cleaned


@admin.register(OfficeField)
class OfficeFieldAdmin(KeptAdmin):
    """The office's own fields, up to twenty. Renaming or retiring one keeps its values."""

    form = OfficeFieldForm
    search_fields = ["name", "key"]
    list_display = ["name", "key", "kind", "position", "in_lists", "in_filters", "in_search", "in_statistics",
                    "masked", "state", "values_link"]  # fmt: skip

    @admin.display(description="state")
    def state(self, field: OfficeField) -> str:
        """In use or retired."""
        return "retired" if field.retired_at else "in use"

    @admin.display(description="values")
    def values_link(self, field: OfficeField) -> SafeString:
        """The values of the field, and merging them."""
        return format_html('<a href="{}">Values</a>', reverse("office_field_values", args=[field.pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only while a slot is free."""
        taken = OfficeField.objects.values_list("pk", flat=True)[:MOST_FIELDS]
        return super().has_add_permission(request) and len(taken) < MOST_FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: OfficeField | None = None) -> list[str]:
        """Addresses, saved views and searches name a field by its key."""
        return [] if obj is None else ["key"]

    def save_model(self, request: HttpRequest, obj: OfficeField, form: OfficeFieldForm, change: bool) -> None:
        """Save it, in the first free slot if it is new."""
        retired = bool(form.cleaned_data.get("retired"))
        if retired != (obj.retired_at is not None):
            obj.retired_at = timezone.now() if retired else None
        if not change:
            taken = set(OfficeField.objects.values_list("slot", flat=True))
            obj.slot = next(slot for slot in SLOTS if slot not in taken)
        super().save_model(request, obj, form, change)
        note(request, "office_field.changed", field=obj.key, state=self.state(obj))

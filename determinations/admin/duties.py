"""Rules of duties, closed days, settings."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from determinations.access.audit import note
from determinations.admin.bounded import BoundedAdmin, KeptAdmin, SingleRowAdmin
from determinations.models import ClosedDay, DutyRule, DutySettings


def _changed(request: HttpRequest, what: str) -> None:
    """Open duties are worked out again by the sweep, as the time of the last change says."""
    settings, _ = DutySettings.objects.get_or_create(pk=1)
    settings.reached = 0
    settings.save()
    note(request, "duty_rules.changed", what=what)


@admin.register(DutyRule)
class DutyRuleAdmin(KeptAdmin):
    """Versions of rules. To change a rule, add a version that begins on the day of the change and end the old one."""

    list_display = ["title", "key", "amount", "unit", "starts", "valid_from", "valid_to", "standing", "source"]
    search_fields = ["title", "key", "source"]

    def get_readonly_fields(self, request: HttpRequest, obj: DutyRule | None = None) -> list[str]:
        """A version in force keeps everything but its end, its standing, its source and its words."""
        if obj is None or obj.valid_from > timezone.localdate():
            return []
        return ["key", "task", "outcome", "services", "starts", "amount", "unit", "by_mail", "rolls", "valid_from"]

    def save_model(self, request: HttpRequest, obj: DutyRule, form: ModelForm, change: bool) -> None:
        """Save it, and have open duties worked out again."""
        super().save_model(request, obj, form, change)
        _changed(request, f"rule {obj.key} from {obj.valid_from.isoformat()}")


@admin.register(ClosedDay)
class ClosedDayAdmin(BoundedAdmin):
    """Further days on which offices are closed."""

    list_display = ["day", "name"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: ClosedDay, form: ModelForm, change: bool) -> None:
        """Save it, and have open duties worked out again."""
        super().save_model(request, obj, form, change)
        _changed(request, f"closed day {obj.day.isoformat()}")

    def delete_model(self, request: HttpRequest, obj: ClosedDay) -> None:
        """Delete it, and have open duties worked out again."""
        super().delete_model(request, obj)
        _changed(request, f"no longer closed {obj.day.isoformat()}")


@admin.register(DutySettings)
class DutySettingsAdmin(SingleRowAdmin):
    """Which letters are work, and whether receipt is presumed."""

    def save_model(self, request: HttpRequest, obj: DutySettings, form: ModelForm, change: bool) -> None:
        """Save it; open duties that were worked out before are worked out again."""
        obj.reached = 0
        super().save_model(request, obj, form, change)
        note(request, "duty_rules.changed", what="settings")

"""Forms of sources, one per kind. They check what was typed; workers say whether the source can be opened."""

from collections.abc import Mapping
from typing import ClassVar

from django import forms
from django.http import QueryDict

from determinations.arrivals.connections import SourceFault
from determinations.arrivals.roots import way_from_root
from determinations.arrivals.sources import Draft, moves
from determinations.models import ArrivalSource, Office

#: How often a worker looks, in minutes.
_INTERVALS = {1: "Every minute", 5: "Every 5 minutes", 15: "Every 15 minutes", 60: "Every hour", 1440: "Once a day"}


class SourceForm(forms.Form):
    """What all sources have. ``shown`` are the fields of the kind, in their order."""

    shown: ClassVar[tuple[str, ...]] = ()

    name = forms.CharField(max_length=80, help_text="Batches of this source carry the name.")
    office = forms.ModelChoiceField(
        Office.objects.none(), required=False, label="The letters belong to", empty_label="No office"
    )
    minutes = forms.TypedChoiceField(
        choices=list(_INTERVALS.items()), coerce=int, initial=15, label="How often a worker looks"
    )

    def __init__(self, data: QueryDict | None = None, *, source: ArrivalSource | None = None) -> None:
        initial: dict[str, object] = {}
        if source is not None:
            initial = {"name": source.name, "office": source.office_id, "minutes": source.minutes, **source.options}
        super().__init__(data, initial=initial)
        self.source = source
        held = Office.objects.filter(pk=source.office_id) if source and source.office_id else Office.objects.none()
        field = self.fields["office"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Office.objects.filter(active=True) | held
        for name, field in self.fields.items():
            field.widget.attrs |= {"autocomplete": "off"}
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    def clean_name(self) -> str:
        """A name that no other source has, in any spelling."""
        name: str = self.cleaned_data["name"]
        same = ArrivalSource.objects.filter(name__iexact=name)
        if (same.exclude(pk=self.source.pk) if self.source else same).exists():
            raise forms.ValidationError("There is a source with this name.")
        return name

    def options(self) -> Mapping[str, str]:
        """The options of the kind, from a valid form."""
        return {name: str(self.cleaned_data[name]) for name in self.shown if name not in ("secret", "private_key")}

    def draft(self) -> Draft:
        """The source as described, from a valid form."""
        typed = self.cleaned_data
        secret = typed.get("private_key") or typed.get("secret") or ""
        return Draft(typed["name"], self.options(), typed["office"], typed["minutes"], secret)

    def needs_secret(self) -> bool:
        """Whether a password or key has to be typed: there is none yet, or it was for another place."""
        return self.source is None or not self.source.sealed_secret or moves(self.source, self.options())


class FolderForm(SourceForm):
    """A watched folder."""

    shown = ("path", "after")

    path = forms.CharField(
        label="Folder", max_length=500, help_text="As workers see it, such as /srv/letters/north. With its subfolders."
    )
    after = forms.ChoiceField(
        label="After a file was taken",
        choices=[
            ("move", "Move it into “taken” or “refused”"),
            ("leave", "Leave it there, if workers may only read"),
        ],
    )

    def clean_path(self) -> str:
        """A folder below one of the roots that the operator allows."""
        path: str = self.cleaned_data["path"].rstrip("/") or "/"
        try:
            way_from_root(path)
        except SourceFault as fault:
            raise forms.ValidationError(str(fault)) from None
        return path


FORMS: Mapping[str, type[SourceForm]] = {"folder": FolderForm}

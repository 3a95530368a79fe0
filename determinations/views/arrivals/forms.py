"""Forms of sources, one per kind. They check what was typed; workers say whether the source can be opened."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from django import forms
from django.http import QueryDict

from determinations.arrivals.bucket import check_endpoint
from determinations.arrivals.connections import SourceFault
from determinations.arrivals.roots import way_from_root
from determinations.arrivals.servers import check_host
from determinations.arrivals.sources import Draft, moves
from determinations.models import ArrivalSource, Office

#: How often a worker looks, in minutes.
_INTERVALS = {1: "Every minute", 5: "Every 5 minutes", 15: "Every 15 minutes", 60: "Every hour", 1440: "Once a day"}

#: What becomes of files that were taken.
_AFTER = [("move", "Move it into “taken” or “refused”"), ("leave", "Leave it there, if workers may only read")]


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
        if source is not None and source.sealed_secret and "secret" in self.fields:
            self.fields["secret"].help_text = "It is stored. Leave this empty to keep it, unless the place changes."
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("autocomplete", "off")
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
    after = forms.ChoiceField(label="After a file was taken", choices=_AFTER)

    def clean_path(self) -> str:
        """A folder below one of the roots that the operator allows."""
        return _checked(way_from_root, str(self.cleaned_data["path"]).rstrip("/") or "/")


class _NotShown(forms.Textarea):
    """A box whose text is not sent back with a form that has a mistake, as that of a password."""

    def format_value(self, value: object) -> str:
        return ""


class _SecretForm(SourceForm):
    """A source with a user and a secret, which is kept unless the place changes."""

    user = forms.CharField(max_length=200, label="User name")
    secret = forms.CharField(
        max_length=1_000, required=False, strip=False, label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def clean(self) -> dict[str, object]:
        """A password or key, where none is stored for this place."""
        cleaned = super().clean() or {}
        given = cleaned.get("secret") or cleaned.get("private_key")
        if not self.errors and not given and self.needs_secret():
            self.add_error("secret", "Enter it: none is stored for this place.")
        return cleaned


class _HostForm(_SecretForm):
    """A source at a host."""

    host = forms.CharField(max_length=253)

    def clean_host(self) -> str:
        """A host that the operator allows."""
        return _checked(check_host, str(self.cleaned_data["host"]).lower())


class MailboxForm(_HostForm):
    """A folder of a mailbox."""

    shown = ("host", "port", "security", "user", "secret", "folder", "taken", "refused")

    port = forms.IntegerField(min_value=1, max_value=65535, initial=993)
    security = forms.ChoiceField(
        label="Encryption", choices=[("tls", "TLS from the start (port 993)"), ("starttls", "STARTTLS (port 143)")]
    )
    folder = forms.CharField(max_length=200, initial="INBOX", label="Folder to take messages from")
    taken = forms.CharField(max_length=200, initial="Taken", label="Folder for taken messages")
    refused = forms.CharField(max_length=200, initial="Refused", label="Folder for refused messages")

    def clean(self) -> dict[str, object]:
        """Messages move into other folders."""
        cleaned = super().clean()
        folder, taken, refused = (str(cleaned.get(name, "")).casefold() for name in ("folder", "taken", "refused"))
        if folder in (taken, refused):  # INBOX is one folder in any spelling
            self.add_error("folder", "Messages have to be moved into other folders than they are taken from.")
        return cleaned


class SftpForm(_HostForm):
    """A folder of an SFTP server."""

    shown = ("host", "port", "host_key", "user", "secret", "private_key", "folder", "after")

    port = forms.IntegerField(min_value=1, max_value=65535, initial=22)
    host_key = forms.CharField(
        max_length=2_000, label="Host key",
        help_text="As ssh-keyscan prints it, such as ssh-ed25519 AAAA…. Compare it with the server's operator.",
    )  # fmt: skip
    private_key = forms.CharField(
        max_length=20_000, required=False, label="Private key", widget=_NotShown(attrs={"rows": 4}),
        help_text="Instead of a password: an OpenSSH key without a passphrase.",
    )  # fmt: skip
    folder = forms.CharField(max_length=500, initial=".", help_text="Subfolders are not looked at.")
    after = forms.ChoiceField(label="After a file was taken", choices=_AFTER)

    def clean_host_key(self) -> str:
        """A key that can be read."""
        from determinations.arrivals.sftp import host_key_of  # a large library, for this page alone

        return _checked(host_key_of, " ".join(str(self.cleaned_data["host_key"]).split()))

    def clean_private_key(self) -> str:
        """A key that can be read, or nothing."""
        from determinations.arrivals.sftp import private_key_of

        key: str = self.cleaned_data["private_key"].replace("\r\n", "\n")
        return _checked(private_key_of, f"{key.strip()}\n") if key.strip() else ""


class BucketForm(_SecretForm):
    """A bucket of an object store."""

    shown = ("endpoint", "region", "bucket", "start", "user", "secret", "after")

    endpoint = forms.CharField(
        max_length=300, label="Address", help_text="Such as https://s3.us-west-1.amazonaws.com, without the bucket."
    )
    region = forms.CharField(max_length=60, required=False, initial="us-west-1")
    bucket = forms.RegexField(r"\A[A-Za-z0-9][A-Za-z0-9._-]{1,62}\Z", max_length=63)
    start = forms.CharField(
        max_length=500,
        required=False,
        label="Names begin with",
        help_text="Such as letters/. Empty: the whole bucket.",
    )
    user = forms.CharField(max_length=200, label="Access key ID")
    after = forms.ChoiceField(label="After an object was taken", choices=_AFTER)

    def clean_endpoint(self) -> str:
        """The address of a store that the operator allows."""
        return _checked(check_endpoint, str(self.cleaned_data["endpoint"]).rstrip("/"))


def _checked(check: Callable[[str], object], value: str) -> str:
    """The value, if it passes the check."""
    try:
        check(value)
    except SourceFault as fault:
        raise forms.ValidationError(str(fault)) from None
    return value


FORMS: Mapping[str, type[SourceForm]] = {
    "folder": FolderForm,
    "mailbox": MailboxForm,
    "sftp": SftpForm,
    "s3": BucketForm,
}

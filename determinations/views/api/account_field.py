"""The field of a form that names an account."""

from django import forms
from django.contrib.auth.models import User


class AccountField(forms.CharField):
    """A user name, as the account."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, max_length=150)

    def clean(self, value: object) -> User:
        """The account. Raises ValidationError."""
        user = User.objects.filter(username=super().clean(value)).first()
        if user is None:
            raise forms.ValidationError("There is no account with this user name.")
        return user

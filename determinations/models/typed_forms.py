"""Forms whose values could not be saved, because the session had ended."""

from django.conf import settings
from django.db import models


class TypedForm(models.Model):
    """What a user typed into the form of one page: shown there again after sign-in, then deleted.

    It contains letter text: only its user sees it, and it expires (``access/typed_forms.py``).
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=300, help_text="address of the page, without its query string")
    body = models.TextField(help_text="the form as the browser sent it")
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "path"], name="typed_form_once")]

    def __str__(self) -> str:
        return f"Typed form {self.pk}"

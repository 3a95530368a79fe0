"""Forms whose values could not be saved when they were sent, and forms that were carried out."""

from django.conf import settings
from django.db import models


class TypedForm(models.Model):
    """What a user typed into the form of one page: shown there again when it can be saved, then deleted.

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


class SentForm(models.Model):
    """A form that was sent, so that the same one is carried out once (``access/sent_forms.py``).

    ``key`` is a keyed hash, ``location`` where the answer leads, which may name filters that were typed, and ``body``
    the numbers and address of an answer to a script.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=64, help_text="hash of address, page and everything that was sent")
    at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(default=0, help_text="of the answer; 0 while the form is carried out")
    location = models.TextField(blank=True, help_text="where the answer leads")
    body: "models.JSONField[dict[str, object] | None, dict[str, object] | None]" = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "key"], name="sent_form_once")]

    def __str__(self) -> str:
        return f"Sent form {self.pk}"

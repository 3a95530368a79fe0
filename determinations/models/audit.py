"""The audit trail, append-only: views of letters, downloads, exports, uploads, retries and more."""

from django.db import models


class AuditEvent(models.Model):
    """An action. It has no foreign keys, so it outlives the user and the letter. ``detail`` never has letter text."""

    at = models.DateTimeField(db_index=True)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=40, help_text="such as case.viewed, original.downloaded, list.exported")
    letter_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["letter_id", "-id"], name="audit_letter"),
            models.Index(fields=["by_id", "-id"], name="audit_by"),
        ]

    def __str__(self) -> str:
        return f"Event {self.pk}: {self.action}"
